/** Reads every node of an estate side by side and plans it: the one place where live, desired and plan meet. */
import pLimit from 'p-limit';
import { desiredState, type NormalTrees, settle } from '../live/desired.ts';
import { normaliserOf } from '../live/normalise.ts';
import { readFacts, readImpacts, readNode, type ServerFacts } from '../live/read.ts';
import { connect, type Server, ServerError } from '../live/server.ts';
import { serverClass, type Settled } from '../live/settled.ts';
import { PlumblineError } from '../model/errors.ts';
import type { Cluster, Estate, Node } from '../model/estate.ts';
import type { Finding } from '../model/finding.ts';
import { nameKey } from '../model/object.ts';
import type { NodePlan, Plan } from '../model/plan.ts';
import { planOf } from '../plan/digest.ts';
import { diffStates, type NodeDifferences, stepsOf, touched } from '../plan/plan.ts';

/** Nodes that are read at the same time; each holds a few megabytes while it is. */
const NODES_AT_ONCE = 8;

export interface SurveyOptions {
  readonly settled: Settled;
  /** Milliseconds after which a node that says nothing counts as unreachable. */
  readonly connectTimeout: number;
  /** Leaves the other clusters alone. */
  readonly clusters?: ReadonlySet<string>;
}

export interface Survey {
  readonly plan: Plan;
  /** Open connections to the nodes that answered, by node name. */
  readonly servers: ReadonlyMap<string, Server>;
  close(): Promise<void>;
}

function otherVersion(cluster: Cluster, facts: ServerFacts): Finding[] {
  if (`${facts.version}.`.startsWith(`${cluster.version}.`)) return [];
  const message = `the server runs ${facts.version}, the declaration means ${cluster.version}`;
  return [{ severity: 'warning', rule: 'other-version', message, ...(cluster.place && { place: cluster.place }) }];
}

function differingNames({ creates, alters, findings }: NodeDifferences): Set<string> {
  const roots = [...creates, ...alters.map(({ live }) => live)];
  return new Set([...roots.map(({ id }) => nameKey(id.path)), ...findings.flatMap(({ object }) => (object ? [object] : []))]);
}

async function planNode(
  server: Server,
  cluster: Cluster,
  estate: Estate,
  trees: NormalTrees,
  { settled, connectTimeout }: SurveyOptions,
): Promise<NodePlan> {
  const { node } = server;
  const facts = await readFacts(server, connectTimeout);
  const reading = await readNode(server, facts);
  const databases = new Set([...reading.state.values()].flatMap(({ id }) => (id.kind === 'database' ? id.path : [])));
  const serverClassName = serverClass(facts);
  const desired = await desiredState({
    objects: estate.objects,
    cluster: cluster.name,
    node: node.name,
    live: reading.state,
    serverClass: serverClassName,
    normaliser: normaliserOf(server, facts, databases),
    settled,
    trees,
  });
  const differences = diffStates(reading.state, desired, estate.prune);
  const differing = new Set([...differingNames(differences), ...desired.blocked]);
  settle(estate.objects, cluster.name, reading.state, differing, serverClassName, settled);
  const impacts = await readImpacts(server, touched(differences));
  return {
    node: node.name,
    address: `${node.host}:${node.httpPort}`,
    version: facts.version,
    steps: stepsOf(differences, impacts),
    unmanaged: differences.unmanaged,
    findings: [...otherVersion(cluster, facts), ...reading.findings, ...desired.findings, ...differences.findings],
  };
}

function unreadable(node: Node, error: unknown): NodePlan {
  if (!(error instanceof PlumblineError)) throw error;
  const reason = error instanceof ServerError ? error.reason : error.message;
  const address = `${node.host}:${node.httpPort}`;
  return { node: node.name, address, steps: [], unmanaged: [], findings: [], unreadable: reason };
}

/** Plans the estate. A node that can't be read is named in its own plan and hides nobody else's. */
export async function survey(estate: Estate, options: SurveyOptions): Promise<Survey> {
  const limit = pLimit(NODES_AT_ONCE);
  const servers = new Map<string, Server>();
  const trees: NormalTrees = new Map();
  const plan = async (cluster: Cluster, node: Node): Promise<NodePlan> => {
    try {
      const server = connect(node);
      servers.set(node.name, server);
      return await planNode(server, cluster, estate, trees, options);
    } catch (error) {
      return unreadable(node, error);
    }
  };
  const clusters = await Promise.all(
    estate.clusters
      .filter(({ name }) => options.clusters?.has(name) ?? true)
      .map(async (cluster) => ({
        cluster: cluster.name,
        edition: cluster.edition,
        nodes: await Promise.all(cluster.nodes.map((node) => limit(() => plan(cluster, node)))),
      })),
  );
  options.settled.save();
  return {
    plan: planOf(clusters),
    servers,
    close: async () => {
      await Promise.all([...servers.values()].map((server) => server.close()));
    },
  };
}
