/** A node and another cluster go in; which of the cluster's nodes it gets through to comes out, as it tried itself. */
import type { Reach } from '../model/reach.ts';
import { literal } from '../sql/quote.ts';
import { ACCESS_DENIED, type Server, ServerError } from './server.ts';

interface Known {
  readonly shard: number;
  readonly address: string;
}

/** Milliseconds for each connection: an address that a firewall keeps out says nothing at all. */
const CONNECT = 2000;

/** Characters; the reasons of all tries stand in one text. */
const LONGEST = 300;

const SETTINGS = {
  connect_timeout_with_failover_ms: CONNECT,
  connect_timeout_with_failover_secure_ms: CONNECT,
  connections_with_failover_max_tries: '1',
  prefer_localhost_replica: 0,
  use_hedged_requests: 0,
} as const;

async function knownBy(server: Server, cluster: string, timeout: number): Promise<Known[]> {
  const rows = await server.rows<[string, number]>(
    `SELECT host_name, port FROM system.clusters WHERE cluster = ${literal(cluster)} ORDER BY shard_num, replica_num`,
    { timeout },
  );
  // Each replica is a shard of its own where all of them are read.
  return rows.map(([host, port], at) => ({ shard: at + 1, address: `${host}:${port}` }));
}

/** Why nothing was reached. Throws the error again where the node itself did not answer. */
function reasonOf(error: unknown): string {
  if (!(error instanceof ServerError) || error.code === undefined) throw error;
  return error.reason.length > LONGEST ? `${error.reason.slice(0, LONGEST)}…` : error.reason;
}

/**
 * Signs in as the node's own configuration says, so that no credential stands in a statement. Throws a ServerError where the
 * node itself does not answer. `timeout` in milliseconds.
 */
export async function probeReach(server: Server, cluster: string, timeout: number): Promise<Reach[]> {
  const known = await knownBy(server, cluster, timeout);
  if (known.length === 0) return [{ address: cluster, reached: undefined }];
  const ask = (columns: string, skipping: 0 | 1): Promise<[number][]> =>
    server.rows<[number]>(
      `SELECT ${columns} FROM clusterAllReplicas(${literal(cluster)}, view(SELECT 1 AS one))`,
      {
        timeout: timeout + known.length * CONNECT,
        settings: { ...SETTINGS, skip_unavailable_shards: skipping },
      },
    );
  try {
    const answered = new Set((await ask('DISTINCT _shard_num', 1)).map(([shard]) => shard));
    const missing = known.filter(({ shard }) => !answered.has(shard));
    const reason = missing.length === 0 ? '' : await ask('1', 0).then(() => '', reasonOf);
    return known.map(({ shard, address }): Reach => {
      if (answered.has(shard)) return { address, reached: true };
      return { address, reached: false, reason: reason.includes(address) ? reason : 'no connection' };
    });
  } catch (error) {
    // A server that answers and does not let the node in fails the query as a whole.
    const reason = reasonOf(error);
    const mayTry = !(error instanceof ServerError && error.code === ACCESS_DENIED);
    return known.map(({ address }) => ({ address, reached: mayTry ? false : undefined, reason }));
  }
}
