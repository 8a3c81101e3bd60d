/** Finds out for every step how far the server carries it: which of a cluster's nodes one statement on one of them changes. */
import { isReplicatedDatabase } from '../kinds/replication.ts';
import type { Cluster } from '../model/estate.ts';
import { keyOf, nameKey } from '../model/object.ts';
import type { NodePlan } from '../model/plan.ts';
import type { Replica } from '../model/replica.ts';
import type { State } from '../model/state.ts';
import type { ReachingStep } from './plan.ts';

/** A node as it was planned by itself. */
export interface UnroutedNode {
  readonly plan: NodePlan & { readonly steps: readonly ReachingStep[] };
  readonly shard: number;
  /** Absent where the node could not be read. */
  readonly live?: State;
  /** How tables that are to be created are replicated, by name key. */
  readonly creates: ReadonlyMap<string, string>;
  /** Engines of databases that the server itself keeps the same on their nodes. */
  readonly databases: ReadonlyMap<string, string>;
  /** Absent where nothing is to be created that needs them, and where they could not be asked for. */
  readonly macros?: ReadonlyMap<string, string>;
  /** By name key, of the tables that were asked for. */
  readonly replicas: ReadonlyMap<string, Replica>;
}

export interface Holder {
  readonly node: UnroutedNode;
  readonly step: ReachingStep;
}

export interface Group {
  /** Nodes on which the step changes something, whichever of them runs it; in the cluster's order. */
  readonly members: readonly UnroutedNode[];
  /** The members that were planned to run it, each with its step. */
  readonly holders: readonly Holder[];
  /** Nodes that should be members and could not be read. */
  readonly missing: readonly UnroutedNode[];
  /** Whether the members are replicas of one table, which say how far they are. */
  readonly areReplicas: boolean;
}

interface Scope {
  readonly key: string;
  readonly belongs: (node: UnroutedNode) => boolean;
  readonly isNear: (node: UnroutedNode) => boolean;
  readonly areReplicas: boolean;
}

const HAS_SHARD = /^\w+\((?:[^,]*)\{shard\}/;

function databaseScope(node: UnroutedNode, database: string, engine: string): Scope {
  const byShard = HAS_SHARD.test(engine);
  const isNear = (other: UnroutedNode): boolean => !byShard || other.shard === node.shard;
  return {
    key: JSON.stringify(['database', database, byShard ? node.shard : 0]),
    isNear,
    belongs: (other) => isNear(other) && isReplicatedDatabase(other.databases.get(database)),
    areReplicas: false,
  };
}

/** Undefined for a step that changes its own node and no other. */
function scopeOf({ node, step }: Holder, cluster: Cluster): Scope | undefined {
  if (cluster.engines.as === 'shared' && cluster.nodes.length > 1) {
    return { key: 'cluster', belongs: () => true, isNear: () => true, areReplicas: false };
  }
  const [database = ''] = step.object.path;
  const engine = node.databases.get(database);
  if (engine !== undefined && step.object.path.length > 1) return databaseScope(node, database, engine);
  const name = nameKey(step.object);
  const replica = node.replicas.get(name);
  if (step.reaches === undefined || !replica) return undefined;
  return {
    key: JSON.stringify(['replicas', replica.path]),
    belongs: (other) => other.replicas.get(name)?.path === replica.path,
    isNear: (other) => other.shard === node.shard,
    areReplicas: true,
  };
}

/** The groups of those steps that have one, by step. An object's steps are told apart by which of them they are. */
export function groupsOf(cluster: Cluster, nodes: readonly UnroutedNode[]): ReadonlyMap<ReachingStep, Group> {
  const read = nodes.filter(({ plan }) => plan.unreadable === undefined);
  const unread = nodes.filter(({ plan }) => plan.unreadable !== undefined);
  const found = new Map<string, { scope: Scope; holders: Holder[] }>();
  for (const node of read) {
    const seen = new Map<string, number>();
    for (const step of node.plan.steps) {
      const scope = step.verdict === 'manual' ? undefined : scopeOf({ node, step }, cluster);
      if (!scope) continue;
      const name = `${scope.key} ${keyOf(step.object)}`;
      const number = seen.get(name) ?? 0;
      seen.set(name, number + 1);
      const entry = found.get(`${number} ${name}`) ?? { scope, holders: [] };
      found.set(`${number} ${name}`, entry);
      entry.holders.push({ node, step });
    }
  }
  const groups = [...found.values()].map(({ scope, holders }): [Holder[], Group] => {
    const members = read.filter(scope.belongs);
    const missing = unread.filter(scope.isNear);
    return [holders, { members, holders, missing, areReplicas: scope.areReplicas }];
  });
  return new Map(groups.flatMap(([holders, group]) => holders.map(({ step }) => [step, group] as const)));
}
