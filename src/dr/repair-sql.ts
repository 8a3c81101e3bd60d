/** A table's path and the repair of one of its partitions go in; every statement of it comes out, for those who read it and for apply. */
import { createHash } from 'node:crypto';
import type { Repair } from '../model/repair.ts';
import { identifier, literal, qualified } from '../sql/quote.ts';

/** The database in which partitions are put together. */
const DATABASE = 'plumbline';

/** Names of tables in which partitions are put together, one for each partition. */
export const STAGING = /^repair_[0-9a-f]{16}$/;

export function stagingOf(path: readonly string[], partition: string): string {
  const hash = createHash('sha256')
    .update(JSON.stringify([path, partition]))
    .digest('hex');
  return `repair_${hash.slice(0, 16)}`;
}

/** What such a table's comment begins with, so that nobody else's is taken for one. */
export const STAGING_COMMENT = 'plumbline puts a partition together here: ';

/** How it ends: rows, sum and exclusive or of what the partition had. */
export const REPLACED = / in place of (\d+) rows of digest ([0-9a-f]{16})([0-9a-f]{16})$/;

function stagingComment(path: readonly string[], { partition, passive: { rows, digest } }: Repair): string {
  return `${STAGING_COMMENT}${path.join('.')} ${partition}, in place of ${rows} rows of digest ${digest || 'unknown'}`;
}

export const stagingPath = (staging: string): readonly string[] => [DATABASE, staging];

/** What stands for the moment that is known only when the statement runs. */
export const ANY_MOMENT = '{now}';

/** Every row once and as it is, none taken for one that was there before, and no shard left out. */
const COPY = [
  ...['max_insert_threads = 2', 'optimize_on_insert = 0', 'async_insert = 0'],
  ...['insert_deduplicate = 0', 'insert_allow_materialized_columns = 1', 'skip_unavailable_shards = 0'],
];

/** One thread reads rows in the order in which they lie, so that those who write them need not sort them again; 8 MiB at a time. */
const IN_ORDER = ['max_threads = 1', 'preferred_block_size_bytes = 8388608'];

/** What a partition's rows are read from: the table, or one like it. */
export type Digested = Pick<Repair, 'partition' | 'row' | 'alive' | 'final'>;

/** Rows, sum and exclusive or of their hashes, as the comparison of the sites asks for them; of each value of `by`, and which it is. */
export function digestSql(
  path: readonly string[],
  digested: Digested,
  now: number | string,
  by?: string,
): string {
  const { partition, row, alive, final } = digested;
  const at = (text: string): string => text.replaceAll(ANY_MOMENT, String(now));
  const where = [`_partition_id = ${literal(partition)}`, ...alive.map(at)].join(' AND ');
  const hash = '`plumbline row`';
  const [value, group] = by === undefined ? ['', ''] : [`, toString(${by})`, ` GROUP BY ${by}`];
  return (
    `SELECT toString(count()), toString(sum(${at(row)} AS ${hash})), toString(groupBitXor(${hash}))${value} ` +
    `FROM ${qualified(path)}${final ? ' FINAL' : ''} WHERE ${where}${group}`
  );
}

/**
 * How many rows the table has that the copy lacks. A row that only the table has may be another version of one that only the copy
 * has: of each key, as many count as such. The keys' hashes are taken in `shares` pieces, so that one fits into memory.
 */
export function lostSql(
  path: readonly string[],
  repair: Repair & Required<Pick<Repair, 'key'>>,
  [share, shares]: readonly [number, number],
  now: number | string,
): string {
  const { partition, key, final } = repair;
  const at = (text: string): string => text.replaceAll(ANY_MOMENT, String(now));
  const where = [
    `_partition_id = ${literal(partition)}`,
    ...repair.alive.map(at),
    `${key} % ${shares} = ${share}`,
  ];
  const rows = (from: readonly string[], side: number): string =>
    `SELECT ${key} AS key, ${at(repair.row)} AS row, ${side} AS side FROM ${qualified(from)}${final ? ' FINAL' : ''} ` +
    `WHERE ${where.join(' AND ')}`;
  const sides = [rows(path, 1), rows(stagingPath(repair.staging), 0)].join(' UNION ALL ');
  const held = `SELECT key, countIf(side = 1) AS here, countIf(side = 0) AS there FROM (${sides}) GROUP BY key, row`;
  const alone = `SELECT sumIf(here, there = 0) AS more, sumIf(there, here = 0) AS less FROM (${held}) GROUP BY key`;
  return `SELECT toString(sumIf(more - less, more > less)) FROM (${alone})`;
}

function source([database = '', table = '']: readonly string[], { from }: Repair): string {
  const names = `database = ${literal(database)}, table = ${literal(table)}`;
  if ('namedCollection' in from) return `remote(${identifier(from.namedCollection)}, ${names})`;
  return `cluster(${literal(from.cluster)}, ${literal(database)}, ${literal(table)})`;
}

export interface RepairSql {
  create(): string;
  /** What the passive site has, at no cost; then without the rows that are to be replaced. */
  clone(): string[];
  copy(): string;
  replace(): string;
  drop(): string;
}

export function repairSql(path: readonly string[], repair: Repair): RepairSql {
  const { partition, staging, where, from, bandwidth } = repair;
  const [table, copy] = [qualified(path), qualified(stagingPath(staging))];
  const id = literal(partition);
  const columns = repair.columns.map(identifier).join(', ');
  const conditions = [
    `_partition_id = ${id}`,
    ...('cluster' in from && from.shard !== undefined ? [`_shard_num = ${from.shard}`] : []),
    ...(where === undefined ? [] : [`(${where})`]),
  ];
  const reading = repair.merged ? ['max_threads = 2'] : IN_ORDER;
  const settings = [
    ...COPY,
    ...reading,
    ...(bandwidth === undefined ? [] : [`max_network_bandwidth = ${bandwidth}`]),
  ];
  return {
    create: () =>
      `CREATE TABLE ${copy} AS ${table} ${repair.storage} COMMENT ${literal(stagingComment(path, repair))}`,
    clone: () =>
      where === undefined
        ? []
        : [
            `ALTER TABLE ${copy} ATTACH PARTITION ID ${id} FROM ${table}`,
            `DELETE FROM ${copy} WHERE ${where} SETTINGS lightweight_deletes_sync = 2, lightweight_delete_mode = 'alter_update'`,
          ],
    copy: () =>
      `INSERT INTO ${copy} (${columns}) SELECT ${columns} FROM ${source(path, repair)}${repair.merged ? ' FINAL' : ''} ` +
      `WHERE ${conditions.join(' AND ')} SETTINGS ${settings.join(', ')}`,
    replace: () => `ALTER TABLE ${table} REPLACE PARTITION ID ${id} FROM ${copy}`,
    drop: () => dropStaging(staging),
  };
}

export function dropStaging(staging: string): string {
  return `DROP TABLE IF EXISTS ${qualified(stagingPath(staging))} SYNC`;
}

export const hasKey = (repair: Repair): repair is Repair & Required<Pick<Repair, 'key'>> =>
  repair.key !== undefined;

/** The statements in the order in which they run, for those who review them. */
export function repairRecipe(path: readonly string[], repair: Repair): string[] {
  const sql = repairSql(path, repair);
  if (repair.finish) return [sql.replace(), sql.drop()];
  return [
    sql.create(),
    ...sql.clone(),
    sql.copy(),
    digestSql(stagingPath(repair.staging), repair, ANY_MOMENT),
    ...(hasKey(repair) ? [lostSql(path, repair, [0, 1], ANY_MOMENT)] : []),
    sql.replace(),
    sql.drop(),
  ];
}
