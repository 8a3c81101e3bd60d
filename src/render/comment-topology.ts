/** Takes the clusters that were and will be declared and gives the section that shows how they change. */
import { listed } from './comment-merge.ts';
import { code, fenced } from './markdown-escape.ts';
import { topologyDiagram } from './mermaid.ts';
import { type Mark, shownTopology, type Topology, topologyCounts } from './mermaid-topology.ts';
import { visibleNode } from './visible.ts';

export interface TopologyChange {
  /** Absent where nothing was declared before. */
  readonly before?: Topology;
  readonly after: Topology;
}

const MOST_NAMES = 20;
const MARKS = ['added', 'removed', 'changed'] as const;

/** The section's forms, from the fullest to the shortest; none where nothing changes. */
export function topologyForms(topology: TopologyChange | undefined): string[] {
  if (!topology) return [];
  const clusters = shownTopology(topology.before, topology.after);
  const counts = topologyCounts(clusters);
  if (counts === '') return [];
  const named = (mark: Mark): string[] =>
    clusters.flatMap((cluster) => {
      const name = code(visibleNode(cluster.name));
      const nodes = cluster.nodes
        .filter((node) => node.mark === mark)
        .map((node) => code(visibleNode(node.name)));
      return [...(cluster.mark === mark ? [`cluster ${name}`] : []), ...nodes];
    });
  const lists = MARKS.flatMap((mark) => {
    const names = named(mark);
    return names.length > 0 ? [`- ${mark}: ${listed(names, MOST_NAMES)}`] : [];
  });
  const title = `### Topology: ${counts}`;
  const told = [title, lists.join('\n')].join('\n\n');
  const diagram = topologyDiagram(topology.before, topology.after);
  return [...(diagram ? [[told, fenced('mermaid', diagram).join('\n')].join('\n\n')] : []), told, title];
}
