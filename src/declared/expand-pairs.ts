/** DrPair documents go in; pairs with every default made explicit come out, and what doesn't fit the clusters is reported. */

import { type DrPair, type DrSite, fitsTable, isPaired } from '../model/dr-pair.ts';
import type { Cluster, Prune } from '../model/estate.ts';
import { type Place, showPlace } from '../model/place.ts';
import { bytes, seconds } from './amounts.ts';
import type { Entry } from './files.ts';
import { didYouMean } from './messages.ts';

type Report = (rule: string, message: string, place: Place) => void;

type OneOrMore = string | readonly string[];

interface PairDocument {
  readonly name: string;
  readonly sites: readonly [SiteDocument, SiteDocument];
  readonly active: { readonly dns: string } | { readonly fixed: string };
  readonly tables: OneOrMore;
  readonly except?: OneOrMore;
  readonly auto_create?: boolean;
  readonly compare?: DrPair['compare'];
  readonly hot_after?: string;
  readonly clean_checks?: number;
  readonly copy?: { readonly named_collection: string } | { readonly cluster: string };
  readonly repair?: {
    readonly max_bytes?: string;
    readonly max_partitions?: number;
    readonly bandwidth?: string;
    readonly concurrency?: number;
    readonly on_apply?: boolean;
  };
}

interface SiteDocument {
  readonly cluster: string;
  readonly address?: OneOrMore;
}

const listOf = (one: OneOrMore | undefined): readonly string[] =>
  typeof one === 'string' ? [one] : (one ?? []);

function copyOf({ copy }: PairDocument): DrPair['copy'] {
  if (copy === undefined) return undefined;
  return 'cluster' in copy ? { cluster: copy.cluster } : { namedCollection: copy.named_collection };
}

function pairOf(document: PairDocument, entry: Entry): DrPair {
  const { repair = {}, active } = document;
  const [first, second] = document.sites.map(
    ({ cluster, address }): DrSite => ({ cluster, addresses: listOf(address) }),
  ) as [DrSite, DrSite];
  return {
    name: document.name,
    sites: [first, second],
    active: 'dns' in active ? { dns: active.dns } : { fixed: active.fixed },
    tables: listOf(document.tables),
    except: listOf(document.except),
    autoCreate: document.auto_create ?? false,
    compare: document.compare ?? 'digest',
    hotAfter: seconds(document.hot_after ?? '10 MINUTE'),
    cleanChecks: document.clean_checks ?? 3,
    copy: copyOf(document),
    repair: {
      maxBytes: bytes(repair.max_bytes ?? '100 GiB'),
      maxPartitions: repair.max_partitions ?? 100,
      bandwidth: repair.bandwidth === undefined ? undefined : bytes(repair.bandwidth),
      concurrency: repair.concurrency ?? 1,
    },
    repairOnApply: repair.on_apply ?? false,
    place: entry.place(['name']),
  };
}

function checkSites(
  { sites, active, copy }: DrPair,
  clusters: readonly Cluster[],
  entry: Entry,
  report: Report,
): void {
  const known = clusters.map(({ name }) => name);
  const [first, second] = sites.map(({ cluster }) => clusters.find(({ name }) => name === cluster));
  for (const [at, { cluster, addresses }] of sites.entries()) {
    const place = entry.place(['sites', at, 'cluster']);
    if (!known.includes(cluster))
      report('unknown-cluster', `no cluster is called \`${cluster}\`${didYouMean(cluster, known)}`, place);
    if ('dns' in active && addresses.length === 0) {
      const message = `the site needs an \`address\`: what \`${active.dns}\` resolves to while it is active`;
      report('missing-key', message, entry.place(['sites', at]));
    }
  }
  const [one, other] = sites;
  const place = entry.place(['sites', 1, 'cluster']);
  if (one.cluster === other.cluster) {
    report('same-site', `both sites are the cluster \`${one.cluster}\`; a pair needs two`, place);
  } else if (first && second) {
    const [shards, others] = [first, second].map(({ nodes }) => Math.max(...nodes.map(({ shard }) => shard)));
    if (shards !== others) {
      const message = `shard n is paired with shard n, but \`${one.cluster}\` has ${shards} and \`${other.cluster}\` has ${others}`;
      report('other-shards', message, place);
    }
    if (shards !== 1 && copy && 'namedCollection' in copy && !copy.namedCollection.includes('{shard}')) {
      const message = `a named collection is one server, and the sites have ${shards} shards: name one for each, such as \`${copy.namedCollection}_{shard}\``;
      report('one-server', message, entry.place(['copy', 'named_collection']));
    }
  }
  const shared = other.addresses.findIndex((address) => one.addresses.includes(address));
  if (shared >= 0) {
    const message = `both sites have the address \`${other.addresses[shared]}\`, so that nobody could tell which one is active`;
    report('same-site', message, entry.place(['sites', 1, 'address']));
  }
  if ('fixed' in active && !sites.some(({ cluster }) => cluster === active.fixed)) {
    const names = sites.map(({ cluster }) => cluster);
    const message = `\`${active.fixed}\` is none of the sites, \`${names.join('` and `')}\``;
    report('unknown-site', message, entry.place(['active', 'fixed']));
  }
}

function checkRepair({ copy, repairOnApply }: DrPair, entry: Entry, report: Report): void {
  if (!repairOnApply || copy) return;
  const message = 'a repair needs `copy`: how the passive site reads the active one';
  report('missing-key', message, entry.place(['repair', 'on_apply']));
}

/** What is created because the active site has it would be dropped because nobody declares it. */
function checkPrune(pair: DrPair, prune: ReadonlyMap<string, Prune>, entry: Entry, report: Report): void {
  if (!pair.autoCreate) return;
  for (const [database, rule] of prune) {
    const isHit =
      rule === 'all'
        ? pair.tables.some((one) => fitsTable(`${one.slice(0, one.indexOf('.'))}.*`, [database, '']))
        : [...rule].some((name) => isPaired(pair, [database, name]));
    if (!isHit) continue;
    const message = `\`auto_create\` would create what \`prune\` of database \`${database}\` drops; leave one of them out`;
    report('prunes-created', message, entry.place(['auto_create']));
  }
}

/** The pairs that are declared once; one with a mistake is among them, since a mistake stops every command. */
export function expandPairs(
  entries: readonly Entry[],
  clusters: readonly Cluster[],
  prune: ReadonlyMap<string, Prune>,
  report: Report,
): DrPair[] {
  const pairs = new Map<string, DrPair>();
  for (const entry of entries.filter(({ kind }) => kind === 'DrPair')) {
    const pair = pairOf(entry.value as PairDocument, entry);
    const place = entry.place(['name']);
    const twin = pairs.get(pair.name)?.place;
    if (twin) {
      report('duplicate', `pair \`${pair.name}\` is already declared at ${showPlace(twin)}`, place);
      continue;
    }
    pairs.set(pair.name, pair);
    checkSites(pair, clusters, entry, report);
    checkRepair(pair, entry, report);
    checkPrune(pair, prune, entry, report);
  }
  return [...pairs.values()];
}
