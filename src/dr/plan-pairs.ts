/** The plans of clusters and what was read of their nodes go in; the same with the repairs of declared pairs comes out. */

import type { Server } from '../live/server.ts';
import type { Settled } from '../live/settled.ts';
import { type DrPair, fitsTable } from '../model/dr-pair.ts';
import { PlumblineError } from '../model/errors.ts';
import type { Estate } from '../model/estate.ts';
import type { Finding } from '../model/finding.ts';
import { pathKey, showPath } from '../model/object.ts';
import type { ClusterPlan, NodePlan } from '../model/plan.ts';
import type { CopyFrom } from '../model/repair.ts';
import type { State } from '../model/state.ts';
import type { Step } from '../model/step.ts';
import { compareSites } from './compare-sites.ts';
import type { TableComparison } from './comparison.ts';
import { cutShort, idle } from './cut-short.ts';
import { type Direction, directionOf, type Resolve } from './direction.ts';
import { tablesOf } from './pair-tables.ts';
import { type PlannedRepair, planRepairs, type RefusedRepair, type RepairScope } from './plan-repairs.ts';
import { refusedFindings, verdictFindings } from './repair-findings.ts';
import { NOTHING_TAKEN, sideBySide, withinLimits } from './repair-limits.ts';
import { readLeftStagings } from './repair-partition.ts';
import { leftStagingStep, repairStep } from './repair-step.ts';
import { readReplaceable, readViewsOn } from './replaceable.ts';

export interface WantedRepairs {
  readonly resolve: Resolve;
  readonly proven: Settled;
  /** Names of pairs; all where it is left out. */
  readonly pairs?: ReadonlySet<string> | undefined;
  /** Patterns of tables; all of the pairs where it is left out. One without `*` may be copied whole, whatever its size. */
  readonly tables?: readonly string[] | undefined;
  /** Partition ids. */
  readonly partitions?: ReadonlySet<string> | undefined;
  /** Whether the plan has repairs only, and nothing of what else is declared. */
  readonly alone?: boolean;
}

interface Read {
  readonly servers: ReadonlyMap<string, Server>;
  readonly states: ReadonlyMap<string, State>;
}

/** What is added to the plan of one node. */
interface Added {
  readonly steps: readonly Step[];
  readonly findings: readonly Finding[];
}

/** What the comparison of a shard comes to, before the limits of a run are looked at. */
interface ComparedShard {
  readonly planned: readonly (PlannedRepair | RefusedRepair)[];
  readonly findings: readonly Finding[];
  /** Views that an INSERT fires, by table. */
  readonly views: ReadonlyMap<string, readonly string[]>;
  /** Names of tables in which repairs have put partitions together, and that none needs any more. */
  readonly left: readonly string[];
}

/** Bytes of the largest table without a partition key that is copied whole unasked. */
const WHOLE_TABLE = 10 * 2 ** 30;

function copyFrom({ copy }: DrPair, site: string, shard: number): CopyFrom | undefined {
  if (!copy) return undefined;
  const filled = (name: string): string =>
    name.replaceAll('{site}', site).replaceAll('{shard}', String(shard));
  if ('namedCollection' in copy) return { namedCollection: filled(copy.namedCollection) };
  return { cluster: filled(copy.cluster), ...(!copy.cluster.includes('{shard}') && { shard }) };
}

/** The nodes of a cluster that were read, the first of each shard, by shard. */
function firstNodes(estate: Estate, cluster: string, { states }: Read): Map<number, string> {
  const nodes = estate.clusters.find(({ name }) => name === cluster)?.nodes ?? [];
  const first = new Map<number, string>();
  for (const { shard, name } of nodes) if (states.has(name) && !first.has(shard)) first.set(shard, name);
  return first;
}

const error = (rule: string, message: string, { place }: DrPair): Finding => ({
  ...{ severity: 'error', rule, message },
  ...(place && { place }),
});

interface Shard {
  readonly pair: DrPair;
  readonly direction: Direction & { readonly active: object };
  readonly shard: number;
  readonly from: CopyFrom;
  readonly active: string;
  readonly passive: NodePlan;
}

/** Tables that the schema plan changes come first: their rows are compared by the next plan. */
function changing({ steps }: NodePlan, path: readonly string[]): boolean {
  return steps.some(({ object }) => object.path[0] === path[0] && (object.path[1] ?? path[1]) === path[1]);
}

async function compareTables(
  { pair, active, passive }: Shard,
  { servers, states }: Read,
  wanted: WantedRepairs,
): Promise<{ readonly tables: readonly TableComparison[]; readonly findings: readonly Finding[] }> {
  const [here, there] = [active, passive.node].map((node) => {
    const [server, state] = [servers.get(node), states.get(node)];
    if (!server || !state) throw new PlumblineError(`${node} was not read`);
    return { server, state };
  });
  if (!here || !there) throw new Error('a pair has two sites');
  const all = tablesOf(pair, [here.state, there.state]).filter(
    (path) => wanted.tables?.some((pattern) => fitsTable(pattern, path)) ?? true,
  );
  const first = all.filter((path) => changing(passive, path));
  const compared = await compareSites(
    here,
    there,
    all.filter((path) => !first.includes(path)),
    { depth: pair.compare, hotSeconds: pair.hotAfter, proven: wanted.proven },
  );
  const findings = first.map((path) => ({
    severity: 'warning' as const,
    rule: 'dr-structure-first',
    message: `${showPath(path)} is to be changed first; its rows are compared by the next plan`,
    object: pathKey(path),
  }));
  return { tables: compared.tables, findings };
}

async function compareShard(shard: Shard, read: Read, wanted: WantedRepairs): Promise<ComparedShard> {
  const { pair, passive, from, active } = shard;
  const target = read.servers.get(passive.node);
  const state = read.states.get(passive.node);
  if (!target || !state) return { planned: [], findings: [], views: new Map(), left: [] };
  const [{ tables, findings }, replaceable, views, left] = await Promise.all([
    compareTables(shard, read, wanted),
    readReplaceable(target),
    readViewsOn(target),
    readLeftStagings(target),
  ]);
  const planned: (PlannedRepair | RefusedRepair)[] = [];
  const others: TableComparison[] = [];
  for (const table of tables) {
    const root = state.get(pathKey(table.path));
    if (!root || table.verdict !== 'compared') {
      others.push(table);
      continue;
    }
    const isNamed = wanted.tables?.some((one) => !one.includes('*') && fitsTable(one, table.path)) === true;
    const scope: RepairScope = {
      ...{ pair: pair.name, source: active, from, replaceable },
      wholeTableBytes: isNamed ? Number.POSITIVE_INFINITY : WHOLE_TABLE,
    };
    const partitions = table.partitions.filter(({ partition }) => wanted.partitions?.has(partition) ?? true);
    const cut = await cutShort(target, table, root.tree(), scope, left);
    planned.push(...planRepairs({ ...table, partitions }, root.tree(), { ...scope, cutShort: cut }));
    others.push({ ...table, partitions: table.partitions.filter(({ partition }) => !cut.has(partition)) });
  }
  return {
    planned,
    findings: [...findings, ...verdictFindings(pair, others)],
    views,
    left: await idle(target, others, left),
  };
}

/** The steps of the passive nodes: first what killed repairs have left, then the repairs that fit into one run of the pair. */
function planShards(pair: DrPair, shards: ReadonlyMap<string, ComparedShard>): Map<string, Added> {
  let taken = NOTHING_TAKEN;
  const fitting = [...shards].map(([node, shard]) => {
    const fit = withinLimits(shard.planned, pair.repair, taken);
    taken = fit.taken;
    return { node, shard, ...fit };
  });
  return new Map(
    fitting.map(({ node, shard, repairs, refused }) => {
      const used = new Set(repairs.map(({ repair }) => repair.staging));
      const steps = repairs.map((one) =>
        repairStep(
          sideBySide(one, taken.partitions, pair.repair),
          shard.views.get(pathKey(one.path)) ?? [],
          pair.place,
        ),
      );
      const left = shard.left.filter((name) => !used.has(name)).map(leftStagingStep);
      return [
        node,
        { steps: [...left, ...steps], findings: [...shard.findings, ...refusedFindings(pair, refused)] },
      ];
    }),
  );
}

/** What each node's plan gets of one pair. */
async function planPair(
  estate: Estate,
  pair: DrPair,
  clusters: readonly ClusterPlan[],
  read: Read,
  wanted: WantedRepairs,
): Promise<Map<string, Added>> {
  const direction = await directionOf(pair, wanted.resolve);
  const plans = (cluster: string): readonly NodePlan[] =>
    clusters.find((one) => one.cluster === cluster)?.nodes ?? [];
  const blamed = (cluster: string, finding: Finding): Map<string, Added> =>
    new Map(
      plans(cluster)
        .slice(0, 1)
        .map(({ node }) => [node, { steps: [], findings: [finding] }]),
    );
  if (!direction.active) {
    const message = `nothing is repaired: nobody knows which site of ${pair.name} is active: ${direction.reason}`;
    return blamed(pair.sites[0].cluster, error('dr-direction', message, pair));
  }
  const [active, passive] = [direction.active.cluster, direction.passive.cluster];
  const [sources, targets] = [active, passive].map((cluster) => firstNodes(estate, cluster, read));
  const blocked = new Map<string, Added>();
  const compared = new Map<string, ComparedShard>();
  for (const [shard, target] of targets ?? []) {
    const [source, from] = [sources?.get(shard), copyFrom(pair, active, shard)];
    const plan = plans(passive).find(({ node }) => node === target);
    if (!plan) continue;
    const why =
      source === undefined
        ? `no node of shard ${shard} of ${active} was read`
        : 'the pair declares no `copy`';
    if (source === undefined || !from) {
      blocked.set(target, {
        steps: [],
        findings: [error('dr-no-source', `nothing is repaired: ${why}`, pair)],
      });
      continue;
    }
    const paired = { pair, direction, shard, from, active: source, passive: plan };
    compared.set(target, await compareShard(paired, read, wanted));
  }
  return new Map([...blocked, ...planShards(pair, compared)]);
}

/** Compares the pairs that are wanted, one after the other, and adds their repairs behind the steps of the passive nodes. */
export async function planPairs(
  estate: Estate,
  clusters: readonly ClusterPlan[],
  read: Read,
  wanted: WantedRepairs,
): Promise<ClusterPlan[]> {
  const added = new Map<string, Added>();
  for (const pair of estate.pairs.filter(({ name }) => wanted.pairs?.has(name) ?? true)) {
    for (const [node, { steps, findings }] of await planPair(estate, pair, clusters, read, wanted)) {
      const before = added.get(node);
      added.set(node, {
        steps: [...(before?.steps ?? []), ...steps],
        findings: [...(before?.findings ?? []), ...findings],
      });
    }
  }
  wanted.proven.save();
  return clusters.map((cluster) => ({
    ...cluster,
    nodes: cluster.nodes.map((node) => {
      const { steps = [], findings = [] } = added.get(node.node) ?? {};
      if (wanted.alone) return { ...node, steps, unmanaged: [], findings };
      return { ...node, steps: [...node.steps, ...steps], findings: [...node.findings, ...findings] };
    }),
  }));
}
