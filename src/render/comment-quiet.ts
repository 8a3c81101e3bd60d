/** Takes a plan and gives what is there to be found, not to be read: clusters without changes and unmanaged objects. */
import type { ClusterPlan, Plan } from '../model/plan.ts';
import { listed } from './comment-merge.ts';
import { unmanagedObjects } from './fold-findings.ts';
import { code } from './markdown-escape.ts';
import { counted } from './units.ts';
import { visibleId, visibleNode } from './visible.ts';

const MOST_CLUSTERS = 8;
const MOST_NAMES = 10;

const name = ({ cluster }: ClusterPlan): string => code(visibleNode(cluster));

const unchanged = ({ nodes }: ClusterPlan): boolean =>
  nodes.every(({ steps, unreadable }) => steps.length === 0 && unreadable === undefined);

/** A line for the clusters that stay as they are; unmanaged objects folded. Each of its pieces can be left out. */
export function quietPieces({ clusters }: Plan): string[] {
  const quiet = clusters.filter(unchanged).map(name);
  const told = clusters.filter((cluster) => unmanagedObjects(cluster).length > 0);
  const count = told.reduce((sum, cluster) => sum + unmanagedObjects(cluster).length, 0);
  const lines = told.slice(0, MOST_CLUSTERS).map((cluster) => {
    const names = unmanagedObjects(cluster).map((id) => code(visibleId(id)));
    return `- ${name(cluster)}: ${listed(names, MOST_NAMES)}`;
  });
  if (told.length > MOST_CLUSTERS)
    lines.push(`- and ${counted(told.length - MOST_CLUSTERS, 'more cluster')}`);
  const title = `<details><summary>${counted(count, 'unmanaged object')}, left alone</summary>`;
  return [
    ...(quiet.length > 0 ? [`No changes on ${listed(quiet, MOST_CLUSTERS)}.`] : []),
    ...(count > 0 ? [[title, lines.join('\n'), '</details>'].join('\n\n')] : []),
  ];
}
