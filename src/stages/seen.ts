/** A node of a federation's member goes in; what it holds of the covered tables, and what it can reach, comes out. */
import { probeReach } from '../live/probe-reach.ts';
import { readTopology } from '../live/read-topology.ts';
import { type Server, ServerError } from '../live/server.ts';
import type { Federation } from '../model/federation.ts';
import type { RemoteReplica } from '../model/topology.ts';
import { literal } from '../sql/quote.ts';

/** Nobody could try yet. */
export const UNKNOWN = 'unknown';

export interface SeenTable {
  readonly path: readonly string[];
  readonly rows: number;
  readonly bytes: number;
  readonly partitions: number;
  /** Rows that came within the federation's `quiet` time. */
  readonly recent: number;
  /** Seconds since 1970, of the newest part that an INSERT wrote and no merge took; 0 where there is none. */
  readonly written: number;
  /** Seconds since 1970, when the last row expires by TTL; 0 where not all do. */
  readonly expires: number;
}

export interface SeenNode {
  readonly node: string;
  readonly cluster: string;
  readonly shard: number;
  readonly version: string;
  readonly tables: readonly SeenTable[];
  /** Bytes that are free on its disks. */
  readonly free: number;
  /** Seconds since 1970, by its own clock. */
  readonly now: number;
  /** Absent for nodes of members that do not read. */
  readonly topology?: readonly RemoteReplica[];
  /** Of nodes that read, for each other member: why it is not reached; {@link UNKNOWN} before the node knows its servers. */
  readonly unreached?: ReadonlyMap<string, string>;
  /** Absent where the server keeps no log of queries. */
  readonly reads?: SeenReads;
}

/** What queries over the federated tables took within the last day. */
export interface SeenReads {
  readonly queries: number;
  /** Bytes, of the greediest. */
  readonly memory: number;
  /** Seconds of processor time, all in all. */
  readonly seconds: number;
}

const names = (paths: readonly (readonly string[])[]): string =>
  paths.map(([database = '', table = '']) => `(${literal(database)}, ${literal(table)})`).join(', ');

async function readTables(
  server: Server,
  { covered, quiet }: Federation,
  timeout: number,
): Promise<SeenTable[]> {
  const paths = covered.map(({ path }) => path);
  // A mutated part has been written anew, and its rows are old.
  const inserted = 'level = 0 AND data_version = min_block_number';
  const rows = await server.rows<[string, string, string, string, number, string, number, number]>(
    `SELECT database, table, toString(sum(rows)), toString(sum(bytes_on_disk)), uniqExact(partition_id),
       toString(sumIf(rows, ${inserted} AND modification_time > now() - ${quiet})),
       toUnixTimestamp(maxIf(modification_time, ${inserted})),
       if(min(toUnixTimestamp(delete_ttl_info_max)) > 0, toUnixTimestamp(max(delete_ttl_info_max)), 0)
     FROM system.parts WHERE active AND rows > 0 AND NOT startsWith(partition_id, 'patch-')
       AND (database, table) IN (${names(paths)}) GROUP BY database, table`,
    { timeout },
  );
  const held = new Map(rows.map((row) => [JSON.stringify([row[0], row[1]]), row]));
  return paths.map((path) => {
    const [, , count = '0', bytes = '0', partitions = 0, recent = '0', written = 0, expires = 0] =
      held.get(JSON.stringify(path)) ?? [];
    return {
      ...{ path, rows: Number(count), bytes: Number(bytes), partitions: Number(partitions) },
      ...{ recent: Number(recent), written: Number(written), expires: Number(expires) },
    };
  });
}

/** Why the member's servers are not reached; undefined where all are. */
async function unreachedOf(server: Server, member: string, timeout: number): Promise<string | undefined> {
  const tried = await probeReach(server, member, timeout);
  const failed = tried.filter(({ reached }) => reached === false);
  if (failed.length > 0)
    return failed.map(({ address, reason = '' }) => `${address}: ${reason.split('\n')[0]}`).join('; ');
  return tried.some(({ reached }) => reached === undefined) ? UNKNOWN : undefined;
}

async function readReads(
  server: Server,
  { covered }: Federation,
  timeout: number,
): Promise<SeenReads | undefined> {
  const tables = covered.map(({ federated }) => literal(federated.join('.'))).join(', ');
  try {
    const [row] = await server.rows<[string, string, number]>(
      `SELECT toString(count()), toString(max(memory_usage)), sum(ProfileEvents['OSCPUVirtualTimeMicroseconds']) / 1e6
       FROM system.query_log WHERE type = 'QueryFinish' AND is_initial_query AND event_time > now() - 86400
         AND query_kind = 'Select' AND hasAny(tables, [${tables}])`,
      { timeout },
    );
    return row && { queries: Number(row[0]), memory: Number(row[1]), seconds: Number(row[2]) };
  } catch (error) {
    if (error instanceof ServerError && error.code !== undefined) return undefined;
    throw error;
  }
}

/** Throws a ServerError. `timeout` in milliseconds, for each question. */
export async function seeNode(server: Server, federation: Federation, timeout: number): Promise<SeenNode> {
  const { node } = server;
  const isReader = node.cluster === federation.reads;
  const [[facts], tables] = await Promise.all([
    server.rows<[string, number, string]>(
      'SELECT version(), toUnixTimestamp(now()), toString((SELECT sum(unreserved_space) FROM system.disks))',
      { timeout },
    ),
    readTables(server, federation, timeout),
  ]);
  const [version = '', now = 0, free = '0'] = facts ?? [];
  const seen = {
    node: node.name,
    cluster: node.cluster,
    shard: node.shard,
    version,
    tables,
    now,
    free: Number(free),
  };
  if (!isReader) return seen;
  const topology = await readTopology(server, timeout);
  const others = federation.members.filter((member) => member !== federation.reads);
  const unreached = new Map<string, string>();
  for (const member of others) {
    const why = await unreachedOf(server, member, timeout);
    if (why !== undefined) unreached.set(member, why);
  }
  const reads = await readReads(server, federation, timeout);
  return { ...seen, topology, unreached, ...(reads && { reads }) };
}
