/** A declaration file's text goes in; a way to turn offsets in that text into places a reader can jump to comes out. */

import type { Place } from '../model/place.ts';

export interface TextFile {
  /** Path relative to the estate's folder, with forward slashes. */
  readonly file: string;
  readonly text: string;
  /** The place of an offset, counted in UTF-16 units from 0. */
  place(offset: number): Place;
}

/** Lines are only counted once somebody asks for a place. */
export function openText(file: string, text: string): TextFile {
  let starts: number[] | undefined;
  return {
    file,
    text,
    place(offset) {
      starts ??= lineStarts(text);
      const at = Math.max(0, Math.min(offset, text.length));
      const line = lastAtOrBefore(starts, at);
      const start = starts[line] ?? 0;
      return { file, line: line + 1, column: countCharacters(text, start, at) + 1 };
    },
  };
}

function lineStarts(text: string): number[] {
  const starts = [0];
  for (let end = text.indexOf('\n'); end !== -1; end = text.indexOf('\n', end + 1)) starts.push(end + 1);
  return starts;
}

function lastAtOrBefore(starts: readonly number[], offset: number): number {
  let low = 0;
  let high = starts.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if ((starts[middle] ?? 0) <= offset) low = middle;
    else high = middle - 1;
  }
  return low;
}

/** A character outside the basic plane takes two UTF-16 units and counts once. */
function countCharacters(text: string, start: number, end: number): number {
  let count = end - start;
  for (let i = start; i + 1 < end; i++) {
    const unit = text.charCodeAt(i);
    if (unit >= 0xd800 && unit < 0xdc00) count--;
  }
  return count;
}
