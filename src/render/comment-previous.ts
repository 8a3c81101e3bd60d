/** Takes the plans that a comment showed before, newest first, and gives them folded away with their commits. */
import type { ReviewContext } from '../model/review.ts';
import { commitLink } from './comment-links.ts';
import type { Room } from './comment-room.ts';
import { counted } from './units.ts';

export interface PreviousPlan {
  readonly commit: string;
  /** Its verdict line and short body, already rendered and safe. */
  readonly summary: string;
}

const FRAME = 150;

/** As many as there is room for; empty when there are none. */
export function previousSection(
  previous: readonly PreviousPlan[],
  context: ReviewContext,
  room: Room,
): string {
  if (previous.length === 0) return '';
  room.hold(FRAME);
  const told: string[] = [];
  for (const { commit, summary } of previous) {
    const text = `#### ${commitLink(context, commit)}\n\n${summary.trim()}`;
    if (!room.take(text)) break;
    told.push(text);
  }
  const left = previous.length - told.length;
  const older = left > 0 ? ` (${told.length === 0 ? 'no room for them' : `${left} older left out`})` : '';
  const title = `<details><summary>${counted(previous.length, 'previous plan')}${older}</summary>`;
  return [title, ...told, '</details>'].join('\n\n');
}
