/** The storage clause of a table or a materialized view (ENGINE … SETTINGS): declared, read and written. */
import { Cursor, ParseError } from '../sql/cursor.ts';
import { literal, unquote } from '../sql/quote.ts';
import { TokenError } from '../sql/tokens.ts';
import { joinEngine, type Replicated, splitEngine } from './replication.ts';
import { said } from './said.ts';

export type Storage = Replicated &
  Readonly<{
    partitionBy: string | undefined;
    primaryKey: string | undefined;
    orderBy: string | undefined;
    sampleBy: string | undefined;
    ttl: string | undefined;
    settings: Readonly<Record<string, string>>;
  }>;

/** The storage of a view, which has none where its rows go to a table. */
export type OwnStorage = { readonly [K in keyof Storage]: Storage[K] | undefined };

export const NO_STORAGE: OwnStorage = {
  engine: undefined,
  replication: undefined,
  chosenBy: undefined,
  partitionBy: undefined,
  primaryKey: undefined,
  orderBy: undefined,
  sampleBy: undefined,
  ttl: undefined,
  settings: undefined,
};

type Texts = string | readonly string[];

/** The part of a declaration that speaks of storage. */
export interface StorageDeclaration {
  readonly engine?: string;
  readonly replicated?: false;
  readonly partition_by?: Texts;
  readonly primary_key?: Texts;
  readonly order_by?: Texts;
  readonly sample_by?: Texts;
  readonly ttl?: Texts;
  readonly settings?: Readonly<Record<string, string>>;
}

/** Servers write `1.0` as `1.`. */
const NUMBER = /^-?\d+(\.\d*)?$/;

/** A disk that is defined in place, or a map: `disk(type = s3, …)`, `{'job': 'tag_job'}`. */
function isWhole(value: string): boolean {
  if (!/^(disk\(|\{\s*')/.test(value)) return false;
  try {
    const cursor = new Cursor(value);
    cursor.expression();
    return cursor.ended;
  } catch (error) {
    if (error instanceof ParseError || error instanceof TokenError) return false;
    throw error;
  }
}

/** A setting's value as SQL: numbers, disks and maps as they are, everything else as a string. */
export function settingText(value: string): string {
  return NUMBER.test(value) || isWhole(value) ? value : literal(value);
}

export function declareSettings(
  settings: Readonly<Record<string, string>> | undefined,
): Record<string, string> {
  return Object.fromEntries(
    Object.entries(settings ?? {}).map(([name, value]) => [name, settingText(value)]),
  );
}

/** What {@link declareSettings} reads; undefined where there are none. */
export function describeSettings(
  settings: Readonly<Record<string, string>> | undefined,
): Record<string, string> | undefined {
  const entries = Object.entries(settings ?? {});
  if (entries.length === 0) return undefined;
  return Object.fromEntries(
    entries.map(([name, value]) => [name, value.startsWith("'") ? unquote(value) : value]),
  );
}

/** One expression, or several as a tuple. */
export function keyText(key: Texts | undefined): string | undefined {
  if (key === undefined || typeof key === 'string') return key;
  const [only, ...more] = key;
  if (only === undefined) return 'tuple()';
  return more.length === 0 ? only : `(${key.join(', ')})`;
}

/** The expressions of a tuple in parentheses as a list; everything else as it is. */
function describeKey(key: string | undefined): Texts | undefined {
  if (key === undefined) return undefined;
  const outer = new Cursor(key);
  if (!outer.sees('(')) return key;
  const inner = new Cursor(outer.parenthesized());
  const parts: string[] = [];
  do parts.push(inner.ended ? '' : inner.expression());
  while (inner.takes(','));
  return outer.ended && parts.length > 1 && keyText(parts) === key ? parts : key;
}

export function listText(texts: Texts | undefined): string | undefined {
  return texts === undefined || typeof texts === 'string' ? texts : texts.join(', ');
}

/** What {@link declareStorage} reads. */
export function describeStorage(storage: Storage): StorageDeclaration {
  const { partitionBy, primaryKey, orderBy, sampleBy, ttl, settings, replication, chosenBy } = storage;
  // Only servers that make a shared table of every plain one have any.
  const engine = replication?.startsWith('Shared') ? storage.engine : joinEngine(storage);
  const impliesKey = /MergeTree\b/.test(engine) && primaryKey === undefined;
  return said({
    engine: engine === 'MergeTree' ? undefined : engine,
    replicated: chosenBy === 'declaration' && replication === undefined ? (false as const) : undefined,
    partition_by: describeKey(partitionBy),
    primary_key: describeKey(primaryKey),
    order_by: impliesKey && orderBy === 'tuple()' ? undefined : describeKey(orderBy),
    sample_by: describeKey(sampleBy),
    ttl,
    settings: describeSettings(settings),
  });
}

/** The declared storage. A MergeTree without a sorting key is sorted by its primary key, or by nothing, and servers say so. */
export function declareStorage(value: StorageDeclaration): Storage {
  const engine = value.engine ?? 'MergeTree';
  const implied = /MergeTree\b/.test(engine) ? (keyText(value.primary_key) ?? 'tuple()') : undefined;
  return {
    ...splitEngine(engine),
    chosenBy: value.replicated === false ? 'declaration' : undefined,
    partitionBy: keyText(value.partition_by),
    primaryKey: keyText(value.primary_key),
    orderBy: keyText(value.order_by) ?? implied,
    sampleBy: keyText(value.sample_by),
    ttl: listText(value.ttl),
    settings: declareSettings(value.settings),
  };
}

const KEYS = [
  ['PARTITION BY', 'partitionBy'],
  ['PRIMARY KEY', 'primaryKey'],
  ['ORDER BY', 'orderBy'],
  ['SAMPLE BY', 'sampleBy'],
  ['TTL', 'ttl'],
] as const;

/** Whether the tables behind a TimeSeries begin here: `SAMPLES INNER COLUMNS (…)` or `TAGS shop.tags`. */
export function targetsBegin(cursor: Cursor): boolean {
  const [word, next] = [cursor.peek(), cursor.peek(1)];
  return /^(SAMPLES|DATA|TAGS|METRICS)$/.test(word?.text ?? '') && /^(word|quoted)$/.test(next?.kind ?? '');
}

/** Whether a clause behind the storage's expressions begins here. */
function clauseBegins(cursor: Cursor): boolean {
  if (targetsBegin(cursor)) return true;
  if (KEYS.some(([words]) => cursor.sees(words)) || cursor.sees('DEFINER =') || cursor.sees('SQL SECURITY'))
    return true;
  if (cursor.sees('SETTINGS')) return cursor.peek(2)?.text === '=';
  if (cursor.sees('COMMENT')) return cursor.peek(1)?.kind === 'string';
  return cursor.sees('AS SELECT') || cursor.sees('AS WITH') || cursor.sees('AS (');
}

/** Takes `a = 1, b = 'x'`. */
export function readSettings(cursor: Cursor): Record<string, string> {
  const settings: Record<string, string> = {};
  do {
    const name = cursor.name();
    cursor.expect('=');
    settings[name] = cursor.expression(() => clauseBegins(cursor));
  } while (cursor.takes(','));
  return settings;
}

/** Takes `ENGINE = … [PARTITION BY …] … [SETTINGS …]`. */
export function readStorage(cursor: Cursor): Storage {
  cursor.expect('ENGINE =');
  const name = cursor.name();
  const engine = cursor.sees('(') ? `${name}(${cursor.parenthesized()})` : name;
  const keys: Partial<Record<(typeof KEYS)[number][1], string>> = {};
  for (const [words, key] of KEYS) {
    if (cursor.takes(words)) keys[key] = cursor.expression(() => clauseBegins(cursor), key === 'ttl');
  }
  const settings = cursor.takes('SETTINGS') ? readSettings(cursor) : {};
  return {
    ...splitEngine(engine),
    chosenBy: undefined,
    partitionBy: keys.partitionBy,
    primaryKey: keys.primaryKey,
    orderBy: keys.orderBy,
    sampleBy: keys.sampleBy,
    ttl: keys.ttl,
    settings,
  };
}

export function settingsText(settings: Readonly<Record<string, string>>): string {
  return Object.entries(settings)
    .map(([name, value]) => `${name} = ${value}`)
    .join(', ');
}

/** ` ENGINE = … ORDER BY …`, as it stands behind the column list. */
export function writeStorage(storage: Storage): string {
  const keys = KEYS.flatMap(([words, key]) =>
    storage[key] === undefined ? [] : [`${words} ${storage[key]}`],
  );
  const settings = settingsText(storage.settings);
  return [`ENGINE = ${joinEngine(storage)}`, ...keys, ...(settings ? [`SETTINGS ${settings}`] : [])].join(
    ' ',
  );
}
