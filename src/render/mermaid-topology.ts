/** Takes the clusters that were and will be declared and gives each cluster and node with a mark that says what becomes of it. */
import { counted } from './units.ts';

/** What a diagram needs of an estate; an `Estate` is one. */
export interface Topology {
  readonly clusters: readonly TopologyCluster[];
}

export interface TopologyCluster {
  readonly name: string;
  readonly edition: string;
  readonly version: string;
  readonly nodes: readonly TopologyNode[];
}

export interface TopologyNode {
  readonly name: string;
  readonly shard: number;
  readonly replica: number;
  readonly host: string;
  readonly httpPort: number;
}

export type Mark = 'same' | 'added' | 'removed' | 'changed';

interface Shown {
  readonly mark: Mark;
  readonly name: string;
  /** `26.6 → 26.7` where it changes. */
  readonly detail: string;
}

export interface ShownNode extends Shown {
  readonly shard: number;
}

export interface ShownCluster extends Shown {
  readonly nodes: readonly ShownNode[];
}

interface Pair<T> {
  readonly was?: T | undefined;
  readonly is?: T | undefined;
}

/** Each name once: those that stay in their new order, those that go at the end. */
function pairs<T extends { readonly name: string }>(before: readonly T[], after: readonly T[]): Pair<T>[] {
  const olds = new Map(before.map((one) => [one.name, one]));
  const news = new Set(after.map(({ name }) => name));
  const gone = before.filter(({ name }) => !news.has(name));
  return [...after.map((is) => ({ was: olds.get(is.name), is })), ...gone.map((was) => ({ was }))];
}

/** What is told of it; what is `quiet` only where it changes. */
interface Fact {
  readonly text: string;
  readonly quiet?: true;
}

function shown<T extends { readonly name: string }>(
  { was, is }: Pair<T>,
  factsOf: (one: T) => Fact[],
): Shown {
  const old = was && factsOf(was);
  const now = is && factsOf(is);
  let mark: Mark = !old ? 'added' : now ? 'same' : 'removed';
  const detail = (now ?? old ?? []).flatMap(({ text, quiet }, at) => {
    const before = old?.[at]?.text ?? text;
    if (before === text) return quiet ? [] : [text];
    mark = 'changed';
    return [`${before} → ${text}`];
  });
  return { mark, name: (is ?? was)?.name ?? '', detail: detail.join(' · ') };
}

const clusterFacts = ({ edition, version }: TopologyCluster): Fact[] => [
  { text: edition },
  { text: version },
];

const nodeFacts = ({ host, httpPort, shard, replica }: TopologyNode): Fact[] => [
  { text: `${host}:${httpPort}` },
  { text: `shard ${shard}`, quiet: true },
  { text: `replica ${replica}`, quiet: true },
];

/** Without `before`, nothing was declared, and everything is added. */
export function shownTopology(before: Topology | undefined, after: Topology): ShownCluster[] {
  return pairs(before?.clusters ?? [], after.clusters).map((clusters) => {
    const { was, is } = clusters;
    const nodes = pairs(was?.nodes ?? [], is?.nodes ?? []).map((nodes): ShownNode => {
      const node = shown(nodes, nodeFacts);
      return { ...node, shard: (nodes.is ?? nodes.was)?.shard ?? 1 };
    });
    return { ...shown(clusters, clusterFacts), nodes };
  });
}

/** `1 cluster added · 2 nodes removed`; empty where nothing changes. */
export function topologyCounts(clusters: readonly ShownCluster[]): string {
  const nodes = clusters.flatMap((cluster) => cluster.nodes);
  return (['added', 'removed', 'changed'] as const)
    .flatMap((mark) => {
      const count = (all: readonly Shown[]): number => all.filter((one) => one.mark === mark).length;
      return [
        { noun: 'cluster', size: count(clusters) },
        { noun: 'node', size: count(nodes) },
      ]
        .filter(({ size }) => size > 0)
        .map(({ noun, size }) => `${counted(size, noun)} ${mark}`);
    })
    .join(' · ');
}
