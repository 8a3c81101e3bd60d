/** The status of pairs goes in; the texts of two issues come out: of what is not in sync, and of which pairs are ready for failback. */
import type { PairStatus } from '../dr/pair-status.ts';
import { pairMarkdown } from './dr-markdown.ts';
import { code, prose } from './markdown-escape.ts';

/** GitHub takes 65,536 characters; the marker and the closing lines need some of them. */
const LIMIT = 58_000;

/** What stands in an issue is the same as long as the same is wrong. */
export function renderDrIssue(statuses: readonly PairStatus[], runUrl: string): string | undefined {
  if (statuses.length === 0) return undefined;
  const whole = statuses.flatMap((status) => pairMarkdown(status)).join('\n');
  const objections = statuses.flatMap(({ pair, objections }) => [
    `### Pair ${code(pair)}`,
    '',
    ...objections.slice(0, 200).map((text) => `- ${prose(text.slice(0, 200))}`),
    '',
  ]);
  return [
    whole.length <= LIMIT ? whole.trimEnd() : objections.join('\n').slice(0, LIMIT),
    '',
    `Where in the partitions: \`plumbline dr compare\`. What each word means and what to do: docs/dr.md. Found by [this run](${runUrl}) or an earlier one.`,
  ].join('\n');
}

/** Undefined while no pair is ready. The same as long as the same pairs are. */
export function renderFailbackIssue(statuses: readonly PairStatus[]): string | undefined {
  const ready = statuses.filter(({ failback }) => failback.ready);
  if (ready.length === 0) return undefined;
  return ready
    .map(
      ({ pair, active, passive, failback }) =>
        `**FAILBACK READY**: pair ${code(pair)}. Active is ${code(active ?? '')}; ${code(passive ?? '')} has had the same rows for ${failback.needed} checks in a row, since ${prose(failback.readySince ?? '')}.`,
    )
    .join('\n\n');
}
