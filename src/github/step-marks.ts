/** Keeps the marks of reviewed steps at the end of a plan's comment, where people don't see them, and finds them again. */

const START = '<!-- plumbline:steps:1 ';
const END = ' -->';
/** A comment's text is under 60,000 characters with them. */
const ROOM = 59_000;

/** The comment's text with the marks below it, where there is room. */
export function joinMarks(text: string, marks: readonly string[] | undefined): string {
  if (!marks || marks.length === 0) return text;
  const line = `${START}${marks.join(' ')}${END}`;
  return text.length + line.length > ROOM ? text : `${text.trimEnd()}\n\n${line}`;
}

/** The marks of a comment's own plan; none where there was no room for them. */
export function marksIn(text: string): readonly string[] {
  const last = text.trimEnd().split('\n').at(-1) ?? '';
  if (!last.startsWith(START) || !last.endsWith(END)) return [];
  return last
    .slice(START.length, -END.length)
    .split(' ')
    .filter((mark) => /^[0-9a-f]{32}$/.test(mark));
}
