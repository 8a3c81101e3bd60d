/** Two statements go in; the first token in which they differ, other than in how names are quoted, comes out. */
import { unquote } from './quote.ts';
import { type Token, tokenize } from './tokens.ts';

/** What stands at one place of either statement; undefined where it has ended. */
export interface TokenDifference {
  readonly from: Token | undefined;
  readonly to: Token | undefined;
}

/** Quoted and bare names are the same name; everything else is compared as written. */
const comparable = (token: Token): string => (token.kind === 'quoted' ? unquote(token.text) : token.text);

/** Tokens without `COMMENT ''`, which some servers keep and nobody needs to write. */
function meaningful(statement: string): Token[] {
  const tokens = tokenize(statement);
  const isEmpty = (at: number): boolean => tokens[at]?.text === 'COMMENT' && tokens[at + 1]?.text === "''";
  return tokens.filter((_token, at) => !isEmpty(at) && !isEmpty(at - 1));
}

/** Undefined when both say the same; `same` lets two tokens that are written differently pass. */
export function firstDifference(
  from: string,
  to: string,
  same: (from: string, to: string) => boolean = () => false,
): TokenDifference | undefined {
  const [before, after] = [meaningful(from), meaningful(to)];
  for (let at = 0; at < Math.max(before.length, after.length); at++) {
    const [a, b] = [before[at], after[at]];
    if (a && b && (comparable(a) === comparable(b) || same(a.text, b.text))) continue;
    return { from: a, to: b };
  }
  return undefined;
}
