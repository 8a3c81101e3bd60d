/** Takes a merged plan and what stands in its way, and gives the next steps of whoever reads the comment. */
import type { Blocks } from './comment-blocks.ts';
import type { MergedPlan } from './comment-merge.ts';
import { code } from './markdown-escape.ts';

const ADVICE: readonly (readonly [reason: Parameters<Blocks['reasons']['has']>[0], advice: string])[] = [
  ['error', 'Mend the errors and push: every push is planned anew.'],
  ['unreadable', 'Make every node readable, then run the workflow again.'],
  ['manual', 'Do by hand what Plumbline can’t do, or declare what is live; then plan again.'],
  [
    'permission',
    'Decide on the steps that need permission: nothing at all is applied before they are allowed.',
  ],
];

/** A list under a heading; empty when there is nothing to do. */
export function nextSteps({ plan, entries }: MergedPlan, { reasons }: Blocks): string {
  const lines = ADVICE.filter(([reason]) => reasons.has(reason)).map(([, advice]) => advice);
  if (entries.length > 0) {
    const merge = lines.length > 0 ? 'Then merge' : 'Merge';
    lines.push(`${merge}: apply plans again, and runs only when the digest is still ${code(plan.digest)}.`);
  }
  return lines.length === 0 ? '' : ['### Next', '', ...lines.map((line) => `- ${line}`)].join('\n');
}
