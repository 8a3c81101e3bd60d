/** A server goes in; what it lets be replaced, and which views stand on which tables, comes out. */
import type { Server } from '../live/server.ts';
import { pathKey } from '../model/object.ts';
import type { Replaceable } from './plan-repairs.ts';

/** The user's own limit counts where it is changed, else the server's; servers that do not show either have the default. */
const LIMITS = `
SELECT toString(coalesce(
  (SELECT toUInt64OrNull(value) FROM system.settings WHERE name = 'max_partition_size_to_drop' AND changed),
  (SELECT toUInt64OrNull(value) FROM system.server_settings WHERE name = 'max_partition_size_to_drop'),
  50000000000)),
  (SELECT max(value) FROM system.merge_tree_settings WHERE name = 'allow_remote_fs_zero_copy_replication')`;

export async function readReplaceable(server: Server): Promise<Replaceable> {
  const [row] = await server.rows<[string, string]>(LIMITS);
  return { maxBytes: Number(row?.[0] ?? 0), zeroCopy: row?.[1] === '1' || row?.[1] === 'true' };
}

/** Views that an INSERT into the table would fire and a replaced partition does not; by {@link pathKey} of the table. */
export async function readViewsOn(server: Server): Promise<ReadonlyMap<string, readonly string[]>> {
  const rows = await server.rows<[string, string, string[]]>(
    `SELECT database, name, arrayMap((a, b) -> concat(a, '.', b), dependencies_database, dependencies_table)
     FROM system.tables WHERE notEmpty(dependencies_table)`,
  );
  return new Map(rows.map(([database, name, views]) => [pathKey([database, name]), views]));
}
