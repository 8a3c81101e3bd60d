/** The tokens of a query go in; the names behind FROM and JOIN come out, as paths. */
import { unquote } from '../sql/quote.ts';
import type { Token } from '../sql/tokens.ts';

const isName = (token: Token | undefined): boolean => token?.kind === 'word' || token?.kind === 'quoted';

export const nameOf = (token: Token): string => (token.kind === 'quoted' ? unquote(token.text) : token.text);

export const isWord = (token: Token | undefined, ...words: string[]): boolean =>
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

/** Table functions are left out; a path of one stands in the database of whoever reads. */
export function pathsRead(tokens: readonly Token[]): string[][] {
  return tokens.flatMap((token, at) => {
    const isCall = tokens[at + 2]?.text === '(';
    return isWord(token, 'FROM', 'JOIN') && isName(tokens[at + 1]) && !isCall ? [pathAt(tokens, at + 1)] : [];
  });
}
