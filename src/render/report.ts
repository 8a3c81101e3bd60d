/** Takes what became of a run and gives the lines that close it: outcomes, failures with what to do next, what is left. */
import pc from 'picocolors';
import { isAsDeclared } from '../model/plan.ts';
import type { ApplyReport, Outcome, StepResult } from '../model/report.ts';
import { verdictLine } from './summary.ts';
import { counted } from './units.ts';
import { visible, visibleId, visibleNode } from './visible.ts';

/** What to do next, by outcome. */
export const ADVICE: Readonly<Record<Outcome, string>> = {
  done: '',
  'not run': '',
  failed: 'mend the cause, then run plan and apply again: they go on from what is live',
  pending: 'the rest went on; plan says so until the node has what the file says',
  unknown: 'make the node reachable, then run plan: it shows whether the step was done',
};

function failureLines({ planned, outcome, error }: StepResult): string[] {
  const { node, step } = planned;
  return [
    `  ${step.action} ${visibleId(step.object)} on ${visibleNode(node)}: ${outcome}`,
    ...(error ? [`    ${visible(error)}`] : []),
    `    ${ADVICE[outcome]}`,
  ];
}

function countOf(results: readonly StepResult[], outcome: Outcome): number {
  return results.filter((result) => result.outcome === outcome).length;
}

/** Ends in a newline. */
export function renderReport(report: ApplyReport, options: { readonly colour: boolean }): string {
  const colours = pc.createColors(options.colour);
  const { results, remaining, identity } = report;
  const counts = (['done', 'failed', 'unknown', 'pending', 'not run'] as const)
    .map((outcome) => ({ outcome, count: countOf(results, outcome) }))
    .filter(({ outcome, count }) => outcome === 'done' || count > 0)
    .map(({ outcome, count }) => `${count} ${outcome}`);
  // The first step that was not run says why; those behind it stopped with it.
  const bad = results.filter(
    ({ outcome, error }) => outcome === 'failed' || outcome === 'unknown' || error !== undefined,
  );
  const clean = bad.length === 0 && isAsDeclared(remaining);
  const lines = [
    ...bad.flatMap(failureLines),
    `${counted(results.length, 'step')}: ${counts.join(' · ')} (run ${identity.run})`,
    clean
      ? colours.green('Planned again: everything is as declared.')
      : colours.red(`Planned again: ${verdictLine(remaining)}`),
  ];
  return `${lines.join('\n')}\n`;
}
