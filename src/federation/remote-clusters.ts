/** An estate and one of its clusters go in; the clusters that the cluster's nodes are to know come out: all declared ones, and the federations that it reads. */
import type { Cluster, Estate, Node, Peer } from '../model/estate.ts';
import { type Federation, STAGES } from '../model/federation.ts';
import type { RemoteCluster, RemoteShard } from '../model/topology.ts';

const peerOf = ({ peer, host, nativePort, secure }: Node): Peer => peer ?? { host, port: nativePort, secure };

function shardsOf({ nodes, engines }: Cluster, stays: (node: Node) => boolean): RemoteShard[] {
  const shards = [...new Set(nodes.map(({ shard }) => shard))];
  return shards.flatMap((number) => {
    const here = nodes.filter((node) => node.shard === number && stays(node));
    if (here.length === 0) return [];
    // Plain tables on several replicas get every row from whoever writes.
    const internalReplication = engines.as !== 'plain';
    return [{ internalReplication, replicas: here.map(peerOf) }];
  });
}

/** With a secret the servers sign each other in, and no user is named. */
function withSecret(shards: readonly RemoteShard[], secret: string | undefined) {
  if (secret === undefined) return { shards };
  const bare = ({ host, port, secure }: Peer): Peer => ({ host, port, secure });
  return { secret, shards: shards.map((shard) => ({ ...shard, replicas: shard.replicas.map(bare) })) };
}

/**
 * Before the network stage no other member is read: nothing has shown yet that it can be. In the last stage the reading cluster
 * has no rows any more, and passes on to the others what still asks it.
 */
export function membersRead({ stage, members, reads }: Federation): readonly string[] {
  if (stage === 'final') return members.filter((member) => member !== reads);
  return STAGES.indexOf(stage) < STAGES.indexOf('network') ? [reads] : members;
}

function federated(federation: Federation, clusters: readonly Cluster[]): RemoteCluster {
  const { name, kept, reads } = federation;
  const members = membersRead(federation).flatMap((member) => clusters.filter((one) => one.name === member));
  const stays = (node: Node): boolean =>
    kept === undefined || node.cluster !== reads || kept.includes(node.name);
  const shards = members.flatMap((member) => shardsOf(member, stays));
  const secrets = new Set(members.map(({ peerSecret }) => peerSecret));
  const [secret] = secrets;
  return { name, ...withSecret(shards, secrets.size === 1 ? secret : undefined) };
}

/** The federations whose reads the cluster answers. */
export function federationsRead({ federations = [] }: Estate, cluster: string): Federation[] {
  return federations.filter(({ reads }) => reads === cluster);
}

/** Undefined for a cluster that reads no federation: its topology is none of ours. */
export function remoteClusters(estate: Estate, cluster: string): readonly RemoteCluster[] | undefined {
  const federations = federationsRead(estate, cluster);
  if (federations.length === 0) return undefined;
  const declared = estate.clusters.map((one) => ({
    name: one.name,
    ...withSecret(
      shardsOf(one, () => true),
      one.peerSecret,
    ),
  }));
  return [...declared, ...federations.map((federation) => federated(federation, estate.clusters))];
}
