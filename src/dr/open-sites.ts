/** A pair goes in; connections to the nodes of both sites come out, with which of them answer. */
import { readFacts, type ServerFacts } from '../live/read.ts';
import { connect, type Server, ServerError } from '../live/server.ts';
import type { DrPair, DrSite } from '../model/dr-pair.ts';
import { PlumblineError } from '../model/errors.ts';
import type { Cluster, Estate, Node } from '../model/estate.ts';

export interface NodeHealth {
  readonly node: string;
  readonly cluster: string;
  readonly shard: number;
  /** Absent where the node does not answer. */
  readonly version?: string;
  readonly unreadable?: string;
}

/** A node that answers. */
export interface OpenNode {
  readonly node: Node;
  readonly server: Server;
  readonly facts: ServerFacts;
}

export interface OpenSites {
  readonly health: readonly NodeHealth[];
  /** Of each of the cluster's shards the first replica that answers, where one does. */
  shardsOf(site: DrSite): readonly { readonly shard: number; readonly open: OpenNode | undefined }[];
  /** Those that answer. */
  nodesOf(site: DrSite): readonly OpenNode[];
  /** The first node of a site, where its checks are kept; undefined while it does not answer. */
  firstOf(site: DrSite): Server | undefined;
  close(): Promise<void>;
}

/** A message of the driver, without the node that is named beside it. */
export function reasonOf(error: unknown): string {
  if (!(error instanceof PlumblineError)) throw error;
  return error instanceof ServerError ? error.reason : error.message;
}

async function openNode(node: Node, timeout: number): Promise<OpenNode | NodeHealth> {
  const { name, cluster, shard } = node;
  let server: Server | undefined;
  try {
    server = connect(node);
    return { node, server, facts: await readFacts(server, timeout) };
  } catch (error) {
    await server?.close();
    return { node: name, cluster, shard, unreadable: reasonOf(error) };
  }
}

const isOpen = (one: OpenNode | NodeHealth): one is OpenNode => 'server' in one;

function clusterOf(estate: Estate, site: DrSite): Cluster {
  const cluster = estate.clusters.find(({ name }) => name === site.cluster);
  if (!cluster) throw new Error(`no cluster is called ${site.cluster}`);
  return cluster;
}

/** Asks every node at the same time; `timeout` is in milliseconds. Whoever opens them closes them. */
export async function openSites(estate: Estate, pair: DrPair, timeout: number): Promise<OpenSites> {
  const clusters = pair.sites.map((site) => clusterOf(estate, site));
  const asked = await Promise.all(
    clusters.flatMap(({ nodes }) => nodes.map((node) => openNode(node, timeout))),
  );
  const open = new Map(asked.filter(isOpen).map((one) => [one.node.name, one]));
  return {
    health: asked.map((one) => {
      if (!isOpen(one)) return one;
      const { name, cluster, shard } = one.node;
      return { node: name, cluster, shard, version: one.facts.version };
    }),
    shardsOf(site) {
      const { nodes } = clusterOf(estate, site);
      const shards = [...new Set(nodes.map(({ shard }) => shard))];
      return shards.map((shard) => {
        const answering = nodes.find((node) => node.shard === shard && open.has(node.name));
        return { shard, open: answering && open.get(answering.name) };
      });
    },
    nodesOf: (site) => clusterOf(estate, site).nodes.flatMap(({ name }) => open.get(name) ?? []),
    firstOf: (site) => open.get(clusterOf(estate, site).nodes[0]?.name ?? '')?.server,
    close: async () => {
      await Promise.all([...open.values()].map(({ server }) => server.close()));
    },
  };
}
