/** `plumbline validate`: checks and lints the declarations without asking any server. */

import { unfederatedViews } from '../declared/unfederated-views.ts';
import { unknownAccess } from '../declared/unknown-access.ts';
import { unmatchedPatterns } from '../declared/unmatched-patterns.ts';
import { DeclarationError } from '../model/errors.ts';
import type { Estate } from '../model/estate.ts';
import type { Finding } from '../model/finding.ts';
import { VERSION } from '../model/version.ts';
import { renderFindings } from '../render/findings-text.ts';
import { renderJunitMistakes } from '../render/junit.ts';
import { renderSarif } from '../render/sarif.ts';
import { lintDeclared } from './declared-lint.ts';
import { loadEstate } from './estate-options.ts';
import type { MISTAKE_FORMATS } from './formats.ts';
import type { Output } from './output.ts';

const plural = (count: number, word: string): string => `${count} ${word}${count === 1 ? '' : 's'}`;

interface ValidateOptions {
  readonly estate: string;
  readonly format: (typeof MISTAKE_FORMATS)[number];
}

function mistakesAs(format: ValidateOptions['format'], findings: readonly Finding[]): string {
  if (format === 'sarif') return renderSarif(findings, { estate: '.', version: VERSION });
  return format === 'junit' ? renderJunitMistakes(findings) : '';
}

/** 1 when lint has errors, otherwise 0. Throws a DeclarationError when there are mistakes. */
export async function validate(options: ValidateOptions, output: Output): Promise<number> {
  const checked = async (): Promise<{ estate: Estate; findings: readonly Finding[] }> => {
    const estate = await loadEstate(options.estate);
    return {
      estate,
      findings: [
        ...lintDeclared(estate, options.estate),
        ...unmatchedPatterns(estate),
        ...unknownAccess(estate),
        ...(estate.federations ?? []).flatMap((one) => unfederatedViews(one)),
      ],
    };
  };
  const { estate, findings } = await checked().catch((error: unknown) => {
    // The file is written for whoever shows mistakes at their lines; they are told on the terminal all the same.
    if (error instanceof DeclarationError) output.result(mistakesAs(options.format, error.findings));
    throw error;
  });
  const exitCode = findings.some(({ severity }) => severity === 'error') ? 1 : 0;
  if (options.format !== 'text') {
    output.result(mistakesAs(options.format, findings));
    return exitCode;
  }
  if (findings.length > 0) output.note(renderFindings(findings, { colour: false }).trimEnd());
  const { clusters, objects, pairs } = estate;
  const nodes = clusters.reduce((sum, cluster) => sum + cluster.nodes.length, 0);
  const counts = [
    plural(clusters.length, 'cluster'),
    plural(nodes, 'node'),
    plural(objects.length, 'object'),
    ...(pairs.length > 0 ? [plural(pairs.length, 'pair')] : []),
  ];
  output.result(`The declarations are valid: ${counts.join(', ')}.\n`);
  return exitCode;
}
