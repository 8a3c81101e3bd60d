/** Splits ClickHouse SQL text into tokens with their positions; comments and white space are left out. */

export type TokenKind = 'word' | 'quoted' | 'string' | 'number' | 'symbol';

export interface Token {
  readonly kind: TokenKind;
  /** The token as written, quotes included. */
  readonly text: string;
  /** Offset of its first character, and of the character behind its last, in the source. */
  readonly start: number;
  readonly end: number;
}

/** The text cannot be split: a quote or a comment that never ends. */
export class TokenError extends Error {
  override readonly name = 'TokenError';
}

const BLANK = /(?:\s|--[^\n]*|\/\*[\s\S]*?\*\/|#[! ][^\n]*)+/y;
const WORD = /[\p{L}_][\p{L}\p{N}_$]*/uy;
const NUMBER = /0x[0-9a-f]+|0b[01]+|\d[\d_]*(?:\.\d*)?(?:e[+-]?\d+)?|\.\d+(?:e[+-]?\d+)?/iy;
const HEREDOC = /\$(\w*)\$[\s\S]*?\$\1\$/y;
const SYMBOL = /->|::|<=>|<=|>=|<>|!=|==|\|\||[\s\S]/uy;

function match(pattern: RegExp, source: string, at: number): string | undefined {
  pattern.lastIndex = at;
  return pattern.exec(source)?.[0];
}

function quotedEnd(source: string, start: number): number {
  const mark = source[start];
  for (let at = start + 1; at < source.length; at++) {
    const character = source[at];
    if (character === '\\') at++;
    else if (character === mark) {
      if (source[at + 1] !== mark) return at + 1;
      at++;
    }
  }
  throw new TokenError(`a ${mark} at offset ${start} is never closed`);
}

function tokenAt(source: string, start: number): Token {
  const first = source[start];
  const token = (kind: TokenKind, end: number): Token => ({ kind, text: source.slice(start, end), start, end });
  if (first === "'") return token('string', quotedEnd(source, start));
  if (first === '`' || first === '"') return token('quoted', quotedEnd(source, start));
  const word = match(WORD, source, start);
  if (word) return token('word', start + word.length);
  const number = match(NUMBER, source, start);
  if (number) return token('number', start + number.length);
  const heredoc = first === '$' ? match(HEREDOC, source, start) : undefined;
  if (heredoc) return token('string', start + heredoc.length);
  if (source.startsWith('/*', start)) throw new TokenError(`a comment at offset ${start} is never closed`);
  return token('symbol', start + (match(SYMBOL, source, start) ?? ' ').length);
}

/** All tokens of a text. Throws {@link TokenError} where a quote or comment never ends. */
export function tokenize(source: string): readonly Token[] {
  const tokens: Token[] = [];
  let at = 0;
  while (at < source.length) {
    at += match(BLANK, source, at)?.length ?? 0;
    if (at >= source.length) break;
    const token = tokenAt(source, at);
    tokens.push(token);
    at = token.end;
  }
  return tokens;
}
