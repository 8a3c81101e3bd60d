/** Takes a review's context and a verdict and gives the first lines of a comment: what it is about, and what it says. */
import type { ReviewContext } from '../model/review.ts';
import { commitLink, safeUrl } from './comment-links.ts';
import { shorten } from './comment-room.ts';
import { code, prose } from './markdown-escape.ts';

const MOST_TEXT = 1500;

/** `` for `estates/prod` ``; nothing for the root of the repository. */
function estateText({ estate }: ReviewContext): string {
  return estate === '.' || estate === '' ? '' : ` for ${code(shorten(estate, MOST_TEXT))}`;
}

/** Title, verdict, and of which commit it is the plan. `facts` stand beside the commit. */
export function headText(context: ReviewContext, verdict: string, facts: readonly string[]): string {
  return [
    `## Plumbline plan${estateText(context)}`,
    `**${prose(shorten(verdict, MOST_TEXT))}**`,
    [`of commit ${commitLink(context)}`, ...facts].join(' · '),
  ].join('\n\n');
}

/** All of a comment that has nothing to say. */
export function quietLine(context: ReviewContext): string {
  return `Plumbline${estateText(context)}: no changes at ${commitLink(context)}.`;
}

/** Where the whole plan is, for what a comment leaves out. */
export function elsewhere({ runUrl }: ReviewContext): string {
  return runUrl === undefined
    ? 'in the output of `plumbline plan`'
    : `in the [step summary and the artifact of the run](${safeUrl(runUrl)})`;
}
