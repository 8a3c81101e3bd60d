/** Turns checked documents into an estate: nodes with names, objects with clusters; reports what doesn't fit together. */
import { ROOT_KINDS } from '../kinds/index.ts';
import type {
  AbsentObject,
  Cluster,
  DeclaredObject,
  Estate,
  Prune,
  SizeLimit,
  SizeLimits,
} from '../model/estate.ts';
import type { Finding } from '../model/finding.ts';
import { nearest } from '../model/nearest.ts';
import { nameKey, pathKey, showId, showPath } from '../model/object.ts';
import { type Place, showPlace } from '../model/place.ts';
import { documentOf } from './document.ts';
import { type ClusterDocument, expandCluster } from './expand-cluster.ts';
import { compatibilityEntries } from './expand-compatibility.ts';
import { expandFederations } from './expand-federations.ts';
import { expandFeeds } from './expand-feeds.ts';
import { expandPairs } from './expand-pairs.ts';
import { expandScd, type UnplacedScd } from './expand-scd.ts';
import { expandTenants, tenantColumns } from './expand-tenants.ts';
import { writerEntries } from './expand-writers.ts';
import type { Entry } from './files.ts';
import { secretMistakes } from './literal-secrets.ts';
import { renameMistakes } from './renames.ts';
import { bytesOf } from './sizes.ts';

interface DatabaseScope {
  readonly clusters: ReadonlySet<string>;
  readonly place: Place;
}

interface ObjectHead {
  readonly name: string;
  readonly database?: string;
  readonly on?: string | readonly string[];
  readonly prune?: boolean | readonly string[];
  readonly allow_destructive_below?: string;
  readonly allow_rebuild_below?: string;
}

function didYouMean(name: string, known: readonly string[]): string {
  const meant = nearest(name, known);
  return meant === undefined ? '' : `; did you mean \`${meant}\`?`;
}

type Report = (rule: string, message: string, place: Place) => void;

const listOf = (on: string | readonly string[]): readonly string[] => (typeof on === 'string' ? [on] : on);

function expandClusters(entries: readonly Entry[], report: Report): Cluster[] {
  const clusters = new Map<string, Cluster>();
  const nodes = new Map<string, Place>();
  for (const entry of entries.filter(({ kind }) => kind === 'Cluster')) {
    const cluster = expandCluster(entry.value as ClusterDocument, entry);
    const place = entry.place(['name']);
    const twin = clusters.get(cluster.name)?.place;
    if (twin) {
      report('duplicate', `cluster \`${cluster.name}\` is already declared at ${showPlace(twin)}`, place);
      continue;
    }
    clusters.set(cluster.name, { ...cluster, place });
    if (cluster.access === 'users_xml' && !cluster.files) {
      const message = `cluster \`${cluster.name}\` needs \`files\`, which say how the file with its users reaches its nodes`;
      report('missing-files', message, entry.place(['access']));
    }
    for (const node of cluster.nodes) {
      const other = nodes.get(node.name);
      const here = node.place ?? place;
      if (other) {
        report(
          'duplicate',
          `node \`${node.name}\` is already declared at ${showPlace(other)}; give one another \`name\``,
          here,
        );
      }
      nodes.set(node.name, here);
    }
  }
  return [...clusters.values()];
}

/** The clusters an object belongs on: its own `on`, or its database's. */
function scopeOf(
  entry: Entry,
  known: ReadonlySet<string>,
  database: DatabaseScope | undefined,
  report: Report,
): Set<string> {
  const { on, database: inside } = entry.value as ObjectHead;
  if (on === undefined) {
    if (!database) {
      const what =
        inside === undefined
          ? `a ${entry.kind} says`
          : `no Database \`${inside}\` is declared, so this must say`;
      report('missing-on', `${what} which clusters it belongs \`on\``, entry.place());
    }
    return new Set(database?.clusters);
  }
  const scope = new Set<string>();
  for (const [at, name] of listOf(on).entries()) {
    const place = typeof on === 'string' ? entry.place(['on']) : entry.place(['on', at]);
    if (!known.has(name)) {
      report('unknown-cluster', `no cluster is called \`${name}\`${didYouMean(name, [...known])}`, place);
    } else if (database && !database.clusters.has(name)) {
      const where = showPlace(database.place);
      report(
        'outside-database',
        `its database \`${inside}\` (${where}) does not belong on cluster \`${name}\``,
        place,
      );
    } else {
      scope.add(name);
    }
  }
  return scope;
}

/** The sizes below which the database lets guarded steps run. */
function limitsOf(entry: Entry): SizeLimits {
  const limit = (key: 'allow_destructive_below' | 'allow_rebuild_below'): SizeLimit | undefined => {
    const size = (entry.value as ObjectHead)[key];
    return size === undefined ? undefined : { bytes: bytesOf(size), place: entry.place([key]) };
  };
  const [destructive, rebuild] = [limit('allow_destructive_below'), limit('allow_rebuild_below')];
  return { ...(destructive && { destructive }), ...(rebuild && { rebuild }) };
}

/** What a derived declaration tells of its object. */
const derivation = ({ generatedBy, unlinted }: Entry) => ({
  ...(generatedBy !== undefined && { generatedBy }),
  ...(unlinted && { unlinted }),
});

function absentOf(entry: Entry, clusters: ReadonlySet<string>): AbsentObject[] {
  const kind = ROOT_KINDS.find(({ document }) => document === entry.kind);
  if (!kind) return [];
  const { id } = kind.declare(entry).root;
  return [{ id, clusters, place: entry.place(['name']), generatedBy: entry.generatedBy ?? '' }];
}

function expandObjects(
  entries: readonly Entry[],
  all: readonly Cluster[],
  scd: readonly UnplacedScd[],
  report: Report,
) {
  const known = new Set(all.map(({ name }) => name));
  const databases = new Map<string, DatabaseScope>();
  const prune = new Map<string, Prune>();
  const limits = new Map<string, SizeLimits>();
  const seen = new Map<
    string,
    { readonly place: Place; readonly entry: Entry; readonly clusters: ReadonlySet<string> }
  >();
  const objects: DeclaredObject[] = [];
  const declare = (entry: Entry, clusters: ReadonlySet<string>): void => {
    const kind = ROOT_KINDS.find(({ document }) => document === entry.kind);
    if (!kind) return;
    const tree = kind.declare(entry);
    const key = nameKey(tree.root.id);
    const known = seen.get(key);
    // What one document brings may differ from cluster to cluster.
    const apart =
      known?.entry.generatedBy !== undefined &&
      known.entry.generatedBy === entry.generatedBy &&
      [...clusters].every((cluster) => !known.clusters.has(cluster));
    const twin = apart ? undefined : known?.place;
    const place = entry.place(['name']);
    if (twin) report('duplicate', `${showId(tree.root.id)} is already declared at ${showPlace(twin)}`, place);
    else objects.push({ tree, clusters, document: documentOf(entry), ...derivation(entry) });
    seen.set(key, known ?? { place, entry, clusters });
    for (const { rule, message, place: there } of secretMistakes(tree, entry)) report(rule, message, there);
  };
  for (const entry of entries.filter(({ kind }) => kind === 'Database')) {
    const document = entry.value as ObjectHead;
    const clusters = scopeOf(entry, known, undefined, report);
    databases.set(document.name, { clusters, place: entry.place(['name']) });
    if (document.prune) prune.set(document.name, document.prune === true ? 'all' : new Set(document.prune));
    limits.set(document.name, limitsOf(entry));
    declare(entry, clusters);
  }
  for (const entry of entries.filter(
    ({ kind }) => !['Database', 'Cluster', 'DrPair', 'Feed', 'Federation', 'Tenant'].includes(kind),
  )) {
    const { database } = entry.value as ObjectHead;
    declare(entry, scopeOf(entry, known, databases.get(database ?? ''), report));
  }
  const scope = (entry: Entry): ReadonlySet<string> => scopeOf(entry, known, undefined, report);
  const {
    tenants,
    entries: made,
    absent,
    findings,
  } = expandTenants(entries, { objects, columns: tenantColumns(scd), scope }, report);
  for (const entry of made) declare(entry, scope(entry));
  for (const entry of compatibilityEntries(entries, all)) declare(entry, scope(entry));
  for (const entry of writerEntries(entries, objects)) declare(entry, scope(entry));
  const unwanted = absent.flatMap((entry) => absentOf(entry, scope(entry)));
  return { objects, prune, limits, tenants, absent: unwanted, findings };
}

/** The long form is for names with dots in them. */
function targetPath(to: string | { database: string; name: string }, database: string): string[] {
  if (typeof to !== 'string') return [to.database, to.name];
  const dot = to.indexOf('.');
  return dot < 0 ? [database, to] : [to.slice(0, dot), to.slice(dot + 1)];
}

/** A materialized view that writes to a table nobody declares would fail, or feed a table that nobody watches. */
function checkTargets(entries: readonly Entry[], objects: readonly DeclaredObject[], report: Report): void {
  const tables = new Map(objects.map(({ tree }) => [nameKey(tree.root.id), tree.root.id]));
  const names = [...tables.values()].map(({ path }) => showPath(path));
  for (const entry of entries.filter(({ kind }) => kind === 'MaterializedView')) {
    const { to, database = '' } = entry.value as ObjectHead & {
      to?: string | { database: string; name: string };
    };
    if (to === undefined) continue;
    const path = targetPath(to, database);
    if (!tables.has(pathKey(path))) {
      const hint = didYouMean(showPath(path), names);
      report(
        'unknown-table',
        `no table \`${showPath(path)}\` is declared for this view to write to${hint}`,
        entry.place(['to']),
      );
    }
  }
}

/** What several objects of one declaration have in common is reported once. */
function reporter(findings: Finding[]): Report {
  const told = new Set<string>();
  return (rule, message, place) => {
    const key = JSON.stringify([rule, message, place]);
    if (!told.has(key)) findings.push({ severity: 'error', rule, message, place });
    told.add(key);
  };
}

/** The estate, and every cross-reference that doesn't hold. */
export function expand(written: readonly Entry[]): { estate: Estate; findings: readonly Finding[] } {
  const findings: Finding[] = [];
  const report = reporter(findings);
  const { entries, tables } = expandScd(written, report);
  const clusters = expandClusters(entries, report);
  const {
    objects,
    prune,
    limits,
    tenants,
    absent,
    findings: ofGrants,
  } = expandObjects(entries, clusters, tables, report);
  checkTargets(entries, objects, report);
  const pairs = expandPairs(entries, clusters, prune, report);
  const { federations, generated } = expandFederations(entries, {
    ...{ clusters, objects, report },
    histories: new Set(tables.map(({ database, name }) => pathKey([database, name]))),
  });
  findings.push(...ofGrants, ...renameMistakes(objects));
  const scopes = new Map(objects.map(({ tree, clusters: on }) => [nameKey(tree.root.id), on]));
  const scd = tables.map((table) => ({
    ...table,
    clusters: scopes.get(pathKey([table.database, table.name])) ?? new Set<string>(),
  }));
  const feeds = expandFeeds(entries, tables, report);
  return {
    estate: {
      clusters,
      objects: [...objects, ...generated],
      prune,
      limits,
      pairs,
      scd,
      feeds,
      federations,
      tenants,
      absent,
    },
    findings,
  };
}
