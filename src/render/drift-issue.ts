/** Takes a plan that shows drift and who changed what, and gives the text of the issue that stays open while it lasts. */
import { type Plan, plannedSteps, unreadableNodes } from '../model/plan.ts';
import { renderMarkdown } from './markdown.ts';
import { code, prose } from './markdown-escape.ts';
import { verdictLine } from './summary.ts';
import { visibleId } from './visible.ts';

export interface DriftAuthor {
  readonly node: string;
  /** As `visibleId` shows it. */
  readonly object: string;
  readonly user: string;
  readonly at: string;
}

/** GitHub takes 65,536 characters; the marker and the closing lines need some of them. */
const LIMIT = 58_000;
const SHOWN = 50;

function authorLines(authors: readonly DriftAuthor[]): string[] {
  if (authors.length === 0) return [];
  const lines = authors
    .slice(0, SHOWN)
    .map(({ node, object, user, at }) => `- ${code(object)} on ${code(node)}: ${code(user)} at ${prose(at)}`);
  return ['### Who changed it last', '', ...lines, ''];
}

/** Undefined when nothing drifted and every node could be read. */
export function renderDriftIssue(
  plan: Plan,
  authors: readonly DriftAuthor[],
  runUrl: string,
): string | undefined {
  const steps = plannedSteps(plan);
  if (steps.length === 0 && unreadableNodes(plan).length === 0) return undefined;
  const whole = renderMarkdown(plan);
  const names = [
    ...new Set(steps.map(({ step, node }) => `- ${code(visibleId(step.object))} on ${code(node)}`)),
  ];
  const body =
    whole.length <= LIMIT
      ? whole
      : `${prose(verdictLine(plan))}\n\n${names.slice(0, 400).join('\n')}\n\nThe whole of it is in [the run](${runUrl}).\n`;
  return [
    body.trimEnd(),
    '',
    ...authorLines(authors),
    '### What to do',
    '',
    '- To revert it: run the apply workflow. Its steps are the ones above, and those that destroy need their permission.',
    '- To accept it: declare what is live, in a pull request. This issue closes itself when nothing differs any more.',
  ].join('\n');
}
