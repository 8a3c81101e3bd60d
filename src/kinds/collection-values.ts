/** The values of named collections: how statements write them, and which of them the statements of past applies have left. */
import type { Outcome } from '../model/report.ts';
import { Cursor } from '../sql/cursor.ts';
import { literal, unquote } from '../sql/quote.ts';
import { STALE } from './secret.ts';

const FLAGS = ['NOT OVERRIDABLE', 'OVERRIDABLE'] as const;
type Flag = (typeof FLAGS)[number];

export interface Value {
  readonly text: string;
  readonly flag: Flag | undefined;
}

const takeFlag = (cursor: Cursor): Flag | undefined => FLAGS.find((words) => cursor.takes(words));

export function readValue(sql: string): Value {
  const cursor = new Cursor(sql);
  const value = cursor.expression(() => true);
  const flag = takeFlag(cursor);
  if (!cursor.ended) cursor.fail('the end');
  return { text: value.startsWith("'") ? unquote(value) : value, flag };
}

export function writeValue({ text, flag }: Value): string {
  return flag ? `${literal(text)} ${flag}` : literal(text);
}

/** `key = 'text' OVERRIDABLE, …` up to the end of the statement. */
export function readAssignments(cursor: Cursor): [key: string, value: string][] {
  const values: [string, string][] = [];
  do {
    const key = cursor.name();
    cursor.expect('=');
    const value = cursor.expression(() => true);
    const flag = takeFlag(cursor);
    values.push([key, flag ? `${value} ${flag}` : value]);
  } while (cursor.takes(','));
  if (!cursor.ended) cursor.fail('the end');
  return values;
}

/** The statements of one step of a past apply, with references for secrets, and what became of them. */
export interface Write {
  readonly statements: readonly string[];
  /** `running` where nobody has written down how it ended. */
  readonly outcome: Outcome | 'running';
}

interface Writing {
  readonly creates: boolean;
  readonly deletes: readonly string[];
  readonly sets: readonly (readonly [key: string, value: string])[];
}

function readKeys(cursor: Cursor): string[] {
  const keys = [cursor.name()];
  while (cursor.takes(',')) keys.push(cursor.name());
  return keys;
}

function readWriting(statement: string): Writing {
  const cursor = new Cursor(statement);
  const creates = cursor.takes('CREATE NAMED COLLECTION');
  if (!creates) cursor.expect('ALTER NAMED COLLECTION');
  cursor.name();
  if (cursor.takes('DELETE')) return { creates, deletes: readKeys(cursor), sets: [] };
  cursor.expect(creates ? 'AS' : 'SET');
  return { creates, deletes: [], sets: readAssignments(cursor) };
}

/** A creation that was broken off is done where the collection is there; of anything else that was nobody knows how far it came. */
const isKnown = ({ outcome }: Write, { creates }: Writing): boolean =>
  outcome === 'done' || (creates && outcome === 'running');

/** The text under each key after these writes, the oldest first; stale where nobody knows whether it was written. */
export function writtenValues(writes: readonly Write[]): ReadonlyMap<string, string> {
  const begun = writes.filter(({ outcome }) => outcome !== 'not run');
  const writings = begun.flatMap((write) =>
    write.statements.map(readWriting).map((writing) => ({ ...writing, isKnown: isKnown(write, writing) })),
  );
  const start = writings.findLastIndex(({ creates }) => creates);
  const entries = writings
    .slice(Math.max(0, start))
    .flatMap(({ deletes, sets, isKnown }) => [
      ...deletes.map((key) => [key, isKnown ? undefined : STALE] as const),
      ...sets.map(([key, value]) => [key, isKnown ? readValue(value).text : STALE] as const),
    ]);
  return new Map([...new Map(entries)].flatMap(([key, text]) => (text === undefined ? [] : [[key, text]])));
}
