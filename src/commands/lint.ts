/** `plumbline lint`: tells what ClickHouse would take, and people who know it would not write. */

import type { Finding } from '../model/finding.ts';
import { VERSION } from '../model/version.ts';
import { countFindings, renderFindings } from '../render/findings-text.ts';
import { renderJson } from '../render/json.ts';
import { renderJunitMistakes } from '../render/junit.ts';
import { renderSarif } from '../render/sarif.ts';
import { counted } from '../render/units.ts';
import { lintDeclared } from './declared-lint.ts';
import { loadEstate } from './estate-options.ts';
import type { LINT_FORMATS } from './formats.ts';
import type { Output } from './output.ts';

export interface LintOptions {
  readonly estate: string;
  readonly format: (typeof LINT_FORMATS)[number];
  /** The least that is told. */
  readonly severity: Finding['severity'];
  /** Whether warnings fail, too. */
  readonly strict?: true | undefined;
}

function render(
  findings: readonly Finding[],
  format: LintOptions['format'],
  objects: number,
  output: Output,
) {
  if (format === 'json') return renderJson(findings);
  if (format === 'sarif') return renderSarif(findings, { estate: '.', version: VERSION });
  if (format === 'junit') return renderJunitMistakes(findings);
  const told = renderFindings(findings, { colour: output.colour });
  return `${told}${told === '' ? '' : '\n'}${counted(objects, 'object')}: ${countFindings(findings)}\n`;
}

/** 1 when there are errors, or, with `strict`, warnings; 0 when there are none. Throws a DeclarationError for mistakes. */
export async function lint(options: LintOptions, output: Output): Promise<number> {
  const estate = await loadEstate(options.estate);
  const findings = lintDeclared(estate, options.estate).filter(
    ({ severity }) => severity === 'error' || options.severity === 'warning',
  );
  output.result(render(findings, options.format, estate.objects.length, output));
  const fails = ({ severity }: Finding): boolean => severity === 'error' || options.strict === true;
  return findings.some(fails) ? 1 : 0;
}
