/** A plan and lint's findings go in; the plan comes out with those of the objects that it creates or changes. */
import type { Finding } from '../model/finding.ts';
import { nameKey } from '../model/object.ts';
import type { NodePlan, Plan } from '../model/plan.ts';

/** What the plan leaves alone is not its reader's business: `plumbline lint` tells the rest. */
export function planWithLint(plan: Plan, findings: readonly Finding[]): Plan {
  const withLint = (node: NodePlan): NodePlan => {
    const touched = new Set(
      node.steps.filter(({ action }) => action !== 'drop').map(({ object }) => nameKey(object)),
    );
    const about = findings.filter(({ object }) => object !== undefined && touched.has(object));
    return about.length === 0 ? node : { ...node, findings: [...node.findings, ...about] };
  };
  return {
    ...plan,
    clusters: plan.clusters.map((cluster) => ({ ...cluster, nodes: cluster.nodes.map(withLint) })),
  };
}
