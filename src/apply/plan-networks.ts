/** Federations and the plans of their clusters go in; the same plans come out, with what lets the members' servers in. */
import { listId, planNetwork, type SeenNetwork } from '../federation/plan-network.ts';
import { wantedAddresses } from '../federation/registered.ts';
import { openKeeper } from '../keeper/keeper.ts';
import { resolveCredential } from '../live/credentials.ts';
import { probeReach } from '../live/probe-reach.ts';
import { readKeeperNode, readOwned } from '../live/read-networks.ts';
import { type Server, ServerError } from '../live/server.ts';
import { PlumblineError } from '../model/errors.ts';
import type { Estate } from '../model/estate.ts';
import type { Federation } from '../model/federation.ts';
import type { Network } from '../model/network.ts';
import { showId } from '../model/object.ts';
import type { ClusterPlan } from '../model/plan.ts';
import type { Reach } from '../model/reach.ts';

/** Throws a KeeperError, or a PlumblineError where its credential is missing. `timeout` in milliseconds. */
export async function openNetworkKeeper(
  { keeper, signIn, ca }: Pick<Network, 'keeper' | 'signIn' | 'ca'>,
  timeout: number,
) {
  const who = signIn && resolveCredential(signIn, `sign_in of Keeper ${keeper.join(', ')}`);
  const trusted = ca && resolveCredential(ca, `ca of Keeper ${keeper.join(', ')}`);
  return openKeeper({
    ...{ addresses: keeper, timeout },
    ...(who !== undefined && { signIn: who }),
    ...(trusted !== undefined && { ca: trusted }),
  });
}

async function readList(network: Network, server: Server, timeout: number): Promise<SeenNetwork['list']> {
  try {
    if (network.keeper.length === 0) return { text: await readKeeperNode(server, network.path, timeout) };
    const keeper = await openNetworkKeeper(network, timeout);
    try {
      return { text: (await keeper.read(network.path))?.text };
    } finally {
      keeper.close();
    }
  } catch (error) {
    if (!(error instanceof PlumblineError)) throw error;
    return { unreadable: error.message };
  }
}

/** A node that does not answer is told of elsewhere. */
async function tryReach(server: Server, cluster: string, timeout: number): Promise<Reach[]> {
  try {
    return await probeReach(server, cluster, timeout);
  } catch (error) {
    if (!(error instanceof ServerError)) throw error;
    return [];
  }
}

interface Around {
  readonly estate: Estate;
  readonly plans: readonly ClusterPlan[];
  readonly servers: ReadonlyMap<string, Server>;
  readonly timeout: number;
}

/** Undefined where the member's own plan is not made, or the node that keeps its journal could not be read. */
async function planOne(federation: Federation, { estate, plans, servers, timeout }: Around) {
  const { network, reads } = federation;
  const first = plans.find(({ cluster }) => cluster === network?.cluster)?.nodes[0];
  const server = servers.get(first?.node ?? '');
  if (!network || !server || !first || first.unreadable !== undefined) return undefined;
  const wanted = wantedAddresses(federation, estate.clusters);
  const readers = plans
    .filter(({ cluster }) => cluster === reads)
    .flatMap(({ nodes }) => nodes.filter(({ node, unreadable }) => !unreadable && wanted.has(node)));
  const owned = await readOwned(server, showId(listId(network)), timeout);
  const [list, ...tried] = await Promise.all([
    wanted.size > 0 || owned.length > 0 ? readList(network, server, timeout) : ({ text: undefined } as const),
    ...readers.map(async ({ node }): Promise<[string, Reach[]]> => {
      const reader = servers.get(node);
      return [node, reader ? await tryReach(reader, network.cluster, timeout) : []];
    }),
  ]);
  return {
    node: first.node,
    ...planNetwork(federation, estate.clusters, { list, owned, reach: new Map(tried) }),
  };
}

/** Whatever is read here is read after the nodes' own plans. Throws a ServerError. `timeout` in milliseconds. */
export async function planNetworks(
  estate: Estate,
  plans: readonly ClusterPlan[],
  servers: ReadonlyMap<string, Server>,
  timeout: number,
): Promise<readonly ClusterPlan[]> {
  const federations = (estate.federations ?? []).filter(({ network }) => network);
  if (federations.length === 0) return plans;
  const around = { estate, plans, servers, timeout };
  const planned = await Promise.all(federations.map((federation) => planOne(federation, around)));
  const at = (node: string) => planned.filter((one) => one?.node === node);
  return plans.map((cluster) => ({
    ...cluster,
    nodes: cluster.nodes.map((plan) => ({
      ...plan,
      steps: [...at(plan.node).flatMap((one) => one?.steps ?? []), ...plan.steps],
      findings: [...plan.findings, ...at(plan.node).flatMap((one) => one?.findings ?? [])],
    })),
  }));
}
