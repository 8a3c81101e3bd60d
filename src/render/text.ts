/** Takes a plan and gives it as people read it on a terminal. */
import type { ClusterPlan, Plan } from '../model/plan.ts';
import { foldNodes } from './fold-nodes.ts';
import { foldTenants } from './fold-tenants.ts';
import { stageBlocks } from './stages.ts';
import { verdictLine } from './summary.ts';
import { clusterHead, findingBlocks, unmanagedBlock, unreadableBlocks } from './text-cluster.ts';
import { entryLines } from './text-entry.ts';
import { type Palette, palette } from './text-palette.ts';
import { tenantLines } from './text-tenants.ts';

const WIDTH = 100;

/** Blocks of lines with one empty line between them. */
export function joinBlocks(blocks: readonly (readonly string[])[]): string {
  return `${blocks
    .filter((block) => block.length > 0)
    .map((block) => block.join('\n'))
    .join('\n\n')}\n`;
}

function clusterBlocks(cluster: ClusterPlan, colours: Palette, width: number): string[][] {
  const said = [
    ...unreadableBlocks(cluster, colours, width),
    ...findingBlocks(cluster, colours, width),
    ...foldTenants(foldNodes(cluster)).map((entry) =>
      entry.alike
        ? tenantLines(entry.alike, cluster, colours, width)
        : entryLines(entry, cluster, colours, width),
    ),
  ];
  const head = clusterHead(cluster, colours);
  const start = said.length > 0 ? [[head], ...said] : [[head, `  ${colours.quiet('No changes.')}`]];
  return [...start, unmanagedBlock(cluster, colours, width)];
}

/** Lines of about `width` columns (100 unless told), each ending in a newline; no escape codes without `colour`. */
export function renderText(plan: Plan, options: { colour: boolean; width?: number }): string {
  const colours = palette(options.colour);
  const blocks = plan.clusters.flatMap((cluster) => clusterBlocks(cluster, colours, options.width ?? WIDTH));
  const stages = stageBlocks(plan.stages ?? [], colours, options.width ?? WIDTH);
  return joinBlocks([...blocks, ...stages, [colours.strong(verdictLine(plan))]]);
}
