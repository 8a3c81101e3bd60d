/** A written text and what a server made of it go in; the name that the server would no longer read as a name comes out. */
import { unquote } from './quote.ts';
import { tokenize } from './tokens.ts';

/** ClickHouse writes these names without quotes, and reads them as literals and an operator from then on. */
const MISREAD = /^(?:true|false|not|inf|infinity|nan)$/i;

/** How often each of these names stands alone in quotes; behind a dot it can be nothing but a name. */
function quotedNames(text: string): Map<string, number> {
  const counts = new Map<string, number>();
  const tokens = tokenize(text);
  for (const [at, token] of tokens.entries()) {
    const name = token.kind === 'quoted' && tokens[at - 1]?.text !== '.' ? unquote(token.text) : '';
    if (MISREAD.test(name)) counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  return counts;
}

/** A name that has quotes in the written text and has lost them in the stored one, where it means something else. */
export function misreadName(written: string, stored: string): string | undefined {
  const before = quotedNames(written);
  if (before.size === 0) return undefined;
  const after = quotedNames(stored);
  return [...before.keys()].find((name) => (after.get(name) ?? 0) < (before.get(name) ?? 0));
}
