/** A text and the pieces that it must have in this order, from its start to its end, go in; whether it has them comes out. */

/** Anything may stand between two pieces; a single piece is the whole text. */
export function consistsOf(text: string, pieces: readonly string[]): boolean {
  const [first = '', ...rest] = pieces;
  const last = rest.pop();
  if (last === undefined) return text === first;
  if (!text.startsWith(first)) return false;
  let at = first.length;
  for (const piece of rest) {
    const found = text.indexOf(piece, at);
    if (found < 0) return false;
    at = found + piece.length;
  }
  return text.length - last.length >= at && text.endsWith(last);
}

/** Whether a name fits a pattern, in which `*` stands for any characters and all others for themselves. */
export function fitsPattern(name: string, pattern: string): boolean {
  return consistsOf(name, pattern.split('*'));
}
