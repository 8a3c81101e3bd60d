/** Takes the plans of a cluster's nodes, asks the nodes about the replicas that are touched, gives the plans with every step routed. */
import { rootKind } from '../kinds/index.ts';
import { isReplicatedDatabase } from '../kinds/replication.ts';
import { readMacros, readReplicas } from '../live/read-replicas.ts';
import { type Server, ServerError } from '../live/server.ts';
import type { Cluster, Node } from '../model/estate.ts';
import { nameKey, type ObjectId } from '../model/object.ts';
import type { NodePlan } from '../model/plan.ts';
import type { Root, State } from '../model/state.ts';
import type { UnroutedNode } from '../plan/replica-groups.ts';
import { routeReplicas } from '../plan/route-replicas.ts';

function databasesOf(state: State): [string, string][] {
  return [...state.values()]
    .filter(({ id }) => id.kind === 'database')
    .map((root) => [root.id.path[0] ?? '', String(root.tree().root.attributes.engine)]);
}

/** What the creations among a plan's steps say of replication. */
function createsOf(creates: readonly Root[]): [string, string][] {
  return creates.flatMap((root): [string, string][] => {
    const replication = rootKind(root.id.kind).replication?.(root.tree());
    return replication === undefined ? [] : [[nameKey(root.id), replication]];
  });
}

/** A node's plan with what routing must know of the node. */
export function unrouted(
  plan: UnroutedNode['plan'],
  { shard }: Node,
  read?: { readonly live: State; readonly desired: State; readonly creates: readonly Root[] },
): UnroutedNode {
  const databases = read ? [...databasesOf(read.desired), ...databasesOf(read.live)] : [];
  return {
    plan,
    shard,
    ...(read && { live: read.live }),
    creates: new Map(createsOf(read?.creates ?? [])),
    databases: new Map(databases.filter(([, engine]) => isReplicatedDatabase(engine))),
    replicas: new Map(),
  };
}

/** What the node itself says of the replicas that it has, and of those that it is to get. */
async function withReplicas(
  node: UnroutedNode,
  server: Server | undefined,
  ids: readonly ObjectId[],
): Promise<UnroutedNode> {
  if (!server || node.plan.unreadable !== undefined) return node;
  try {
    const replicas = await readReplicas(server, ids);
    const named = [...node.creates.values()].some((replication) => replication.includes('{'));
    return { ...node, replicas, ...(named && { macros: await readMacros(server) }) };
  } catch (error) {
    if (!(error instanceof ServerError)) throw error;
    const plan = { ...node.plan, steps: [], unmanaged: [], findings: [], unreadable: error.reason };
    return { ...node, plan };
  }
}

export async function routeNodes(
  cluster: Cluster,
  nodes: readonly UnroutedNode[],
  servers: ReadonlyMap<string, Server>,
): Promise<NodePlan[]> {
  const steps = nodes.flatMap(({ plan }) => plan.steps);
  const touched = new Map(
    steps.filter(({ reaches }) => reaches).map(({ object }) => [nameKey(object), object]),
  );
  const asked = await Promise.all(
    nodes.map((node) => withReplicas(node, servers.get(node.plan.node), [...touched.values()])),
  );
  return routeReplicas(cluster, asked);
}
