/** Takes one cluster's plan and gives its steps with those that are the same on several nodes folded into one entry. */
import type { ClusterPlan } from '../model/plan.ts';
import type { Impact, Step } from '../model/step.ts';

export interface FoldedEntry {
  /** As planned for the first of the nodes; impact and fingerprint can differ on the others. */
  readonly step: Step;
  /** In the order of the cluster. */
  readonly nodes: readonly string[];
  /** Nodes to which the server carries it over from those. */
  readonly followers: readonly string[];
  /** Of the nodes whose impact is known. */
  readonly impacts: readonly Impact[];
}

interface Folding {
  readonly step: Step;
  readonly nodes: string[];
  readonly followers: string[];
  readonly impacts: Impact[];
}

function meaning({ impact: _impact, fingerprint: _fingerprint, ...step }: Step): string {
  const { action, object, statements, verdict, hazards, changes, refusals, allowance, place } = step;
  return JSON.stringify([
    ...[action, object, statements, verdict, hazards, changes, refusals, allowance, place],
    ...[step.file, step.registration],
  ]);
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
      const entry = entries.get(key) ?? { step, nodes: [], followers: [], impacts: [] };
      entries.set(key, entry);
      entry.nodes.push(node);
      entry.followers.push(...(step.followers ?? []));
      if (step.impact) entry.impacts.push(step.impact);
    }
  }
  return [...entries.values()];
}

const MOST_FOLLOWERS = 8;

/** `, followed by a, b`, cut behind the eighth; nothing where nobody follows. */
export function followedText(followers: readonly string[], show: (node: string) => string): string {
  if (followers.length === 0) return '';
  const more = followers.length - MOST_FOLLOWERS;
  const names = followers.slice(0, MOST_FOLLOWERS).map(show).join(', ');
  return `, followed by ${names}${more > 0 ? ` and ${more} more` : ''}`;
}

/** `on all 2 nodes`, or the nodes by name, each shown by `show`, and those that follow them. */
export function nodesText(
  nodes: readonly string[],
  cluster: ClusterPlan,
  show: (node: string) => string,
  followers: readonly string[] = [],
): string {
  const all = nodes.length === cluster.nodes.length && nodes.length > 1;
  const where = all ? `on all ${nodes.length} nodes` : `on ${nodes.map(show).join(', ')}`;
  return where + followedText(followers, show);
}
