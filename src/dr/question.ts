/** A table goes in; what both sites are asked about its rows comes out: which columns, which rows, merged or not. */
import { createHash } from 'node:crypto';
import { keyParts } from '../kinds/table-engine.ts';
import { identifier } from '../sql/quote.ts';
import { bareColumn, type ComparedTable, type StoredColumn } from './compared-table.ts';
import { digestExpression, holdsFloat, NotComparable } from './digest-expression.ts';
import { isPast, type RowTtl, readRowTtl, unexpired } from './ttl.ts';

export interface KeyPart {
  readonly expression: string;
  /** Of a part that is nothing but a column. */
  readonly type?: string;
}

export interface Question {
  /** SQL for the hash of a row, a UInt64. `now` is in seconds, or a mark that stands for them. */
  row(now: number | string): string;
  /** Present where equal sites may show other values: the hash of what must be equal even so, and why the rest need not. */
  readonly loose?: { row(now: number): string; readonly why: string };
  /** Conditions that hold for the rows which no TTL has deleted by `now`. */
  alive(now: number | string): readonly string[];
  /** Whether rows are read as the engine would merge them, partition by partition. */
  readonly final: boolean;
  /** Whether a TTL merges old rows into fewer, when a server gets to it. */
  readonly groups: boolean;
  /** The sorting key. */
  readonly key: readonly KeyPart[];
  readonly types: readonly string[];
  /** Changes with whatever is asked; the moment left out. */
  readonly fingerprint: string;
}

/** Engines that merge rows of one key. */
const MERGING = new Set(
  'Replacing Collapsing VersionedCollapsing Summing Aggregating Coalescing'
    .split(' ')
    .map((prefix) => `${prefix}MergeTree`),
);

function checkTable({ engine, columns }: ComparedTable): void {
  if (engine.name === 'GraphiteMergeTree')
    throw new NotComparable('GraphiteMergeTree rolls rows up by the clock of each server');
  if (engine.name !== 'MergeTree' && !MERGING.has(engine.name))
    throw new NotComparable(`${engine.name} keeps no partitions that could be compared`);
  const hiding = columns.find(({ name }) => name === '_partition_id' || name === '_part_offset');
  if (hiding) throw new NotComparable(`a column named ${hiding.name} hides where rows lie`);
}

interface Hashed {
  readonly value: string;
  readonly firm: string | undefined;
  readonly why: string | undefined;
}

function hashed(column: StoredColumn, summed: boolean, now: string): Hashed {
  const name = identifier(column.name);
  try {
    const { expression, loose } = digestExpression(name, column.type);
    const floats = summed && column.type !== '' && !loose && holdsFloat(column.type);
    const why = floats ? 'the engine adds floating-point numbers in the order of merges' : loose?.why;
    const kept = (value: string): string =>
      column.ttl === undefined
        ? value
        : `if(${isPast(column.ttl, now)}, defaultValueOfArgumentType(${value}), ${value})`;
    const firm = why === undefined ? expression : floats ? undefined : loose?.firm;
    return {
      value: kept(expression),
      firm: firm === undefined ? undefined : kept(firm),
      why: why && `column ${column.name}: ${why}`,
    };
  } catch (error) {
    if (error instanceof NotComparable) throw new NotComparable(`column ${column.name} ${error.message}`);
    throw error;
  }
}

const NOW = '\0';

const hash = (values: readonly string[]): string => `cityHash64(tuple(${values.join(', ')}))`;

function questionKey(table: ComparedTable): KeyPart[] {
  return table.orderBy.map((expression) => {
    const type = table.columns.find(({ name }) => name === bareColumn(expression))?.type;
    return { expression, ...(type !== undefined && { type }) };
  });
}

/** Whether SummingMergeTree adds the column up: the named ones, or all outside of the key. */
function isSummed(name: string, { engine, orderBy }: ComparedTable): boolean {
  if (engine.name !== 'SummingMergeTree') return false;
  const named = engine.parameters.flatMap(keyParts);
  if (named.length > 0) return named.some((one) => bareColumn(one) === name);
  return !orderBy.some((part) => bareColumn(part) === name);
}

/** What to ask about the table. Throws {@link NotComparable}, with the reason, where no answer would be exact. */
export function questionOf(table: ComparedTable): Question {
  checkTable(table);
  const ttl: RowTtl = readRowTtl(table.ttl);
  const columns = table.columns.map((column) => hashed(column, isSummed(column.name, table), NOW));
  const row = hash(columns.map(({ value }) => value));
  const loose = columns.find(({ why }) => why !== undefined)?.why;
  const firm = hash(columns.flatMap((column) => column.firm ?? []));
  const conditions = unexpired(ttl, NOW);
  const final = MERGING.has(table.engine.name);
  const at = (text: string, now: number | string): string => text.replaceAll(NOW, String(now));
  return {
    row: (now) => at(row, now),
    ...(loose !== undefined && { loose: { why: loose, row: (now: number) => at(firm, now) } }),
    alive: (now) => conditions.map((condition) => at(condition, now)),
    final,
    groups: ttl.groups,
    key: questionKey(table),
    types: [...new Set(table.columns.map(({ type }) => type))],
    fingerprint: createHash('sha1')
      .update(JSON.stringify([row, conditions, final, table]))
      .digest('base64url'),
  };
}
