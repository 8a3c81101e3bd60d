/** A SELECT goes in; what lint rules ask of it comes out: words on its outer level, tables it reads, stars. */
import { unquote } from '../sql/quote.ts';
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

const isName = (token: Token | undefined): boolean => token?.kind === 'word' || token?.kind === 'quoted';

const nameOf = (token: Token): string => (token.kind === 'quoted' ? unquote(token.text) : token.text);

const isWord = (token: Token | undefined, ...words: string[]): boolean =>
  token?.kind === 'word' && words.includes(token.text.toUpperCase());

function pathAt(tokens: readonly Token[], at: number): string[] {
  const path: string[] = [];
  for (let next = at; ; next += 2) {
    const token = tokens[next];
    if (!token || !isName(token)) return path;
    path.push(nameOf(token));
    if (tokens[next + 1]?.text !== '.') return path;
  }
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
  const reads: string[][] = [];
  let depth = 0;
  let takesAll = false;
  for (const [at, token] of tokens.entries()) {
    if (token.text === '(') depth++;
    else if (token.text === ')') depth--;
    else if (token.kind === 'word' && depth === 0 && tokens[at - 1]?.text !== '.')
      outer.push(token.text.toUpperCase());
    takesAll ||= depth === 0 && isStar(tokens, at);
    const isCall = tokens[at + 2]?.text === '(';
    if (isWord(token, 'FROM', 'JOIN') && isName(tokens[at + 1]) && !isCall)
      reads.push(pathAt(tokens, at + 1));
  }
  return { tokens, outer, reads, takesAll };
}

/** Whether the words stand one behind the other outside parentheses. */
export function says(query: Query, words: string): boolean {
  const wanted = words.split(' ');
  return query.outer.some((_word, at) => wanted.every((word, ahead) => query.outer[at + ahead] === word));
}
