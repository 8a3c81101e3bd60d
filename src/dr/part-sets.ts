/** Tables go in; what each partition's parts are on one site comes out, and what is still to be written into them. */
import type { Server } from '../live/server.ts';
import { pathKey } from '../model/object.ts';
import { literal } from '../sql/quote.ts';
import type { PartSet } from './comparison.ts';

export interface TableParts {
  /** By `_partition_id`. */
  readonly partitions: ReadonlyMap<string, PartSet>;
  /** Partitions that mutations have still to rewrite; `all` where a server does not say which. */
  readonly mutating: ReadonlySet<string> | 'all';
  /** Why the server may not show the newest rows: a replica that is read-only or behind. */
  readonly lagging?: string;
}

/** A lightweight update writes parts into partitions of their own: `patch-<32 digits>-<the partition they change>`. */
const PARTITION = `if(match(partition_id, '^patch-[0-9a-f]{32}-'), substring(partition_id, 40), partition_id)`;

/**
 * Every mutation gives all parts of the table new names, most of which hold what they did before. Only patches are bound to the
 * very part that they change.
 */
const SAME_NAME = `replaceRegexpOne(name, '^([^_]+_[0-9]+_[0-9]+_[0-9]+)_[0-9]+$', '\\\\1')`;

const fingerprintOf = (name: string): string =>
  `lower(hex(sipHash128(arraySort(groupArray((${name}, hash_of_all_files))))))`;

const PARTS = `
SELECT database, table, ${PARTITION}, countIf(partition_id = ${PARTITION}), countIf(partition_id != ${PARTITION}),
  toString(sumIf(rows, partition_id = ${PARTITION})), toString(sum(bytes_on_disk)),
  now() - max(modification_time),
  if(countIf(partition_id != ${PARTITION}) > 0, ${fingerprintOf('name')}, ${fingerprintOf(SAME_NAME)})
FROM system.parts WHERE active AND rows > 0`;

/** A mutation's `parts_to_do_names` are names of parts; the partition stands in front of three or four numbers. */
const PART_NAME = /^(.+?)_\d+_\d+_\d+(?:_\d+)?$/;

function namesOf(paths: readonly (readonly string[])[]): string {
  return paths.map(([database = '', name = '']) => `(${literal(database)}, ${literal(name)})`).join(', ');
}

async function readMutating(server: Server, names: string): Promise<Map<string, Set<string> | 'all'>> {
  const rows = await server.rows<[string, string, string[]]>(
    `SELECT database, table, parts_to_do_names FROM system.mutations
     WHERE NOT is_done AND (database, table) IN (${names})`,
  );
  const tables = new Map<string, Set<string> | 'all'>();
  for (const [database, table, parts] of rows) {
    const key = pathKey([database, table]);
    const known = tables.get(key);
    const ids = parts.map((part) => PART_NAME.exec(part)?.[1]);
    if (known === 'all' || ids.length === 0 || ids.includes(undefined)) tables.set(key, 'all');
    else tables.set(key, new Set([...(known ?? []), ...ids.filter((id) => id !== undefined)]));
  }
  return tables;
}

async function readLagging(server: Server, names: string): Promise<Map<string, string>> {
  const rows = await server.rows<[string, string, number, string, number]>(
    `SELECT database, table, is_readonly, toString(absolute_delay), queue_size FROM system.replicas
     WHERE (is_readonly OR absolute_delay > 0 OR inserts_in_queue > 0) AND (database, table) IN (${names})`,
  );
  return new Map(
    rows.map(([database, table, readonly, delay, queue]) => [
      pathKey([database, table]),
      readonly
        ? 'the replica is read-only'
        : `the replica is ${delay} s behind, with ${queue} entries in its queue`,
    ]),
  );
}

/** Of one partition's parts as they are now; empty where it has none. Whether something is still to be written into them it does not say. */
export async function readFingerprint(
  server: Server,
  path: readonly string[],
  partition: string,
): Promise<string> {
  const rows = await server.rows<[string, string, string, number, number, string, string, number, string]>(
    `${PARTS} AND (database, table) IN (${namesOf([path])}) AND ${PARTITION} = ${literal(partition)} GROUP BY 1, 2, 3`,
  );
  return rows[0]?.[8] ?? '';
}

/** Reads the parts of these tables, in three requests for all of them; the result is by {@link pathKey}. */
export async function readPartSets(
  server: Server,
  paths: readonly (readonly string[])[],
): Promise<Map<string, TableParts>> {
  if (paths.length === 0) return new Map();
  const names = namesOf(paths);
  const [parts, mutating, lagging] = await Promise.all([
    server.rows<[string, string, string, number, number, string, string, number, string]>(
      `${PARTS} AND (database, table) IN (${names}) GROUP BY 1, 2, 3`,
    ),
    readMutating(server, names),
    readLagging(server, names),
  ]);
  const partitions = new Map<string, Map<string, PartSet>>(paths.map((path) => [pathKey(path), new Map()]));
  for (const [database, table, partition, count, patchParts, rows, bytes, age, fingerprint] of parts) {
    partitions.get(pathKey([database, table]))?.set(partition, {
      fingerprint,
      storedRows: Number(rows),
      bytes: Number(bytes),
      parts: Number(count),
      patchParts: Number(patchParts),
      age: Number(age),
    });
  }
  return new Map(
    [...partitions].map(([key, found]) => {
      const reason = lagging.get(key);
      return [
        key,
        {
          partitions: found,
          mutating: mutating.get(key) ?? new Set<string>(),
          ...(reason && { lagging: reason }),
        },
      ];
    }),
  );
}
