/** Takes one cluster's plan and gives its findings and unmanaged objects, each once, with the nodes they were seen on. */
import type { Finding } from '../model/finding.ts';
import { keyOf, type ObjectId } from '../model/object.ts';
import type { ClusterPlan } from '../model/plan.ts';

export interface FoldedFinding {
  readonly finding: Finding;
  readonly nodes: readonly string[];
}

/** Errors first, otherwise in the order of their first appearance. */
export function foldFindings(cluster: ClusterPlan): FoldedFinding[] {
  const found = new Map<string, { finding: Finding; nodes: string[] }>();
  for (const { node, findings } of cluster.nodes) {
    for (const finding of findings) {
      const { severity, rule, message, place } = finding;
      const key = JSON.stringify([severity, rule, message, place]);
      const entry = found.get(key) ?? { finding, nodes: [] };
      found.set(key, entry);
      const seenOn = finding.node ?? node;
      if (!entry.nodes.includes(seenOn)) entry.nodes.push(seenOn);
    }
  }
  const all = [...found.values()];
  const of = (severity: Finding['severity']) => all.filter(({ finding }) => finding.severity === severity);
  return [...of('error'), ...of('warning')];
}

/** Objects of the cluster that no declaration names, each once. */
export function unmanagedObjects(cluster: ClusterPlan): ObjectId[] {
  const objects = new Map<string, ObjectId>();
  for (const { unmanaged } of cluster.nodes) {
    for (const id of unmanaged) if (!objects.has(keyOf(id))) objects.set(keyOf(id), id);
  }
  return [...objects.values()];
}
