/** Takes the clusters that were and will be declared and gives a diagram of them that marks what comes, goes and changes. */
import { type ShownCluster, type ShownNode, shownTopology, type Topology } from './mermaid-topology.ts';
import { visible } from './visible.ts';

const MOST_BOXES = 60;
const MANY = 30;
const SIGNS = { same: '', added: '+ ', removed: '− ', changed: '~ ' } as const;
const STYLES = {
  added: 'stroke:#1a7f37,stroke-width:3px',
  removed: 'stroke:#cf222e,stroke-width:3px,stroke-dasharray:6',
  changed: 'stroke:#9a6700,stroke-width:3px',
} as const;

/**
 * Words inside quotes; Mermaid reads `#60;` as the character with that number. Even there it obeys `direction TB`, wherever
 * a line has it: https://github.com/mermaid-js/mermaid/blob/develop/packages/mermaid/src/diagrams/flowchart/parser/flow.jison
 */
export function mermaidWords(text: string): string {
  return visible(text)
    .replace(/[^\p{L}\p{M}\p{N} _.,-]/gu, (character) => `#${character.codePointAt(0)};`)
    .replace(/(?<=direction) /gi, '#32;');
}

type Marked = Pick<ShownNode, 'mark' | 'name' | 'detail'>;

/** The breaks between lines are the only HTML in a label. */
function label({ mark, name, detail }: Marked): string {
  const lines = [`${SIGNS[mark]}${name}`, ...(detail === '' ? [] : [detail])];
  return `"${lines.map(mermaidWords).join('<br/>')}"`;
}

function shards(nodes: readonly ShownNode[]): Map<number, ShownNode[]> {
  const found = new Map<number, ShownNode[]>();
  for (const node of nodes) found.set(node.shard, [...(found.get(node.shard) ?? []), node]);
  return found;
}

/** Nodes to draw: all, or where there are many only those that are not as they were. */
function drawn(nodes: readonly ShownNode[], many: boolean): Marked[] {
  const same = nodes.filter(({ mark }) => mark === 'same');
  if (!many || same.length < 2) return [...nodes];
  const others = nodes.filter(({ mark }) => mark !== 'same');
  return [...others, { mark: 'same', name: `${same.length} nodes as they are`, detail: '' }];
}

/** Lines of a Mermaid flowchart; undefined where nothing changes, or where too much does for a picture. */
export function topologyDiagram(before: Topology | undefined, after: Topology): string[] | undefined {
  const all = shownTopology(before, after);
  const count = all.reduce((sum, { nodes }) => sum + nodes.length, 0);
  const many = count > MANY;
  const clusters = all.filter((cluster) => !many || hasChanged(cluster));
  if (!all.some(hasChanged)) return undefined;
  const marked: Record<string, string[]> = { added: [], removed: [], changed: [] };
  const lines: string[] = [];
  let boxes = 0;
  for (const [at, cluster] of clusters.entries()) {
    marked[cluster.mark]?.push(`c${at}`);
    lines.push(`  subgraph c${at}[${label(cluster)}]`);
    const groups = shards(cluster.nodes);
    for (const [shard, nodes] of groups) {
      const inside = groups.size > 1 ? '      ' : '    ';
      if (groups.size > 1) lines.push(`    subgraph c${at}s${shard}["shard ${shard}"]`);
      for (const node of drawn(nodes, many)) {
        marked[node.mark]?.push(`n${boxes}`);
        lines.push(`${inside}n${boxes++}[${label(node)}]`);
      }
      if (groups.size > 1) lines.push('    end');
    }
    lines.push('  end');
  }
  if (boxes > MOST_BOXES) return undefined;
  const styles = Object.entries(STYLES).flatMap(([mark, style]) => {
    const ids = marked[mark] ?? [];
    return ids.length > 0 ? [`  classDef ${mark} ${style}`, `  class ${ids.join(',')} ${mark}`] : [];
  });
  return ['flowchart LR', ...lines, ...styles];
}

export function hasChanged({ mark, nodes }: ShownCluster): boolean {
  return mark !== 'same' || nodes.some((node) => node.mark !== 'same');
}
