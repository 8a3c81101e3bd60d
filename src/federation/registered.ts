/** A federation goes in; the addresses come out under which the nodes that read it connect to the member that they read. */
import type { Cluster } from '../model/estate.ts';
import { type Federation, STAGES } from '../model/federation.ts';

/** By the node's name; none before anybody connects, and none of nodes that no longer read. */
export function wantedAddresses(
  { network, stage, reads, kept }: Federation,
  clusters: readonly Cluster[],
): ReadonlyMap<string, string> {
  if (!network || STAGES.indexOf(stage) < STAGES.indexOf('network')) return new Map();
  const nodes = clusters.find(({ name }) => name === reads)?.nodes ?? [];
  return new Map(
    nodes.flatMap(({ name }) => {
      const address = network.addresses[name];
      return address === undefined || kept?.includes(name) === false ? [] : [[name, address]];
    }),
  );
}
