/** Splits ClickHouse SQL text into tokens with their positions; comments and white space are left out. */
import { heredocEnds } from './heredoc.ts';

export type TokenKind = 'word' | 'quoted' | 'string' | 'number' | 'symbol';

export interface Token {
  readonly kind: TokenKind;
  /** The token as written, quotes included. */
  readonly text: string;
  /** Offset of its first character, and of the character behind its last, in the source. */
  readonly start: number;
  readonly end: number;
}

/** The text cannot be split: a quote or a comment that never ends, or a number that goes on as a word. */
export class TokenError extends Error {
  override readonly name = 'TokenError';
}

/** ClickHouse skips zero-width characters too, which JavaScript's `\s` does not know. */
const SPACE = '[ \\t-\\r\\x85\\xa0\\u180e\\u2000-\\u200d\\u2028\\u2029\\u202f\\u205f\\u2060\\u3000\\ufeff]';
const BLANK = new RegExp(`${SPACE}+|--[^\\n]*|\\/\\/[^\\n]*|#[ !][^\\n]*`, 'y');
const COMMENT_EDGE = /\/\*|\*\//g;
const WORD = /[\w$]+/y;
const DIGITS = '\\d+(?:_\\d+)*';
const HEX_DIGITS = '[\\da-f]+(?:_[\\da-f]+)*';
const EXPONENT = `[+-]?(?:${DIGITS})?`;
const NUMBER = new RegExp(
  [
    `0x${HEX_DIGITS}(?:\\.(?:${HEX_DIGITS})?)?(?:p${EXPONENT})?`,
    `0b[01]\\d*`,
    `(?:${DIGITS}\\.?|\\.)(?:${DIGITS})?(?:e${EXPONENT})?`,
  ].join('|'),
  'iy',
);
const INTEGER = new RegExp(DIGITS, 'y');
const MORE_OF_NAME = /\w+/y;
const BYTES = /x'[\da-f]*'|b'[01]*'/iy;
const SYMBOL = /->|::|<=>|<=|>=|<>|!=|==|\|\||@@|[\s\S]/uy;

/** Typographic quotes, as word processors make them; nothing is escaped between them. */
const TYPOGRAPHIC: Readonly<Record<string, { readonly closing: string; readonly kind: TokenKind }>> = {
  '‘': { closing: '’', kind: 'string' },
  '“': { closing: '”', kind: 'quoted' },
};

/** The offset behind what the sticky pattern finds; the same offset where it finds nothing. */
function endOf(pattern: RegExp, source: string, at: number): number {
  pattern.lastIndex = at;
  return at + (pattern.exec(source)?.[0].length ?? 0);
}

const neverClosed = (what: string, start: number): TokenError =>
  new TokenError(`a ${what} at offset ${start} is never closed`);

/** Comments lie inside each other. */
function commentEnd(source: string, start: number): number {
  let depth = 0;
  COMMENT_EDGE.lastIndex = start;
  for (let edge = COMMENT_EDGE.exec(source); edge; edge = COMMENT_EDGE.exec(source)) {
    depth += edge[0] === '/*' ? 1 : -1;
    if (depth === 0) return COMMENT_EDGE.lastIndex;
  }
  throw neverClosed('comment', start);
}

function blankEnd(source: string, start: number): number {
  let at = start;
  for (;;) {
    const end = source.startsWith('/*', at) ? commentEnd(source, at) : endOf(BLANK, source, at);
    if (end === at) return at;
    at = end;
  }
}

function quotedEnd(source: string, start: number): number {
  const mark = source[start] ?? '';
  for (let at = start + 1; at < source.length; at++) {
    const character = source[at];
    if (character === '\\') at++;
    else if (character === mark) {
      if (source[at + 1] !== mark) return at + 1;
      at++;
    }
  }
  throw neverClosed(mark, start);
}

/** Whether a dot behind it looks into it: `t.1.2` is an element of an element, `+ .1` is a number. */
function hasElements(token: Token | undefined): boolean {
  if (token?.kind === 'symbol') return token.text === ')' || token.text === ']';
  return token !== undefined && token.kind !== 'string';
}

type Piece = readonly [kind: TokenKind, end: number];

/** Digits that letters follow are a name: `2nd`. */
function numberAt(source: string, start: number, pattern: RegExp): Piece {
  const end = endOf(pattern, source, start);
  const whole = endOf(MORE_OF_NAME, source, end);
  if (whole === end) return ['number', end];
  if (/^\w+$/.test(source.slice(start, whole))) return ['word', whole];
  throw new TokenError(`the number at offset ${start} goes on as a word`);
}

function pieceAt(
  source: string,
  start: number,
  previous: Token | undefined,
  heredocEnd: (start: number) => number | undefined,
): Piece {
  const first = source[start] ?? '';
  if (first === "'") return ['string', quotedEnd(source, start)];
  if (first === '`' || first === '"') return ['quoted', quotedEnd(source, start)];
  const typographic = TYPOGRAPHIC[first];
  if (typographic) {
    const at = source.indexOf(typographic.closing, start);
    if (at < 0) throw neverClosed(first, start);
    return [typographic.kind, at + 1];
  }
  const bytes = endOf(BYTES, source, start);
  if (bytes > start) return ['string', bytes];
  const isElement = previous?.kind === 'symbol' && previous.text === '.';
  if (/\d/.test(first)) return numberAt(source, start, isElement ? INTEGER : NUMBER);
  if (/^\.\d/.test(source.slice(start, start + 2)) && !hasElements(previous)) {
    return numberAt(source, start, NUMBER);
  }
  const heredoc = first === '$' ? heredocEnd(start) : undefined;
  if (heredoc !== undefined) return ['string', heredoc];
  const isLoneDollar = first === '$' && !/\w/.test(source[start + 1] ?? '');
  const word = isLoneDollar ? start : endOf(WORD, source, start);
  return word > start ? ['word', word] : ['symbol', endOf(SYMBOL, source, start)];
}

/** All tokens of a text. Throws {@link TokenError} where it cannot be split. */
export function tokenize(source: string): readonly Token[] {
  const heredocEnd = heredocEnds(source);
  const tokens: Token[] = [];
  for (let start = blankEnd(source, 0); start < source.length; ) {
    const [kind, end] = pieceAt(source, start, tokens.at(-1), heredocEnd);
    tokens.push({ kind, text: source.slice(start, end), start, end });
    start = blankEnd(source, end);
  }
  return tokens;
}
