/** Takes a plan and gives its steps and findings with those that are the same on several nodes and clusters merged. */
import type { ClusterPlan, Plan } from '../model/plan.ts';
import { type FoldedFinding, foldFindings } from './fold-findings.ts';
import { type FoldedEntry, foldNodes } from './fold-nodes.ts';
import { formatCount } from './units.ts';

/** A cluster, and those of its nodes that are meant. */
export interface Target {
  readonly cluster: ClusterPlan;
  readonly nodes: readonly string[];
}

export interface MergedEntry extends FoldedEntry {
  readonly targets: readonly Target[];
}

export interface MergedFinding extends FoldedFinding {
  readonly targets: readonly Target[];
}

export interface MergedPlan {
  readonly plan: Plan;
  /** In the order in which they run on the first node that has them. */
  readonly entries: readonly MergedEntry[];
  /** Errors first. */
  readonly findings: readonly MergedFinding[];
}

export function mergePlan(plan: Plan): MergedPlan {
  const clusterOf = new Map(
    plan.clusters.flatMap((cluster) => cluster.nodes.map(({ node }) => [node, cluster] as const)),
  );
  const targets = (nodes: readonly string[]): Target[] => {
    const found = new Map<ClusterPlan, string[]>();
    for (const node of nodes) {
      const cluster = clusterOf.get(node);
      if (!cluster) continue;
      const members = found.get(cluster) ?? [];
      found.set(cluster, members);
      members.push(node);
    }
    return [...found].map(([cluster, members]) => ({ cluster, nodes: members }));
  };
  const merged = <T extends { readonly nodes: readonly string[] }>(one: T) => ({
    ...one,
    targets: targets(one.nodes),
  });
  const everywhere: ClusterPlan = {
    cluster: '',
    edition: 'community',
    nodes: plan.clusters.flatMap(({ nodes }) => nodes),
  };
  return {
    plan,
    entries: foldNodes(everywhere).map(merged),
    findings: foldFindings(everywhere).map(merged),
  };
}

const MOST_NODES = 8;

/** `a`, `a and b`, `a, b and 3 more`; all of them up to `most`. */
export function listed(names: readonly string[], most: number): string {
  const shown = names.length > most ? names.slice(0, most) : names.slice(0, -1);
  const last = names.length > most ? `${formatCount(names.length - most)} more` : names.at(-1);
  return shown.length > 0 ? `${shown.join(', ')} and ${last}` : (last ?? '');
}

function targetText({ cluster, nodes }: Target, several: boolean, show: (name: string) => string): string {
  const all = cluster.nodes.length;
  if (nodes.length === all && all > 1)
    return `all ${all} nodes${several ? ` of ${show(cluster.cluster)}` : ''}`;
  const some = listed(nodes.map(show), MOST_NODES);
  return nodes.length > MOST_NODES ? `${some} of the ${all} nodes of ${show(cluster.cluster)}` : some;
}

/** `on all 2 nodes`; with the clusters' names where the plan has `several`: `` on all 2 nodes of `a` and on `b-1` ``. */
export function targetsText(
  targets: readonly Target[],
  several: boolean,
  show: (name: string) => string,
): string {
  return listed(
    targets.map((target) => `on ${targetText(target, several, show)}`),
    MOST_NODES,
  );
}

/** The same below a heading that names the clusters. */
export function sectionText(targets: readonly Target[], show: (name: string) => string): string {
  const total = targets.reduce((sum, { nodes }) => sum + nodes.length, 0);
  const whole = targets.every(({ cluster, nodes }) => nodes.length === cluster.nodes.length);
  return whole && total > 1 ? `on all ${total} nodes` : targetsText(targets, targets.length > 1, show);
}
