/** Tells whether an expression speaks of a column. */
import { unquote } from '../sql/quote.ts';
import { tokenize } from '../sql/tokens.ts';

/** Whether the name stands in the text, quoted or not. A function or an alias of that name counts too: rather once too often. */
export function mentions(text: string | undefined, name: string): boolean {
  if (text === undefined) return false;
  const words = tokenize(text).map((token) => (token.kind === 'quoted' ? unquote(token.text) : token.text));
  if (words.includes(name)) return true;
  const path = name.split('.').flatMap((part, at) => (at === 0 ? [part] : ['.', part]));
  return (
    path.length > 1 && words.some((_word, at) => path.every((part, ahead) => words[at + ahead] === part))
  );
}
