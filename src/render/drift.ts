/** Takes a plan and gives it as drift: on which nodes the live state is not the declared one, and how. */
import { keyOf } from '../model/object.ts';
import type { ClusterPlan, Plan } from '../model/plan.ts';
import { type Drift, driftLines, driftOf } from './drift-entry.ts';
import { foldNodes } from './fold-nodes.ts';
import { foldTenants } from './fold-tenants.ts';
import { caveats, summarize } from './summary.ts';
import { joinBlocks } from './text.ts';
import { clusterHead, findingBlocks, unmanagedBlock, unreadableBlocks } from './text-cluster.ts';
import { type Palette, palette } from './text-palette.ts';
import { tenantLines } from './text-tenants.ts';
import { counted, formatCount } from './units.ts';

const WIDTH = 100;

function clusterBlocks(cluster: ClusterPlan, colours: Palette): string[][] {
  const told = [
    ...unreadableBlocks(cluster, colours, WIDTH),
    ...findingBlocks(cluster, colours, WIDTH),
    ...foldTenants(foldNodes(cluster)).map((entry) =>
      entry.alike
        ? tenantLines(entry.alike, cluster, colours, WIDTH, driftLines)
        : driftLines(entry, cluster, colours, WIDTH),
    ),
  ];
  const head = clusterHead(cluster, colours);
  const start = told.length > 0 ? [[head], ...told] : [[head, `  ${colours.quiet('No drift.')}`]];
  return [...start, unmanagedBlock(cluster, colours, WIDTH)];
}

/** `Drift: 1 missing · 2 differ on 3 nodes`; an object counts once per cluster. */
function driftLine(plan: Plan): string {
  const summary = summarize(plan);
  const found = new Map<Drift, Set<string>>();
  for (const cluster of plan.clusters) {
    for (const { step } of foldNodes(cluster)) {
      const drift = driftOf(step);
      const objects = found.get(drift) ?? new Set();
      found.set(drift, objects.add(`${cluster.cluster} ${keyOf(step.object)}`));
    }
  }
  const count = (drift: Drift, word: string): string[] => {
    const size = found.get(drift)?.size ?? 0;
    return size > 0 ? [`${formatCount(size)} ${word}`] : [];
  };
  const counts = [
    ...count('missing', 'missing'),
    ...count('differs', 'differ'),
    ...count('not declared', 'not declared'),
  ];
  const rest = caveats(summary);
  const known = summary.nodes - summary.unreadable.length;
  if (counts.length > 0) {
    return [`Drift: ${counts.join(' · ')} on ${counted(summary.changedNodes, 'node')}`, ...rest].join(' · ');
  }
  if (rest.length === 0) return 'No drift.';
  return [...(known > 0 ? [`No drift on ${counted(known, 'node')}`] : []), ...rest].join(' · ');
}

/** What differs, with what is live against what is declared; unmanaged objects are listed, and are no drift. */
export function renderDrift(plan: Plan, options: { colour: boolean }): string {
  const colours = palette(options.colour);
  const blocks = plan.clusters.flatMap((cluster) => clusterBlocks(cluster, colours));
  return joinBlocks([...blocks, [colours.strong(driftLine(plan))]]);
}
