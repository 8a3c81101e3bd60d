/** Takes a plan that shows drift and who changed what, and gives the text of the issue that stays open while it lasts. */
import { type Plan, plannedSteps, unreadableNodes } from '../model/plan.ts';
import { renderMarkdown } from './markdown.ts';
import { code, fenced, prose } from './markdown-escape.ts';
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

/** A patch that the declarations would need for what is live to be declared. */
export interface AcceptancePatch {
  /** A unified diff; empty where nothing can be accepted. */
  readonly text: string;
  /** Why something that drifted is not in it. */
  readonly reasons: readonly string[];
}

/** Longer ones are named, not shown. */
const PATCH_LIMIT = 20_000;
const REASONS = 10;

const REVERT =
  '- To revert it: run the apply workflow. Its steps are the ones above, and those that destroy need their permission.';
const CLOSES = 'This issue closes itself when nothing differs any more.';

/** The patch in a fence, where it can be copied out of one: each line as it is, and no blanks at its end but in empty lines. */
function shownPatch(patch: string, room: number): string[] | undefined {
  const lines = patch.replace(/\n$/, '').split('\n');
  const block = fenced('diff', lines);
  const isWhole = block.slice(1, -1).every((line, at) => line === lines[at] && !/\S\s+$/.test(line));
  return isWhole && patch.length <= Math.min(PATCH_LIMIT, room) ? block : undefined;
}

function acceptLines({ text, reasons }: AcceptancePatch, room: number): string[] {
  const left = reasons
    .slice(0, REASONS)
    .map((reason) => `  - Not in the patch: ${prose(reason.slice(0, 300))}`);
  if (text === '') return [`- To accept it: declare what is live, in a pull request. ${CLOSES}`, ...left];
  const shown = shownPatch(text, room);
  const how = shown
    ? 'hand this patch to `git apply`, in a pull request.'
    : '`plumbline import --patch | git apply`, in a pull request.';
  return [`- To accept it: ${how} ${CLOSES}`, ...left, ...(shown ? ['', ...shown] : [])];
}

/** Undefined when nothing drifted and every node could be read. */
export function renderDriftIssue(
  plan: Plan,
  authors: readonly DriftAuthor[],
  runUrl: string,
  patch: AcceptancePatch,
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
  const told = [body.trimEnd(), '', ...authorLines(authors), '### What to do', '', REVERT].join('\n');
  return [told, ...acceptLines(patch, LIMIT - told.length)].join('\n');
}
