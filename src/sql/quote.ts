/** Turns names and values into SQL text, and quoted SQL text back into them: the only place that quotes. */

/** Characters that ClickHouse's lexer reads as an escape inside quotes, by the letter behind the backslash. */
const ESCAPES: Readonly<Record<string, string>> = {
  a: '\x07',
  b: '\b',
  e: '\x1b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
  '0': '\0',
};

const LETTERS: ReadonlyMap<string, string> = new Map(
  ['\b', '\f', '\n', '\r', '\t', '\0'].map((character) => [
    character,
    Object.keys(ESCAPES).find((letter) => ESCAPES[letter] === character) ?? '',
  ]),
);

function quote(text: string, mark: string): string {
  let quoted = mark;
  for (const character of text) {
    const letter = LETTERS.get(character);
    if (letter) quoted += `\\${letter}`;
    else if (character === '\\' || character === mark) quoted += `\\${character}`;
    else quoted += character;
  }
  return quoted + mark;
}

/** A name as a backticked identifier, always quoted, so that no name is ever read as a keyword. */
export function identifier(name: string): string {
  return quote(name, '`');
}

/** `database`.`name`, or just the name where there is no database. */
export function qualified(path: readonly string[]): string {
  return path.map(identifier).join('.');
}

/** A text as a single-quoted string literal. */
export function literal(text: string): string {
  return quote(text, "'");
}

/** The value of a quoted token: `'it\'s'`, `'it''s'`, `` `a b` `` or `"a b"`. */
export function unquote(quoted: string): string {
  const mark = quoted[0] ?? '';
  const inner = quoted.slice(1, -1);
  if (!inner.includes('\\') && !inner.includes(mark)) return inner;
  let text = '';
  for (let at = 0; at < inner.length; at++) {
    const character = inner[at] ?? '';
    if (character === mark) {
      at++;
      text += mark;
    } else if (character !== '\\') {
      text += character;
    } else {
      at++;
      const letter = inner[at] ?? '';
      if (letter === 'x') {
        text += String.fromCharCode(Number.parseInt(inner.slice(at + 1, at + 3), 16));
        at += 2;
      } else {
        text += ESCAPES[letter] ?? letter;
      }
    }
  }
  return text;
}
