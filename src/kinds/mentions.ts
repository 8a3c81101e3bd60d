/** Tells whether an expression, or anything that a part of a table says, speaks of a column. */
import type { StateObject } from '../model/object.ts';
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

/** Attributes that are no expressions over columns. */
const OPAQUE = new Set(['type', 'comment', 'codec', 'statistics', 'settings']);

/** What the object says in expressions: attribute → text. */
export function expressionsOf({ attributes }: StateObject): ReadonlyMap<string, string> {
  const texts = Object.entries(attributes).filter(
    (entry): entry is [string, string] => typeof entry[1] === 'string' && !OPAQUE.has(entry[0]),
  );
  return new Map(texts);
}

export function speaksOf(object: StateObject, name: string): boolean {
  return [...expressionsOf(object).values()].some((text) => mentions(text, name));
}
