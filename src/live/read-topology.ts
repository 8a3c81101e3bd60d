/** A server goes in; the clusters that it knows come out, and what was last delivered to a node comes out of the journal. */
import type { FilePath } from '../model/node-file.ts';
import type { RemoteReplica } from '../model/topology.ts';
import { literal } from '../sql/quote.ts';
import { ACCESS_DENIED, NO_SUCH_TABLE, type Server, ServerError } from './server.ts';

/** Older servers have no `internal_replication`; of `COLUMNS` they say nothing. */
const CLUSTERS = `SELECT cluster, shard_num, replica_num, host_name, port, COLUMNS('^internal_replication$')
  FROM system.clusters`;

/** Throws a ServerError. `timeout` in milliseconds. */
export async function readTopology(server: Server, timeout: number): Promise<RemoteReplica[]> {
  const rows = await server.rows<[string, number, number, string, number, number | undefined]>(CLUSTERS, {
    timeout,
  });
  return rows.map(([cluster, shard, replica, host, port, internal]) => ({
    cluster,
    shard,
    replica,
    host,
    port,
    internalReplication: internal === undefined ? undefined : internal === 1,
  }));
}

/** The text of a node's file as it was last delivered; undefined where nobody knows. `timeout` in milliseconds. */
export async function readDelivered(
  journal: Server | undefined,
  node: string,
  path: FilePath,
  timeout: number,
): Promise<string | undefined> {
  try {
    const rows = await journal?.rows<[string]>(
      `SELECT statements[1] FROM plumbline.journal FINAL
       WHERE node = ${literal(node)} AND object = ${literal(`file ${path}`)} AND outcome = 'done'
       ORDER BY started DESC, run, step LIMIT 1`,
      { timeout },
    );
    return rows?.[0]?.[0];
  } catch (error) {
    if (!(error instanceof ServerError)) throw error;
    // Nothing was applied there yet, or the user may not look; another node that does not answer is told of that one.
    if (NO_SUCH_TABLE.has(error.code) || error.code === ACCESS_DENIED || error.node !== node)
      return undefined;
    throw error;
  }
}
