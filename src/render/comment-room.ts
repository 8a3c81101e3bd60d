/** Takes a limit and gives the room that is left under it, which pieces of text use up one after the other. */

export interface Room {
  left(): number;
  /** What a piece costs, with the empty line that parts it from the next. */
  cost(text: string): number;
  /** Uses up the room for a piece where it fits, and says whether it did. */
  take(text: string): boolean;
  /** Uses up so much, or gives it back when negative; whoever calls has made sure that it is there. */
  hold(cost: number): void;
}

/** GitHub takes 65,536 characters; 60,000 are agreed, 600 of them for the hidden marker. */
export const COMMENT_LIMIT = 60_000 - 600;
/** In bytes; GitHub takes 1,024 KiB from a step. */
export const SUMMARY_LIMIT = 1000 * 1024;

const GAP = 2;

/** Counts as GitHub does for comments: characters. */
export const characters = (text: string): number => text.length;

/** Counts as GitHub does for step summaries: bytes of UTF-8. */
export const utf8Bytes = (text: string): number => Buffer.byteLength(text);

export function roomOf(limit: number, size: (text: string) => number): Room {
  let left = limit;
  const cost = (text: string): number => size(text) + GAP;
  return {
    left: () => left,
    cost,
    take(text) {
      // No text is shorter than its characters, in either measure.
      if (text.length + GAP > left || cost(text) > left) return false;
      left -= cost(text);
      return true;
    },
    hold(held) {
      left -= held;
    },
  };
}

/** When so many pieces in a row had no room, none of the others is rendered any more. */
const MOST_MISSES = 20;

/** Gives a piece that uses up its room, or nothing where it does not fit. */
export function takeFrom(room: Room): (render: () => string) => string | undefined {
  let misses = 0;
  return (render) => {
    if (misses >= MOST_MISSES) return undefined;
    const text = render();
    if (room.take(text)) {
      misses = 0;
      return text;
    }
    misses++;
    return undefined;
  };
}

/** A text of at most so many characters, and how much of it is missing. */
export function shorten(text: string, most: number): string {
  if (text.length <= most) return text;
  const kept = text.slice(0, most).replace(/[\ud800-\udbff]$/, '');
  return `${kept} … (${text.length - kept.length} more characters)`;
}
