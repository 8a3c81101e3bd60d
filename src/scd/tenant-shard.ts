/** A cluster and a tenant go in; the shard that holds all of the tenant's rows comes out, by a hash that never changes. */
import type { Server } from '../live/server.ts';
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
