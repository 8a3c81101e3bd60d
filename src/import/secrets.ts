/** A description goes in; what servers hide in it, and what they should, comes out as named references to secrets. */
import type { Description } from '../kinds/kind.ts';
import { hasSecret, secretMark, suggestedSecret } from '../kinds/secret.ts';
import { type SecretPosition, secretPositions, secretPositionsOfSetting } from '../kinds/secret-positions.ts';
import { settingText } from '../kinds/storage.ts';
import { unquote } from '../sql/quote.ts';
import { TokenError } from '../sql/tokens.ts';

const HIDDEN = /\[HIDDEN\]/g;

/** `SHOP_ORDERS_SECRET`, then `SHOP_ORDERS_SECRET_2` …: names for the secrets of one object, in the order in which they stand. */
function namesFor(path: readonly string[]): () => string {
  const name = suggestedSecret([...path, 'secret']);
  let count = 0;
  return () => secretMark(++count === 1 ? name : `${name}_${count}`);
}

/** The text with a reference in each of the places. */
function referred(text: string, places: readonly SecretPosition[], next: () => string): string {
  let left = text;
  for (const { start, end } of [...places].sort((a, b) => b.start - a.start)) {
    const secret = left.slice(start, end);
    if (secret !== '' && !hasSecret(secret)) left = left.slice(0, start) + next() + left.slice(end);
  }
  return left;
}

function inSetting([name, value]: [string, unknown], next: () => string): [string, unknown] {
  if (typeof value !== 'string') return [name, value];
  const text = settingText(value);
  const told = referred(text, secretPositionsOfSetting(name, text), next);
  return [name, told.startsWith("'") ? unquote(told) : told];
}

/** Secrets that stand where they are known to stand, whether or not this server hides them. */
function inStorage(description: Description, of: 'table' | 'database', next: () => string): Description {
  const { engine, settings } = description;
  try {
    return {
      ...description,
      ...(typeof engine === 'string' && { engine: referred(engine, secretPositions(engine, of), next) }),
      ...(typeof settings === 'object' &&
        settings !== null && {
          settings: Object.fromEntries(Object.entries(settings).map((entry) => inSetting(entry, next))),
        }),
    };
  } catch (error) {
    if (error instanceof TokenError) return description;
    throw error;
  }
}

function everywhere(value: unknown, next: () => string): unknown {
  if (typeof value === 'string') return value.replace(HIDDEN, next);
  if (value instanceof Map) return new Map([...value].map(([key, inner]) => [key, everywhere(inner, next)]));
  if (Array.isArray(value)) return value.map((inner) => everywhere(inner, next));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, everywhere(inner, next)]));
}

/** The description of the object at a path, without a secret and without `[HIDDEN]`. */
export function withReferences(
  description: Description,
  path: readonly string[],
  of: 'table' | 'database',
): Description {
  const next = namesFor(path);
  return everywhere(inStorage(description, of, next), next) as Description;
}
