/** A federation goes in; the addresses come out under which the nodes that read it connect to the member that they read. */
import type { Cluster } from '../model/estate.ts';
import { type Federation, STAGES } from '../model/federation.ts';
import type { Network } from '../model/network.ts';

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

/** What people are asked for where nodes connect no more; no console has an open interface. */
export const takeOffWords = ({ cluster }: Network, addresses: readonly string[]): string =>
  `take ${addresses.join(', ')} off the allow-list at the console of cluster ${cluster}: they connect to it no more`;
