/** Takes what became of a run and gives the comment that tells the pull request: outcomes per node, failures, what is next. */
import { isAsDeclared } from '../model/plan.ts';
import type { ApplyReport, StepResult } from '../model/report.ts';
import { code, prose } from './markdown-escape.ts';
import { ADVICE } from './report.ts';
import { verdictLine } from './summary.ts';
import { counted, formatDuration } from './units.ts';
import { visibleId } from './visible.ts';

/** Failures told in full; a cluster stops at its first, so there are few. */
const SHOWN = 20;

function nodeRows(results: readonly StepResult[]): string[] {
  const nodes = [...new Set(results.map(({ planned }) => planned.node))];
  return nodes.map((node) => {
    const mine = results.filter(({ planned }) => planned.node === node);
    const count = (outcome: StepResult['outcome']): number =>
      mine.filter((result) => result.outcome === outcome).length;
    const time = formatDuration(mine.reduce((sum, { milliseconds }) => sum + milliseconds, 0));
    return `| ${code(node)} | ${count('done')} | ${count('failed')} | ${count('unknown')} | ${count('not run')} | ${time} |`;
  });
}

function failureLines({ planned, outcome, error }: StepResult): string[] {
  const what = `${planned.step.action} ${visibleId(planned.step.object)}`;
  return [
    `- **${outcome}**: ${code(what)} on ${code(planned.node)}${error ? `: ${prose(error.slice(0, 1000))}` : ''}`,
    `  ${ADVICE[outcome]}.`,
  ];
}

const isBad = ({ outcome }: StepResult): boolean =>
  outcome === 'failed' || outcome === 'unknown' || outcome === 'pending';

/** Ends in a newline. */
export function renderReportMarkdown(report: ApplyReport): string {
  return reportText(report, { done: 'Applied', again: 'Planned again', clean: 'everything is as declared' });
}

/** Of the repairs of pairs of sites. Ends in a newline. */
export function renderRepairsMarkdown(report: ApplyReport): string {
  const clean = 'nothing is left to repair';
  return reportText(report, { done: 'Repaired pairs of sites', again: 'Compared again', clean });
}

/** Of pairs of sites that were not repaired: the reasons, the first of which says what it is about. Ends in a newline. */
export function renderUnrepaired([first = '', ...reasons]: readonly string[]): string {
  const lines = reasons.slice(0, SHOWN).map((reason) => `- ${prose(reason)}`);
  return `${['### Pairs of sites', '', prose(first), ...(lines.length > 0 ? ['', ...lines] : [])].join('\n')}\n`;
}

interface Words {
  readonly done: string;
  readonly again: string;
  readonly clean: string;
}

function reportText({ identity, results, remaining }: ApplyReport, words: Words): string {
  const bad = results.filter(isBad);
  const clean = results.every(({ outcome }) => outcome === 'done') && isAsDeclared(remaining);
  const heading = `### ${words.done}${clean ? '' : ' in part'}`;
  const verify = `${words.again}: ${clean ? `${words.clean}.` : prose(verdictLine(remaining))}`;
  return `${[
    heading,
    '',
    `${counted(results.length, 'step')}, commit ${code(identity.commit)}, run ${code(identity.run)} in \`plumbline.journal\`.`,
    '',
    '| node | done | failed | unknown | not run | time |',
    '|---|---|---|---|---|---|',
    ...nodeRows(results),
    '',
    ...bad.slice(0, SHOWN).flatMap(failureLines),
    ...(bad.length > 0 ? [''] : []),
    verify,
  ].join('\n')}\n`;
}

/** The comment of an apply that did not begin. Ends in a newline. */
export function renderRefusal(reasons: readonly string[]): string {
  const more = reasons.length > SHOWN ? [`- and ${reasons.length - SHOWN} more`] : [];
  return `${[
    '### Nothing was applied',
    '',
    ...reasons.slice(0, SHOWN).map((reason) => `- ${prose(reason)}`),
    ...more,
    '',
    'The next pull request that touches the declarations shows all that is left to apply; review and merge it.',
  ].join('\n')}\n`;
}
