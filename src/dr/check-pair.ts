/** An opened pair goes in; what one check of it finds comes out: the direction, every node's health, every table, and whether it is clean. */
import { createHash } from 'node:crypto';
import { readNode } from '../live/read.ts';
import type { Settled } from '../live/settled.ts';
import { type DrPair, fitsTable } from '../model/dr-pair.ts';
import type { Estate } from '../model/estate.ts';
import { showPath } from '../model/object.ts';
import { compareSites } from './compare-sites.ts';
import { type Depth, isInSync, type SiteComparison, type TableComparison } from './comparison.ts';
import { type Direction, directionOf, type Resolve } from './direction.ts';
import { type NodeHealth, type OpenNode, type OpenSites, openSites, reasonOf } from './open-sites.ts';
import { tablesOf } from './pair-tables.ts';

export interface ShardComparison {
  readonly shard: number;
  /** The nodes that were asked. */
  readonly active: string;
  readonly passive: string;
  readonly tables: readonly TableComparison[];
}

export interface PairCheck {
  readonly pair: string;
  /** ISO 8601, by this machine's clock. */
  readonly time: string;
  /** The cluster that is active; absent where nobody knows. */
  readonly active?: string;
  readonly passive?: string;
  /** How the direction is known, or why not. */
  readonly reason: string;
  readonly nodes: readonly NodeHealth[];
  readonly depth: Depth;
  readonly shards: readonly ShardComparison[];
  /** Why something could not be compared: a site or a node is down, a query failed. */
  readonly failures: readonly string[];
  /** Everything was compared, and is equal. */
  readonly clean: boolean;
  /** Of all that was compared: the same for the same result. */
  readonly digest: string;
}

export interface CheckOptions {
  /** Milliseconds. */
  readonly connectTimeout: number;
  readonly resolve: Resolve;
  readonly proven: Settled;
  /** Instead of the declared one. */
  readonly depth?: Depth | undefined;
  /** Only tables that fit one of these patterns. */
  readonly tables?: readonly string[] | undefined;
}

async function compareShard(
  pair: DrPair,
  [active, passive]: readonly [OpenNode, OpenNode],
  options: CheckOptions,
): Promise<SiteComparison> {
  const [here, there] = await Promise.all(
    [active, passive].map(async ({ server, facts }) => ({
      server,
      state: (await readNode(server, facts)).state,
    })),
  );
  if (!here || !there) throw new Error('a pair has two sites');
  const { tables } = options;
  const paths = tablesOf(pair, [here.state, there.state]).filter(
    (path) => tables?.some((pattern) => fitsTable(pattern, path)) ?? true,
  );
  return compareSites(here, there, paths, {
    depth: options.depth ?? pair.compare,
    hotSeconds: pair.hotAfter,
    proven: options.proven,
  });
}

/** A site that goes away in the middle is a failure among others. */
async function compareShards(
  pair: DrPair,
  direction: Direction & { readonly active: object },
  sites: OpenSites,
  options: CheckOptions,
): Promise<{ readonly shards: readonly ShardComparison[]; readonly failures: readonly string[] }> {
  const shards: ShardComparison[] = [];
  const failures: string[] = [];
  const passives = sites.shardsOf(direction.passive);
  for (const { shard, open: active } of sites.shardsOf(direction.active)) {
    const passive = passives.find((one) => one.shard === shard)?.open;
    if (!active || !passive) {
      const site = active ? direction.passive : direction.active;
      failures.push(`no node of shard ${shard} of ${site.cluster} answers`);
      continue;
    }
    const names = { shard, active: active.node.name, passive: passive.node.name };
    try {
      const { tables } = await compareShard(pair, [active, passive], options);
      shards.push({ ...names, tables });
    } catch (error) {
      failures.push(`${names.active} and ${names.passive} could not be compared: ${reasonOf(error)}`);
    }
  }
  return { shards, failures };
}

function digestOf(check: Pick<PairCheck, 'active' | 'depth' | 'shards'>): string {
  const compared = check.shards.map(({ shard, tables }) => [
    shard,
    tables.map(({ path, verdict, partitions }) => [
      path,
      verdict,
      partitions.map(({ partition, verdict, activeParts, passiveParts }) => [
        partition,
        verdict,
        activeParts?.fingerprint ?? '',
        passiveParts?.fingerprint ?? '',
      ]),
    ]),
  ]);
  const text = JSON.stringify([check.active ?? '', check.depth, compared]);
  return createHash('sha256').update(text).digest('hex').slice(0, 32);
}

const silent = (nodes: readonly NodeHealth[]): string[] =>
  nodes.flatMap(({ node, unreadable }) =>
    unreadable === undefined ? [] : [`${node} does not answer: ${unreadable}`],
  );

/** Why a check is not clean, in the order in which a person would look; none where it is. */
export function objectionsTo({ active, reason, nodes, failures, shards }: PairCheck): readonly string[] {
  const tables = shards.flatMap((shard) => shard.tables);
  const compared = shards.length > 0 && tables.length === 0 ? ['no table fits the patterns'] : [];
  return [
    ...(active === undefined ? [`nobody knows which site is active: ${reason}`] : []),
    ...silent(nodes),
    ...failures,
    ...compared,
    ...new Set(
      tables.filter((table) => !isInSync(table)).map(({ path }) => `${showPath(path)} is not in sync`),
    ),
  ];
}

/** The check and the open sites, so that its result can be kept on them. Whoever asks closes them. */
export async function checkPair(
  estate: Estate,
  pair: DrPair,
  options: CheckOptions,
): Promise<{ readonly check: PairCheck; readonly sites: OpenSites }> {
  const [direction, sites] = await Promise.all([
    directionOf(pair, options.resolve),
    openSites(estate, pair, options.connectTimeout),
  ]);
  const compared = direction.active
    ? await compareShards(pair, direction, sites, options).catch(async (error: unknown) => {
        await sites.close();
        throw error;
      })
    : { shards: [], failures: [] };
  const found = {
    pair: pair.name,
    time: new Date().toISOString(),
    ...(direction.active && { active: direction.active.cluster, passive: direction.passive.cluster }),
    reason: direction.reason,
    nodes: sites.health,
    depth: options.depth ?? pair.compare,
    ...compared,
  };
  const check = { ...found, clean: false, digest: digestOf(found) };
  return { check: { ...check, clean: objectionsTo(check).length === 0 }, sites };
}
