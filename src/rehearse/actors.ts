/** Chooses the nodes that play in a rehearsal: one for all nodes of a cluster that have the same state and the same steps. */
import type { NodePlan, Plan } from '../model/plan.ts';
import type { State } from '../model/state.ts';
import { digest } from '../plan/fingerprint.ts';

/** Each server takes a few hundred megabytes. */
export const MOST_SERVERS = 8;

export interface Actors {
  readonly played: readonly NodePlan[];
  /** How many nodes another one plays for. */
  readonly doubled: number;
  /** How many nodes are left out because there are too many different ones. */
  readonly leftOut: number;
}

function part(cluster: string, plan: NodePlan, state: State | undefined): string {
  const live = [...(state?.values() ?? [])].map(({ statement }) => statement).sort();
  const steps = plan.steps.map(({ statements }) => statements);
  return digest(JSON.stringify([cluster, live, steps]));
}

export function actors(plan: Plan, states: ReadonlyMap<string, State>): Actors {
  const parts = new Map<string, NodePlan>();
  let [doubled, leftOut] = [0, 0];
  for (const { cluster, nodes } of plan.clusters) {
    for (const node of nodes) {
      if (node.unreadable !== undefined || node.steps.length === 0) continue;
      const key = part(cluster, node, states.get(node.node));
      if (parts.has(key)) doubled++;
      else if (parts.size < MOST_SERVERS) parts.set(key, node);
      else leftOut++;
    }
  }
  return { played: [...parts.values()], doubled, leftOut };
}
