/** Takes one entry that stands for several tenants and gives the lines that show it on a terminal. */
import type { ClusterPlan } from '../model/plan.ts';
import { type FoldedEntry, nodesText } from './fold-nodes.ts';
import { type Alike, alikeTenants, alikeTitle } from './fold-tenants.ts';
import { entryLines } from './text-entry.ts';
import type { Palette } from './text-palette.ts';
import { visibleName, visibleNode } from './visible.ts';
import { flow, indent } from './wrap.ts';

/** How an entry of one tenant is told: as a change that is planned, or as drift. */
export type EntryLines = (
  entry: FoldedEntry,
  cluster: ClusterPlan,
  colours: Palette,
  width: number,
) => string[];

/** Its head, and below it the entries of the first tenant, told by `lines`. */
export function tenantLines(
  alike: Alike<FoldedEntry>,
  cluster: ClusterPlan,
  colours: Palette,
  width: number,
  lines: EntryLines = entryLines,
): string[] {
  const { tenants, shown } = alike;
  const [{ nodes, followers } = { nodes: [], followers: [] }] = shown;
  const pieces = [
    { text: alikeTitle(alike), paint: colours.strong },
    { text: alikeTenants(alike, visibleName), paint: colours.plain },
    { text: nodesText(nodes, cluster, visibleNode, followers), paint: colours.quiet },
  ];
  const lead = `Shown for ${visibleName(tenants[0] ?? '')}; the others differ in the tenant alone:`;
  const inner = shown.flatMap((entry) => lines(entry, cluster, colours, width - 2));
  return indent([...flow(pieces, width - 2, 4), ...indent([colours.quiet(lead), ...inner], 2)], 2);
}
