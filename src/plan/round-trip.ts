/** Checks that Plumbline could have written what it read: an object it doesn't fully understand is never touched. */
import { canonicalText } from '../kinds/canonical-text.ts';
import type { Root } from '../model/state.ts';
import { firstDifference } from '../sql/difference.ts';

/** The first piece of the live text that writing it back would lose or change; undefined when nothing is. */
export function missingFromRoundTrip(live: Root): string | undefined {
  const difference = firstDifference(live.statement, canonicalText(live.tree()));
  if (!difference) return undefined;
  const { from } = difference;
  return `\`${from?.text ?? 'the end'}\` at offset ${from?.start ?? live.statement.length} can't be written back`;
}
