/** A SELECT goes in; what lint rules ask of it comes out: words on its outer level, tables it reads, stars. */
import { isWord, pathsRead } from '../kinds/paths-read.ts';
import { type Token, tokenize } from '../sql/tokens.ts';

export interface Query {
  readonly tokens: readonly Token[];
  /** The keywords outside parentheses, in capitals and in order. */
  readonly outer: readonly string[];
  /** The names behind FROM and JOIN, as paths. */
  readonly reads: readonly (readonly string[])[];
  /** Whether its outer SELECT takes whatever columns there are: `*`, `t.*`, `COLUMNS('…')`. */
  readonly takesAll: boolean;
}

/** `*` is a multiplication between operands, and means rows in `count(*)`. */
function isStar(tokens: readonly Token[], at: number): boolean {
  const [before, token] = [tokens[at - 1], tokens[at]];
  if (isWord(token, 'COLUMNS')) return tokens[at + 1]?.text === '(';
  if (token?.kind !== 'symbol' || token.text !== '*') return false;
  return before?.text === ',' || before?.text === '.' || isWord(before, 'SELECT', 'DISTINCT');
}

export function readQuery(text: string): Query {
  const tokens = tokenize(text);
  const outer: string[] = [];
  let depth = 0;
  let takesAll = false;
  for (const [at, token] of tokens.entries()) {
    if (token.text === '(') depth++;
    else if (token.text === ')') depth--;
    else if (token.kind === 'word' && depth === 0 && tokens[at - 1]?.text !== '.')
      outer.push(token.text.toUpperCase());
    takesAll ||= depth === 0 && isStar(tokens, at);
  }
  return { tokens, outer, reads: pathsRead(tokens), takesAll };
}

/** Whether the words stand one behind the other outside parentheses. */
export function says(query: Query, words: string): boolean {
  const wanted = words.split(' ');
  return query.outer.some((_word, at) => wanted.every((word, ahead) => query.outer[at + ahead] === word));
}
