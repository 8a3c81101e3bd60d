/** What is known of table engines: their families, and what each lets ALTER change. */
import { Cursor } from '../sql/cursor.ts';
import { literal, unquote } from '../sql/quote.ts';
import { type Token, tokenize } from '../sql/tokens.ts';

export interface Engine {
  readonly name: string;
  /** As written between the parentheses; empty when there are none. */
  readonly parameters: string;
}

/** Splits `ReplacingMergeTree(version)`. */
export function engineOf(text: string): Engine {
  const cursor = new Cursor(text);
  const name = cursor.name();
  return { name, parameters: cursor.ended ? '' : cursor.parenthesized() };
}

export function isMergeTree(engine: string): boolean {
  return engineOf(engine).name.endsWith('MergeTree');
}

/** Engines that keep no rows, or keep them elsewhere: creating them anew loses nothing that is not flushed first. */
const DATALESS = new Set(
  'Null Distributed Merge Buffer Kafka URL S3 MySQL PostgreSQL MongoDB Redis GenerateRandom'.split(' '),
);

export function holdsRows(engine: string): boolean {
  return !DATALESS.has(engineOf(engine).name);
}

/** Engines whose columns ALTER can change; the others (the Log family, Set, Join …) take nothing but comments. */
const ALTERABLE = new Set(['Null', 'Distributed', 'Merge', 'Buffer', 'Memory']);

export function altersColumns(engine: string): boolean {
  return isMergeTree(engine) || ALTERABLE.has(engineOf(engine).name);
}

/** Engines whose first so many parameters name clusters, databases and tables. */
const NAMING = new Map([
  ['Distributed', 3],
  ['Buffer', 2],
  ['Merge', 1],
]);

/** The engine as servers store it, who write names among its parameters as strings: `Merge(shop, '^t')`. */
export function storedEngine(text: string): string {
  const { name, parameters } = engineOf(text);
  const names = NAMING.get(name);
  if (names === undefined) return text;
  const list = new Cursor(parameters);
  const stored: string[] = [];
  while (!list.ended) {
    const token = list.peek();
    const parameter = list.expression();
    const isName = stored.length < names && parameter === token?.text && token.kind !== 'string';
    stored.push(isName ? literal(token.kind === 'quoted' ? unquote(parameter) : parameter) : parameter);
    if (!list.takes(',')) break;
  }
  return `${name}(${stored.join(', ')})`;
}

/** What servers show in place of a password; nobody knows what it stands for. */
export const HIDDEN = "'[HIDDEN]'";

function comparable(text: string): string[] {
  const { name, parameters } = engineOf(text);
  const plain = ({ kind, text }: Token): string =>
    NAMING.has(name) && (kind === 'string' || kind === 'quoted') ? unquote(text) : text;
  return [name, ...tokenize(parameters).map(plain)];
}

/** `Buffer(shop, orders, …)` and `Buffer('shop', 'orders', …)` are one engine, so are `Memory` and `Memory()`. */
export function sameEngine(live: string, desired: string): boolean {
  if (live === desired) return true;
  const [a, b] = [comparable(live), comparable(desired)];
  return a.length === b.length && a.every((text, at) => text === b[at] || text === HIDDEN);
}

/** Settings of which the server hides the value can't be compared. */
export function sameSettings(
  live: Readonly<Record<string, string>> | undefined = {},
  desired: Readonly<Record<string, string>> | undefined = {},
): boolean {
  const names = new Set([...Object.keys(live), ...Object.keys(desired)]);
  return [...names].every(
    (name) => live[name] === desired[name] || (live[name] === HIDDEN && name in desired),
  );
}

/** `(k)` and `k` are one key, so are `tuple(a, b DESC)` and `(a, b DESC)`. */
export function keyParts(text: string | undefined): readonly string[] {
  if (text === undefined) return [];
  const outer = new Cursor(text);
  outer.takes('tuple');
  if (!outer.sees('(')) return [text];
  const inner = outer.parenthesized();
  if (!outer.ended) return [text];
  const parts: string[] = [];
  const list = new Cursor(inner);
  while (!list.ended) {
    parts.push(list.expression());
    if (!list.takes(',')) break;
  }
  return parts;
}

export function sameKey(a: string | undefined, b: string | undefined): boolean {
  return a === b || JSON.stringify(keyParts(a)) === JSON.stringify(keyParts(b));
}
