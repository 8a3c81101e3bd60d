/** What every part of a rebuild works with: the node, the statements, and what the old and the new table are made of now. */
import type { RebuildSql } from '../kinds/rebuild-sql.ts';
import type { Server } from '../live/server.ts';
import { PlumblineError } from '../model/errors.ts';
import { showPath } from '../model/object.ts';
import type { Rebuild } from '../model/rebuild.ts';
import { literal } from '../sql/quote.ts';

export interface RebuildRun {
  readonly server: Server;
  readonly path: readonly string[];
  readonly rebuild: Rebuild;
  readonly sql: RebuildSql;
  /** Runs a statement for as long as it takes; throws when the cluster's lock is lost. */
  send(statement: string): Promise<void>;
  ask<Row extends readonly unknown[]>(query: string): Promise<Row[]>;
  /** Whether somebody asked to stop. */
  readonly shouldStop: () => boolean;
}

/** The rebuild can't go on; the message says why and what is as it was. */
export class RebuildError extends PlumblineError {
  override readonly name = 'RebuildError';
}

/** The active parts of one partition. */
export interface PartitionParts {
  readonly partition: string;
  readonly block: bigint;
  readonly rows: bigint;
}

export interface Parts {
  readonly partitions: readonly PartitionParts[];
  /** The highest block number; -1 where there are no parts. */
  readonly block: bigint;
  readonly rows: bigint;
  /** Whether rows were deleted that the parts still count. */
  readonly hidesRows: boolean;
  /** Whether lightweight updates wait to be merged. */
  readonly patched: boolean;
}

const named = ([database = '', table = '']: readonly string[]): string =>
  `database = ${literal(database)} AND table = ${literal(table)}`;

/** A snapshot of what a table is made of. Block numbers are given when a part is committed, and rise. */
export async function readParts({ ask }: RebuildRun, path: readonly string[]): Promise<Parts> {
  const rows = await ask<[string, string, string, number]>(
    `SELECT partition_id, toString(max(max_block_number)), toString(sum(rows)), max(has_lightweight_delete)
     FROM system.parts WHERE ${named(path)} AND active GROUP BY partition_id ORDER BY partition_id`,
  );
  const partitions = rows
    .filter(([partition]) => !partition.startsWith('patch-'))
    .map(([partition, block, count]) => ({ partition, block: BigInt(block), rows: BigInt(count) }));
  return {
    partitions,
    block: partitions.map(({ block }) => block).sort((a, b) => Number(b - a))[0] ?? -1n,
    rows: partitions.reduce((sum, { rows }) => sum + rows, 0n),
    hidesRows: rows.some(([, , , deletes]) => Number(deletes) > 0),
    patched: partitions.length < rows.length,
  };
}

/** The ids of all mutations that the server remembers for the table, and how many of them are under way. */
export async function readMutations(
  { ask }: RebuildRun,
  path: readonly string[],
): Promise<{ readonly ids: string; readonly pending: number }> {
  const [row] = await ask<[string, number]>(
    `SELECT arrayStringConcat(arraySort(groupArray(mutation_id)), ' '), toUInt32(countIf(NOT is_done AND NOT is_killed))
     FROM system.mutations WHERE ${named(path)}`,
  );
  return { ids: row?.[0] ?? '', pending: Number(row?.[1] ?? 0) };
}

export async function readUuid(
  { ask }: Pick<RebuildRun, 'ask'>,
  [database = '', name = '']: readonly string[],
): Promise<string> {
  const [row] = await ask<[string]>(
    `SELECT toString(uuid) FROM system.tables WHERE database = ${literal(database)} AND name = ${literal(name)}`,
  );
  return row?.[0] ?? '';
}

/** The path of a table beside the one that is rebuilt. */
export function beside({ path }: RebuildRun, name: string): readonly string[] {
  return [path[0] ?? '', name];
}

/** `shop.orders`, for people. */
export function shownTable({ path }: RebuildRun): string {
  return showPath(path);
}
