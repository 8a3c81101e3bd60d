/** Tenant documents and the other declared objects go in; tenants as data, and the documents each stands for, come out. */
import { type Covered, coversOf } from '../kinds/row-covers.ts';
import { fitsTable } from '../model/dr-pair.ts';
import type { DeclaredObject } from '../model/estate.ts';
import type { Finding } from '../model/finding.ts';
import { pathKey, showId, showPath } from '../model/object.ts';
import { type Place, showPlace } from '../model/place.ts';
import type { Tenant } from '../model/tenant.ts';
import { identifier } from '../sql/quote.ts';
import { interval } from './amounts.ts';
import { checkTenantGrants, grantsIn } from './check-tenant-grants.ts';
import { derive } from './derive.ts';
import type { UnplacedScd } from './expand-scd.ts';
import type { Entry } from './files.ts';
import { didYouMean } from './messages.ts';
import {
  deniedDocuments,
  type Readable,
  roleOf,
  type TenantDocument,
  tenantDocuments,
  userNames,
} from './tenant-documents.ts';

type Report = (rule: string, message: string, place: Place) => void;

export interface Around {
  readonly objects: readonly DeclaredObject[];
  /** The tenant column of an object by its path key, where its own declaration names it; undefined keeps it from all tenants. */
  readonly columns: ReadonlyMap<string, string | undefined>;
  /** The clusters that an entry says it belongs on; mistakes in them are reported. */
  readonly scope: (entry: Entry) => ReadonlySet<string>;
}

const COLUMN = 'tenant_id';

/** Tables with history name their tenant column; what their loads leave lying about is nobody's to read. */
export function tenantColumns(scd: readonly UnplacedScd[]): Map<string, string | undefined> {
  return new Map(
    scd.flatMap(({ database, name, names, tenant }) => [
      ...[name, names.current, names.asOf].map((one) => [pathKey([database, one]), tenant] as const),
      ...[names.landing, names.quarantine].map((one) => [pathKey([database, one]), undefined] as const),
    ]),
  );
}

const listOf = (one: string | readonly string[] | undefined): readonly string[] =>
  typeof one === 'string' ? [one] : (one ?? []);

/** The same for all tenants that are on the same clusters and have the same column. */
function coversByTenant({ objects, columns }: Around) {
  const known = new Map<string, Map<DeclaredObject, Covered>>();
  return (clusters: ReadonlySet<string>, column: string): ReadonlyMap<DeclaredObject, Covered> => {
    const key = JSON.stringify([column, [...clusters].sort()]);
    const before = known.get(key);
    if (before) return before;
    const here = objects.filter(
      ({ tree, clusters: on }) =>
        tree.root.id.path.length === 2 && [...on].some((cluster) => clusters.has(cluster)),
    );
    const columnOf = ({ tree }: DeclaredObject): string | undefined => {
      const at = pathKey(tree.root.id.path);
      return columns.has(at) ? columns.get(at) : column;
    };
    const covers = coversOf(here, columnOf, clusters);
    known.set(key, covers);
    return covers;
  };
}

/** The mistakes in a tenant's patterns. One that names a single object means that very one. */
function checkPatterns(
  entry: Entry,
  covers: ReadonlyMap<DeclaredObject, Covered>,
  known: readonly (readonly string[])[],
  report: Report,
): void {
  const { tables, tenant_column: column = COLUMN } = entry.value as TenantDocument;
  for (const [at, pattern] of listOf(tables).entries()) {
    const place = entry.place(typeof tables === 'string' ? ['tables'] : ['tables', at]);
    const found = known.filter((path) => fitsTable(pattern, path));
    if (found.length === 0) {
      const hint = didYouMean(pattern, known.map(showPath));
      report('unmatched-pattern', `no table or view on its clusters fits \`${pattern}\`${hint}`, place);
    }
    if (pattern.includes('*')) continue;
    for (const { object, cover } of covers.values()) {
      const { id } = object.tree.root;
      if (!fitsTable(pattern, id.path) || (cover && 'by' in cover)) continue;
      const why = cover ? cover.refused : `it has no column \`${column}\` and reads nothing that has it`;
      report('not-kept-apart', `no tenant can read ${showId(id)} alone: ${why}`, place);
    }
  }
}

/** What the tenant may read of what could be kept apart for it, and what not. */
function divided(entry: Entry, clusters: ReadonlySet<string>, covers: Iterable<Covered>) {
  const { tables, except } = entry.value as TenantDocument;
  const patterns = tables === undefined ? ['*.*'] : listOf(tables);
  const [readable, denied]: [Readable[], Readable[]] = [[], []];
  for (const { object, column, cover } of covers) {
    const { path } = object.tree.root.id;
    if (!cover || 'refused' in cover) continue;
    const fits = (pattern: string): boolean => fitsTable(pattern, path);
    const isMeant = patterns.some(fits) && !listOf(except).some(fits);
    const here = [...object.clusters].filter((cluster) => clusters.has(cluster));
    const partitioned = [column, identifier(column)].includes(
      String(object.tree.root.attributes.partitionBy),
    );
    const one = { path, clusters: here, partitioned, ...(cover.by === 'policy' && { policy: column }) };
    (isMeant ? readable : denied).push(one);
  }
  return { readable, denied };
}

/** Two tenants with one name, id or role would read each other's rows. */
function checkTwins() {
  const seen = new Map<string, { readonly name: string; readonly place: Place }>();
  return (entry: Entry, clusters: ReadonlySet<string>, report: Report): boolean => {
    const document = entry.value as TenantDocument;
    const { name, id = name } = document;
    const claims = [
      ['name', name, 'name'],
      ...[...clusters].flatMap((cluster) => [
        [document.id === undefined ? 'name' : 'id', id, `id on ${cluster}`],
        [document.role === undefined ? 'name' : 'role', roleOf(document), `role on ${cluster}`],
      ]),
    ] as const;
    for (const [at, value = '', what] of claims) {
      const key = JSON.stringify([what, value]);
      const place = entry.place([at ?? 'name']);
      const twin = seen.get(key);
      if (twin) {
        const [word = ''] = (what ?? '').split(' ', 1);
        const message = `\`${value}\` is already the ${word} of tenant \`${twin.name}\` (${showPlace(twin.place)})`;
        report('duplicate', message, place);
        return true;
      }
      seen.set(key, { name, place });
    }
    return false;
  };
}

export interface ExpandedTenants {
  readonly tenants: readonly Tenant[];
  /** What they stand for. */
  readonly entries: readonly Entry[];
  /** What must not be there. */
  readonly absent: readonly Entry[];
  /** About grants that others declare. */
  readonly findings: readonly Finding[];
}

export function expandTenants(entries: readonly Entry[], around: Around, report: Report): ExpandedTenants {
  const coversFor = coversByTenant(around);
  const isTwin = checkTwins();
  const tenants: Tenant[] = [];
  const findings: Finding[] = [];
  const grants = grantsIn(around.objects);
  const made: Entry[] = [];
  const absent: Entry[] = [];
  for (const entry of entries.filter(({ kind }) => kind === 'Tenant')) {
    const document = entry.value as TenantDocument;
    const clusters = around.scope(entry);
    if (clusters.size === 0 || isTwin(entry, clusters, report)) continue;
    const { name, id = name, tenant_column: column = COLUMN, feeds, retention } = document;
    const covers = coversFor(clusters, column);
    const known = [...covers.keys()].map(({ tree }) => tree.root.id.path);
    checkPatterns(entry, covers, known, report);
    const { readable, denied } = divided(entry, clusters, covers.values());
    if (readable.length === 0 && document.tables === undefined) {
      const message = `nothing on its clusters has a column \`${column}\` by which rows could be kept apart; name it with \`tenant_column\``;
      report('nothing-to-read', message, entry.place(['name']));
    }
    const tenant: Tenant = {
      ...{ name, id, clusters, role: roleOf(document), users: userNames(document) },
      ...(feeds !== undefined && feeds !== 'all' && { feeds }),
      ...(retention !== undefined && { retention: interval(retention) }),
      readable: readable.map(({ path }) => path),
      partitioned: readable.flatMap(({ path, partitioned }) => (partitioned ? [path] : [])),
      removed: document.remove !== undefined,
      place: entry.place(['name']),
    };
    tenants.push(tenant);
    findings.push(...checkTenantGrants(tenant, covers.values(), grants));
    const own = tenantDocuments(document, [...clusters], readable).map((one) => derive(entry, one));
    const unwanted = deniedDocuments(document, denied).map((one) => derive(entry, one));
    made.push(...(document.remove === undefined ? own : []));
    absent.push(...unwanted, ...(document.remove === undefined ? [] : own));
  }
  return { tenants, entries: made, absent, findings };
}
