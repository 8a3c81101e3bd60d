/** The clusters that a server is to know and those that it does go in; those that differ come out, each as people read it. */
import type { RemoteCluster, RemoteReplica } from '../model/topology.ts';

export interface ClusterDifference {
  readonly name: string;
  /** Absent where the server knows no such cluster. */
  readonly from?: string;
  readonly to: string;
}

const address = (host: string, port: number): string => `${host.includes(':') ? `[${host}]` : host}:${port}`;

/** `a:9000, b:9000 (internal replication) | c:9440`: shards divided by bars, replicas by commas. */
function shownRows(rows: readonly RemoteReplica[]): string {
  const shards = [...new Set(rows.map(({ shard }) => shard))].sort((a, b) => a - b);
  return shards
    .map((number) => {
      const here = rows.filter(({ shard }) => shard === number).sort((a, b) => a.replica - b.replica);
      const shared = here.some(({ internalReplication }) => internalReplication);
      const addresses = here.map(({ host, port }) => address(host, port)).join(', ');
      return shared ? `${addresses} (internal replication)` : addresses;
    })
    .join(' | ');
}

/** The rows that a server with such a cluster has. */
function rowsOf({ name, shards }: RemoteCluster, shows: boolean): RemoteReplica[] {
  return shards.flatMap(({ internalReplication, replicas }, shard) =>
    replicas.map(({ host, port }, replica) => ({
      cluster: name,
      shard: shard + 1,
      replica: replica + 1,
      host,
      port,
      internalReplication: shows ? internalReplication : undefined,
    })),
  );
}

/** Whether other users and TLS are used can't be seen, and clusters that nobody declares are other people's. */
export function compareTopology(
  desired: readonly RemoteCluster[],
  live: readonly RemoteReplica[],
): ClusterDifference[] {
  const shows = live.some(({ internalReplication }) => internalReplication !== undefined);
  return desired.flatMap((cluster) => {
    const rows = live.filter((row) => row.cluster === cluster.name);
    const [from, to] = [shownRows(rows), shownRows(rowsOf(cluster, shows))];
    if (from === to) return [];
    return [{ name: cluster.name, to, ...(rows.length > 0 && { from }) }];
  });
}

/** A sentence for each cluster from which a server is taken. */
export function lostReplicas(desired: readonly RemoteCluster[], live: readonly RemoteReplica[]): string[] {
  return desired.flatMap(({ name, shards }) => {
    const kept = new Set(
      shards.flatMap(({ replicas }) => replicas.map(({ host, port }) => address(host, port))),
    );
    const here = live.filter(({ cluster }) => cluster === name);
    const lost = new Set(here.map(({ host, port }) => address(host, port)).filter((one) => !kept.has(one)));
    if (lost.size === 0) return [];
    return [`queries over cluster ${name} read ${[...lost].join(', ')} no more`];
  });
}

/** `cluster federation as a:9000 instead of a:9000 | b:9000`, for people. */
export function showDifference({ name, from, to }: ClusterDifference): string {
  return from === undefined
    ? `no cluster ${name}`
    : `cluster ${name} as ${from || 'nothing'} instead of ${to}`;
}
