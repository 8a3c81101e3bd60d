/** `plumbline validate`: checks the declarations without asking any server. */
import { DeclarationError } from '../model/errors.ts';
import type { Finding } from '../model/finding.ts';
import { VERSION } from '../model/version.ts';
import { renderJunitMistakes } from '../render/junit.ts';
import { renderSarif } from '../render/sarif.ts';
import { loadEstate } from './estate-options.ts';
import type { Output } from './output.ts';

const plural = (count: number, word: string): string => `${count} ${word}${count === 1 ? '' : 's'}`;

export const MISTAKE_FORMATS = ['text', 'sarif', 'junit'] as const;

interface ValidateOptions {
  readonly estate: string;
  readonly format: (typeof MISTAKE_FORMATS)[number];
}

function mistakesAs(format: ValidateOptions['format'], findings: readonly Finding[]): string {
  if (format === 'sarif') return renderSarif(findings, { estate: '.', version: VERSION });
  return format === 'junit' ? renderJunitMistakes(findings) : '';
}

/** Throws a DeclarationError when there are mistakes. */
export async function validate(options: ValidateOptions, output: Output): Promise<number> {
  const { clusters, objects } = await loadEstate(options.estate).catch((error: unknown) => {
    // The file is written for whoever shows mistakes at their lines; they are told on the terminal all the same.
    if (error instanceof DeclarationError) output.result(mistakesAs(options.format, error.findings));
    throw error;
  });
  if (options.format !== 'text') {
    output.result(mistakesAs(options.format, []));
    return 0;
  }
  const nodes = clusters.reduce((sum, cluster) => sum + cluster.nodes.length, 0);
  output.result(
    `The declarations are valid: ${plural(clusters.length, 'cluster')}, ${plural(nodes, 'node')}, ${plural(objects.length, 'object')}.\n`,
  );
  return 0;
}
