/** A table, some of its partitions and a way to split them go in; rows and digests of one site come out. */
import type { Server } from '../live/server.ts';
import { literal, qualified } from '../sql/quote.ts';
import type { Content, Depth } from './comparison.ts';
import { type Split, WHOLE } from './pieces.ts';
import type { Question } from './question.ts';
import { exactly, type SiteFacts } from './site.ts';

/** A digest that can be added to another. Hashes of rows add up modulo 2^64, in whatever order they come. */
export interface Sum {
  readonly rows: number;
  readonly sum: bigint;
  readonly xor: bigint;
  /** Of what must be equal even where the rest need not; 0 where there is no such thing. */
  readonly firm: bigint;
}

/** What to read, of one table, on either site. */
export interface Reading {
  readonly path: readonly string[];
  readonly question: Question;
  readonly depth: Depth;
  /** Rows that expire until then are left out, in seconds. */
  readonly now: number;
}

export interface Slice {
  readonly partitions: readonly string[];
  /** Conditions on the rows. */
  readonly where: readonly string[];
  /** How the rows of each partition are split. */
  readonly split: Split;
}

export const NOTHING: Sum = { rows: 0, sum: 0n, xor: 0n, firm: 0n };

export function add(a: Sum, b: Sum): Sum {
  return {
    rows: a.rows + b.rows,
    sum: BigInt.asUintN(64, a.sum + b.sum),
    xor: a.xor ^ b.xor,
    firm: BigInt.asUintN(64, a.firm + b.firm),
  };
}

export function isSame(a: Sum, b: Sum): boolean {
  return a.rows === b.rows && a.sum === b.sum && a.xor === b.xor;
}

export function contentOf({ rows, sum, xor }: Sum, depth: Depth): Content {
  const digits = (value: bigint): string => value.toString(16).padStart(16, '0');
  return { rows, digest: depth === 'rows' ? '' : digits(sum) + digits(xor) };
}

/** `FROM … WHERE …` for the rows that count. */
export function fromRows({ path, question, now }: Reading, slice: Omit<Slice, 'split'>): string {
  const ids = slice.partitions.map(literal).join(', ');
  const conditions = [`_partition_id IN (${ids})`, ...slice.where, ...question.alive(now)];
  return `FROM ${qualified(path)}${question.final ? ' FINAL' : ''} WHERE ${conditions.join(' AND ')}`;
}

const ROW = '`plumbline row`';

/** In one pass: for each partition and each piece of it that has rows, how many and their digest. */
export async function readDigests(
  server: Server,
  facts: SiteFacts,
  reading: Reading,
  slice: Slice,
): Promise<Map<string, Map<string, Sum>>> {
  const { question, depth, now } = reading;
  const deep = depth === 'digest';
  const values = [
    'toString(count())',
    deep ? `toString(sum(${question.row(now)} AS ${ROW}))` : `'0'`,
    deep ? `toString(groupBitXor(${ROW}))` : `'0'`,
    deep && question.loose ? `toString(sum(${question.loose.row(now)}))` : `'0'`,
  ];
  // A key that is the same for all rows costs a fifth of the whole query.
  const [only] = slice.partitions.length === 1 ? slice.partitions : [];
  const keys = [
    ...(only === undefined ? ['_partition_id'] : []),
    ...(slice.split === WHOLE ? [] : [slice.split.sql]),
  ];
  const partition = only === undefined ? 'toString(_partition_id)' : literal(only);
  const group = keys.length === 0 ? '' : ` GROUP BY ${keys.join(', ')}`;
  const rows = await server.rows<[string, string, string, string, string, string]>(
    `SELECT ${partition}, toString(${slice.split.sql}), ${values.join(', ')} ${fromRows(reading, slice)}${group}`,
    exactly(facts),
  );
  const partitions = new Map<string, Map<string, Sum>>();
  for (const [id, piece, count, sum, xor, firm] of rows) {
    const pieces = partitions.get(id) ?? new Map<string, Sum>();
    partitions.set(id, pieces);
    pieces.set(piece, { rows: Number(count), sum: BigInt(sum), xor: BigInt(xor), firm: BigInt(firm) });
  }
  return partitions;
}
