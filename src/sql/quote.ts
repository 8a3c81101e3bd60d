/** Turns names and values into SQL text, and quoted SQL text back into them: the only place that quotes. */
import { heredocText } from './heredoc.ts';

/** Characters that ClickHouse reads for a letter behind a backslash; `\N` stands for nothing at all. */
const ESCAPES: ReadonlyMap<string, string> = new Map(
  Object.entries({
    a: '\x07',
    b: '\b',
    e: '\x1b',
    f: '\f',
    n: '\n',
    N: '',
    r: '\r',
    t: '\t',
    v: '\v',
    '0': '\0',
  }),
);

/** The letters for the characters that ClickHouse itself writes with a backslash. */
const LETTERS: ReadonlyMap<string, string> = new Map(
  [...ESCAPES]
    .filter(([letter]) => 'bfnrt0'.includes(letter))
    .map(([letter, character]) => [character, letter]),
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

/** An escape at its backslash, or a doubled quote. */
const escapesOf = (mark: string): RegExp =>
  new RegExp(
    `((?:\\\\x[\\da-fA-F]{2})+)|\\\\([abefnNrtv0])|\\\\([\\\\\`'"/=\\x00-\\x1f])|${mark}(${mark})`,
    'g',
  );

const ESCAPED: ReadonlyMap<string, RegExp> = new Map(["'", '"', '`'].map((mark) => [mark, escapesOf(mark)]));

const utf8 = (hex: string): string => Buffer.from(hex, 'hex').toString();

/** `x'4142'` and `b'1000001'`: whole bytes, filled up in front. */
function unquoteBytes(quoted: string): string {
  const digits = quoted.slice(2, -1);
  if (/^x/i.test(quoted)) return utf8(digits.padStart(digits.length + (digits.length % 2), '0'));
  const bits = digits.padStart(Math.ceil(digits.length / 8) * 8, '0');
  return utf8(bits.replace(/.{4}/g, (four) => Number.parseInt(four, 2).toString(16)));
}

/**
 * The value of a quoted token: `'it\'s'`, `'it''s'`, `` `a b` ``, `"a b"`, `‘a’`, `$$it's$$` or `x'4142'`. Bytes that are no
 * UTF-8 become U+FFFD.
 */
export function unquote(quoted: string): string {
  const [first = ''] = quoted;
  if (first === '$') return heredocText(quoted);
  if (/^[xb]'/i.test(quoted)) return unquoteBytes(quoted);
  const inner = quoted.slice(1, -1);
  const escaped = ESCAPED.get(first);
  if (!escaped || !(inner.includes('\\') || inner.includes(first))) return inner;
  return inner.replace(escaped, (_all, hex?: string, letter?: string, character?: string, mark?: string) => {
    if (hex !== undefined) return utf8(hex.replaceAll('\\x', ''));
    return letter === undefined ? (character ?? mark ?? '') : (ESCAPES.get(letter) ?? '');
  });
}

/** UTF-8, one character after the other, in a text whose characters are bytes; what is left over is in the group. */
const CHARACTERS =
  /[\0-\x7f]+|[\xc2-\xdf][\x80-\xbf]|\xe0[\xa0-\xbf][\x80-\xbf]|[\xe1-\xec\xee\xef][\x80-\xbf]{2}|\xed[\x80-\x9f][\x80-\xbf]|\xf0[\x90-\xbf][\x80-\xbf]{2}|[\xf1-\xf3][\x80-\xbf]{3}|\xf4[\x80-\x8f][\x80-\xbf]{2}|([\x80-\xff])/g;

/** SQL text as bytes: those that are no UTF-8, which ClickHouse writes as they are, become `\xff`, which means the same. */
export function escapeBytes(bytes: Uint8Array): string {
  const escaped = Buffer.from(bytes)
    .toString('latin1')
    .replace(CHARACTERS, (character, stray?: string) =>
      stray === undefined ? character : `\\x${stray.charCodeAt(0).toString(16)}`,
    );
  return Buffer.from(escaped, 'latin1').toString();
}
