/** Takes a plan and gives it as the Markdown that a reviewer reads on a pull request. */
import type { ClusterPlan, Plan } from '../model/plan.ts';
import { foldFindings } from './fold-findings.ts';
import { foldNodes, nodesText } from './fold-nodes.ts';
import { foldTenants } from './fold-tenants.ts';
import { entryBlocks, staysOpen } from './markdown-entry.ts';
import { code, htmlCode, prose } from './markdown-escape.ts';
import { tenantBlocks } from './markdown-tenants.ts';
import { stagesSection } from './stages.ts';
import { verdictLine } from './summary.ts';
import { joinBlocks } from './text.ts';
import { clusterFacts, unmanagedText } from './text-cluster.ts';
import { visibleNode, visiblePlace } from './visible.ts';

const showNode = (node: string): string => code(visibleNode(node));

function unreadableBlocks({ nodes }: ClusterPlan): string[][] {
  return nodes.flatMap(({ node, address, unreadable }) => {
    if (unreadable === undefined) return [];
    const message = `Node ${showNode(node)} (${code(address)}) could not be read: ${code(unreadable)}`;
    return [['> [!CAUTION]', `> ${message}`, '> Nobody knows what it needs.']];
  });
}

function findingLines(cluster: ClusterPlan): string[] {
  return foldFindings(cluster).map(({ finding: { severity, rule, message, place }, nodes }) => {
    const all = nodes.length > 1 && nodes.length === cluster.nodes.length;
    const where = `${nodesText(nodes, cluster, showNode)}${all ? ` of ${showNode(cluster.cluster)}` : ''}`;
    const origin = place ? ` · ${code(visiblePlace(place))}` : '';
    return `- **${severity}** ${code(rule)} ${where}${origin}: ${prose(message)}`;
  });
}

function clusterBlocks(cluster: ClusterPlan): string[][] {
  const entries = foldNodes(cluster);
  const folded = foldTenants(entries.filter((entry) => !staysOpen(entry)));
  const where = (nodes: readonly string[], followers: readonly string[]): string =>
    nodesText(nodes, cluster, (node) => htmlCode(visibleNode(node)), followers);
  const silent = entries.length === 0 && cluster.nodes.every(({ unreadable }) => unreadable === undefined);
  const unmanaged = unmanagedText(cluster, code);
  return [
    [`### Cluster ${showNode(cluster.cluster)}`],
    [prose(clusterFacts(cluster))],
    silent ? ['No changes.'] : [],
    ...entries.filter(staysOpen).flatMap((entry) => entryBlocks(entry, cluster)),
    ...folded.flatMap((entry) =>
      entry.alike
        ? tenantBlocks(entry.alike, where(entry.nodes, entry.followers))
        : entryBlocks(entry, cluster),
    ),
    unmanaged === undefined ? [] : [unmanaged],
  ];
}

/** The whole plan, whatever its length; the same plan is always the same bytes. */
export function renderMarkdown(plan: Plan): string {
  return joinBlocks([
    ['## Plumbline plan'],
    [`**${prose(verdictLine(plan))}**`],
    ...plan.clusters.flatMap(unreadableBlocks),
    plan.clusters.flatMap(findingLines),
    ...[stagesSection(plan.stages)].filter((text) => text !== '').map((text) => [text]),
    ...plan.clusters.flatMap(clusterBlocks),
  ]);
}
