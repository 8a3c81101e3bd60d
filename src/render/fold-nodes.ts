/** Takes one cluster's plan and gives its steps with those that are the same on several nodes folded into one entry. */
import type { ClusterPlan } from '../model/plan.ts';
import type { Impact, Step } from '../model/step.ts';

export interface FoldedEntry {
  /** As planned for the first of the nodes; impact and fingerprint can differ on the others. */
  readonly step: Step;
  /** In the order of the cluster. */
  readonly nodes: readonly string[];
  /** Of the nodes whose impact is known. */
  readonly impacts: readonly Impact[];
}

interface Folding {
  readonly step: Step;
  readonly nodes: string[];
  readonly impacts: Impact[];
}

function meaning({ impact: _impact, fingerprint: _fingerprint, ...step }: Step): string {
  const { action, object, statements, verdict, hazards, changes, refusals, place } = step;
  return JSON.stringify([action, object, statements, verdict, hazards, changes, refusals, place]);
}

/** Entries in the order of their first appearance; a step that a node has twice stays twice. */
export function foldNodes(cluster: ClusterPlan): FoldedEntry[] {
  const entries = new Map<string, Folding>();
  for (const { node, steps } of cluster.nodes) {
    const seen = new Map<string, number>();
    for (const step of steps) {
      const text = meaning(step);
      const times = seen.get(text) ?? 0;
      seen.set(text, times + 1);
      const key = `${times} ${text}`;
      const entry = entries.get(key) ?? { step, nodes: [], impacts: [] };
      entries.set(key, entry);
      entry.nodes.push(node);
      if (step.impact) entry.impacts.push(step.impact);
    }
  }
  return [...entries.values()];
}

/** `on all 2 nodes`, or the nodes by name, each shown by `show`. */
export function nodesText(
  nodes: readonly string[],
  cluster: ClusterPlan,
  show: (node: string) => string,
): string {
  const all = nodes.length === cluster.nodes.length && nodes.length > 1;
  return all ? `on all ${nodes.length} nodes` : `on ${nodes.map(show).join(', ')}`;
}
