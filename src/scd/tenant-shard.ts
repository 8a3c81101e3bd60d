/** A cluster and a tenant go in; the shard that holds all of the tenant's rows comes out, by a hash that never changes. */
import { LockedError, readHolder } from '../apply/lock.ts';
import { connect, type Server } from '../live/server.ts';
import { PlumblineError } from '../model/errors.ts';
import type { Cluster, Node } from '../model/estate.ts';
import { literal } from '../sql/quote.ts';

/** The first replica of each shard, which all loads go to: another one may not have the last load's rows yet. */
export function firstReplicas({ nodes }: Cluster): readonly Node[] {
  const shards = [...new Set(nodes.map(({ shard }) => shard))].sort((a, b) => a - b);
  return shards.flatMap((shard) => nodes.find((node) => node.shard === shard) ?? []);
}

/** Counted from 0, among so many. */
export async function shardOf(server: Server, tenant: string, shards: number): Promise<number> {
  if (shards === 1) return 0;
  const [row] = await server.rows<[number]>(`SELECT toUInt32(cityHash64(${literal(tenant)}) % ${shards})`);
  return row?.[0] ?? 0;
}

/**
 * Does the work on the tenant's node. An apply that rebuilds a table would miss what is written meanwhile: throws a LockedError
 * while one holds the cluster, and a PlumblineError for a cluster without nodes.
 */
export async function atShard<T>(
  cluster: Cluster,
  tenant: string,
  work: (server: Server) => Promise<T>,
): Promise<T> {
  const nodes = firstReplicas(cluster);
  const [first] = nodes;
  if (!first) throw new PlumblineError(`Cluster ${cluster.name} has no nodes.`);
  const door = connect(first);
  try {
    const holder = await readHolder(door);
    if (holder && holder.expiresIn > 0) throw new LockedError(cluster.name, holder);
    const node = nodes[await shardOf(door, tenant, nodes.length)] ?? first;
    if (node === first) return await work(door);
    const server = connect(node);
    return await work(server).finally(server.close);
  } finally {
    await door.close();
  }
}
