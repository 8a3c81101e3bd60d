/** Takes text and gives lines that are no longer than a width where words allow it. */

/** Lines of at most `width` characters, broken at spaces; a longer word stands on a line of its own. */
export function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  let line: string | undefined;
  for (const word of text.split(' ')) {
    if (line !== undefined && line.length + 1 + word.length > width) {
      lines.push(line);
      line = word;
    } else {
      line = line === undefined ? word : `${line} ${word}`;
    }
  }
  return line === undefined ? lines : [...lines, line];
}

export function indent(lines: readonly string[], columns: number): string[] {
  return lines.map((line) => (line === '' ? '' : ' '.repeat(columns) + line));
}

/** A piece of a line: its text without colour, and what gives it one. */
export interface Piece {
  readonly text: string;
  readonly paint: (text: string) => string;
}

const GAP = '  ';

/** Pieces side by side with two spaces between them; what does not fit goes on further lines, indented by `hang`. */
export function flow(pieces: readonly Piece[], width: number, hang: number): string[] {
  const lines: string[] = [];
  let line = '';
  let length = 0;
  for (const { text, paint } of pieces) {
    if (text === '') continue;
    if (length > 0 && length + GAP.length + text.length > width) {
      lines.push(line);
      line = '';
      length = 0;
    }
    if (length > 0) {
      line += GAP + paint(text);
      length += GAP.length + text.length;
      continue;
    }
    const margin = lines.length > 0 ? hang : 0;
    const wrapped = lines.length > 0 ? wrap(text, width - hang) : [text];
    lines.push(...wrapped.slice(0, -1).map((part) => ' '.repeat(margin) + paint(part)));
    const last = wrapped.at(-1) ?? '';
    line = ' '.repeat(margin) + paint(last);
    length = margin + last.length;
  }
  return line === '' ? lines : [...lines, line];
}
