/** A token goes in; the name that it stands for comes out, undefined where it is neither a word nor quoted. */
import { unquote } from './quote.ts';
import type { Token } from './tokens.ts';

export function tokenName(token: Token | undefined): string | undefined {
  if (token?.kind === 'quoted') return unquote(token.text);
  return token?.kind === 'word' ? token.text : undefined;
}
