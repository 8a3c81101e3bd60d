/** An estate goes in; it comes out with the tables that pairs create on their passive sites, as if they were declared there. */

import { readNode } from '../live/read.ts';
import type { DrPair, DrSite } from '../model/dr-pair.ts';
import { PlumblineError } from '../model/errors.ts';
import type { DeclaredObject, Estate } from '../model/estate.ts';
import type { Finding } from '../model/finding.ts';
import { nameKey, pathKey, showId } from '../model/object.ts';
import type { Root, State } from '../model/state.ts';
import { copyOf, isCreatable, NotCopied } from './copied-object.ts';
import { directionOf, type Resolve } from './direction.ts';
import { type OpenNode, openSites } from './open-sites.ts';

export interface AutoCreateOptions {
  /** Milliseconds. */
  readonly connectTimeout: number;
  readonly resolve: Resolve;
}

export interface WithCreated {
  readonly estate: Estate;
  /** What is not created although the pair says so, and why. */
  readonly findings: readonly Finding[];
}

/** The clusters on which declarations name the object: their author has decided where it belongs. */
function declaredClusters({ objects }: Estate, key: string): Set<string> {
  return new Set(
    objects.filter(({ tree }) => nameKey(tree.root.id) === key).flatMap(({ clusters }) => [...clusters]),
  );
}

const statesOf = (nodes: readonly OpenNode[]): Promise<State[]> =>
  Promise.all(nodes.map(async ({ server, facts }) => (await readNode(server, facts)).state));

interface Sites {
  readonly passive: DrSite;
  /** Of each shard. */
  readonly actives: readonly State[];
  /** Of each node that answers. */
  readonly passives: readonly State[];
}

/** Undefined where nobody knows what is missing. */
async function readSites(estate: Estate, pair: DrPair, options: AutoCreateOptions): Promise<Sites | string> {
  const direction = await directionOf(pair, options.resolve);
  if (!direction.active) return `nobody knows which site is active: ${direction.reason}`;
  const sites = await openSites(estate, pair, options.connectTimeout);
  try {
    const shards = sites.shardsOf(direction.active);
    const active = shards.flatMap(({ open }) => open ?? []);
    if (active.length < shards.length) return `not every shard of ${direction.active.cluster} answers`;
    const [actives, passives] = await Promise.all([
      statesOf(active),
      statesOf(sites.nodesOf(direction.passive)),
    ]);
    return { passive: direction.passive, actives, passives };
  } catch (error) {
    if (!(error instanceof PlumblineError)) throw error;
    return error.message;
  } finally {
    await sites.close();
  }
}

/** The object as the active site has it; undefined where nothing is to be created. */
function copied(
  estate: Estate,
  pair: DrPair,
  { passive, actives, passives }: Sites,
  key: string,
): DeclaredObject | undefined {
  if (passives.every((state) => state.has(key))) return undefined;
  const found = actives.flatMap((state) => state.get(key) ?? []);
  const [first] = found;
  if (!first) return undefined;
  const declared = declaredClusters(estate, key);
  if (declared.has(passive.cluster)) return undefined;
  if (declared.size > 0)
    throw new NotCopied(
      `it is declared on ${[...declared].join(' and ')} alone: declare it on ${passive.cluster}, too`,
    );
  const copies = found.map((root) => copyOf(root, pair.place));
  const [tree, ...others] = copies;
  if (!tree) return undefined;
  const text = JSON.stringify(tree);
  if (others.some((other) => JSON.stringify(other) !== text))
    throw new NotCopied('the shards of the active site define it in different ways');
  const there = passives.flatMap((state) => state.get(key) ?? []);
  if (there.some((root) => JSON.stringify(copyOf(root, pair.place)) !== text))
    throw new NotCopied('some nodes of the passive site have it, in another way');
  return { tree, clusters: new Set([passive.cluster]) };
}

/** Databases before tables: a table whose database can't be there is not created either. */
function createdBy(
  estate: Estate,
  pair: DrPair,
  sites: Sites,
): { objects: DeclaredObject[]; findings: Finding[] } {
  const findings: Finding[] = [];
  const refused = new Set<string>();
  const create = (root: Root): DeclaredObject[] => {
    try {
      return [copied(estate, pair, sites, nameKey(root.id))].filter((object) => object !== undefined);
    } catch (error) {
      if (!(error instanceof NotCopied)) throw error;
      refused.add(nameKey(root.id));
      const message = `${showId(root.id)} is not created on ${sites.passive.cluster}: ${error.message}`;
      findings.push({
        severity: 'warning',
        rule: 'not-created',
        message,
        ...(pair.place && { place: pair.place }),
      });
      return [];
    }
  };
  const roots = new Map(sites.actives.flatMap((state) => [...state]));
  const tables = [...roots.values()].filter((root) => isCreatable(pair, root));
  const missing = tables.filter(({ id }) => !sites.passives.every((state) => state.has(nameKey(id))));
  const databases = [...new Set(missing.map(({ id }) => pathKey(id.path.slice(0, 1))))];
  const created = databases.flatMap((key) => roots.get(key) ?? []).flatMap(create);
  const inThere = missing.filter(({ id }) => !refused.has(pathKey(id.path.slice(0, 1))));
  return { objects: [...created, ...inThere.flatMap(create)], findings };
}

/** Asks the sites of pairs with `auto_create`, and nobody else. Nothing is ever dropped. */
export async function withCreated(estate: Estate, options: AutoCreateOptions): Promise<WithCreated> {
  const objects: DeclaredObject[] = [];
  const findings: Finding[] = [];
  for (const pair of estate.pairs.filter(({ autoCreate }) => autoCreate)) {
    const sites = await readSites(estate, pair, options);
    if (typeof sites === 'string') {
      const message = `pair \`${pair.name}\` creates nothing: ${sites}`;
      findings.push({
        severity: 'warning',
        rule: 'not-created',
        message,
        ...(pair.place && { place: pair.place }),
      });
      continue;
    }
    const found = createdBy({ ...estate, objects: [...estate.objects, ...objects] }, pair, sites);
    objects.push(...found.objects);
    findings.push(...found.findings);
  }
  return { estate: { ...estate, objects: [...estate.objects, ...objects] }, findings };
}
