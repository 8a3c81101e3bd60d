/** A node of a federation's member goes in; what it holds of the covered tables, and what it can reach, comes out. */
import { loggedTables } from '../live/logged-tables.ts';
import { probeReach } from '../live/probe-reach.ts';
import { readTopology } from '../live/read-topology.ts';
import { type Server, ServerError } from '../live/server.ts';
import type { Federation } from '../model/federation.ts';
import type { RemoteReplica } from '../model/topology.ts';
import { literal } from '../sql/quote.ts';
import { namesOf, readReceived } from './received.ts';

/** Nobody could try yet. */
export const UNKNOWN = 'unknown';

export interface SeenTable {
  readonly path: readonly string[];
  readonly rows: number;
  readonly bytes: number;
  readonly partitions: number;
  /** Rows that came within the federation's `quiet` time. */
  readonly recent: number;
  /** Seconds since 1970, when the newest rows came that are known of; 0 where none are. */
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
  /** Whether all that it received within the `quiet` time is known, also what merges took meanwhile. */
  readonly isLogged: boolean;
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

async function readTables(
  server: Server,
  federation: Federation,
  timeout: number,
): Promise<Pick<SeenNode, 'tables' | 'isLogged'>> {
  const { covered } = federation;
  const [rows, received] = await Promise.all([
    server.rows<[string, string, string, string, number, number]>(
      `SELECT database, table, toString(sum(rows)), toString(sum(bytes_on_disk)), uniqExact(partition_id),
         if(min(toUnixTimestamp(delete_ttl_info_max)) > 0, toUnixTimestamp(max(delete_ttl_info_max)), 0)
       FROM system.parts WHERE active AND rows > 0 AND NOT startsWith(partition_id, 'patch-')
         AND (database, table) IN (${namesOf(covered)}) GROUP BY database, table`,
      { timeout },
    ),
    readReceived(server, federation, timeout),
  ]);
  const held = new Map(rows.map((row) => [JSON.stringify([row[0], row[1]]), row]));
  const tables = covered.map(({ path }): SeenTable => {
    const key = JSON.stringify(path);
    const [, , count = '0', bytes = '0', partitions = 0, expires = 0] = held.get(key) ?? [];
    const { recent = 0, last = 0 } = received.tables.get(key) ?? {};
    return {
      ...{ path, rows: Number(count), bytes: Number(bytes), partitions, recent, written: last, expires },
    };
  });
  return { tables, isLogged: received.isLogged };
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
  { covered, views }: Federation,
  timeout: number,
): Promise<SeenReads | undefined> {
  const tables = [...covered, ...views]
    .flatMap(({ federated }) => loggedTables(federated).map(literal))
    .join(', ');
  try {
    const [row] = await server.rows<[string, string, number]>(
      `SELECT toString(count()), toString(max(memory_usage)), sum(ProfileEvents['OSCPUVirtualTimeMicroseconds']) / 1e6
       FROM system.query_log WHERE type = 'QueryFinish' AND is_initial_query AND event_time > now() - 86400
         AND query_kind = 'Select' AND hasAny(tables, [${tables}])`,
      // Else it asks for the right to read a column of its own for each key: `ProfileEvents.key_…`.
      { timeout, settings: { optimize_functions_to_subcolumns: 0 } },
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
  const [[facts], held] = await Promise.all([
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
    ...held,
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
