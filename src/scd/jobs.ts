/** An estate and what somebody asked for go in; the loads that this means come out, in the order in which they run. */
import { PlumblineError } from '../model/errors.ts';
import type { Cluster, Estate } from '../model/estate.ts';
import type { Feed } from '../model/feed.ts';
import { nearest } from '../model/nearest.ts';
import { pathKey } from '../model/object.ts';
import type { ScdTable } from '../model/scd.ts';

export interface Wanted {
  /** As they stand in the tenant column, or as they are declared. */
  readonly tenants?: readonly string[] | undefined;
  /** `database.name`. */
  readonly tables?: readonly string[] | undefined;
  readonly feeds?: readonly string[] | undefined;
}

export interface LoadJob {
  readonly cluster: Cluster;
  readonly scd: ScdTable;
  readonly feed: Feed;
  /** As it stands in the tenant column. */
  readonly tenant: string;
}

const pathOf = ({ database, name }: ScdTable): string => `${database}.${name}`;

function mustBeKnown(what: string, wanted: readonly string[] | undefined, known: readonly string[]): void {
  for (const name of wanted ?? []) {
    if (known.includes(name)) continue;
    const meant = nearest(name, known);
    const hint =
      meant !== undefined ? `did you mean \`${meant}\`?` : `there are ${known.join(', ') || 'none'}.`;
    throw new PlumblineError(`No ${what} is called \`${name}\`; ${hint}`);
  }
}

/** Every table with history, or those of these names. Throws a PlumblineError for one that is not declared. */
export function chosenTables({ scd = [] }: Estate, tables: Wanted['tables']): readonly ScdTable[] {
  if (scd.length === 0) throw new PlumblineError('No ScdTable is declared under schemas/.');
  mustBeKnown('ScdTable', tables, scd.map(pathOf));
  return scd.filter((table) => tables?.includes(pathOf(table)) ?? true);
}

interface LoadedTenant {
  readonly id: string;
  /** Absent where every cluster is meant. */
  readonly clusters?: ReadonlySet<string>;
  /** Absent where every feed is meant. */
  readonly feeds?: readonly string[];
}

/** The ids that somebody asked for. An estate that declares no tenants loads whomever it is told to. */
export function chosenTenants({ tenants = [] }: Estate, wanted: Wanted['tenants']): readonly LoadedTenant[] {
  if (tenants.length === 0) {
    if (!wanted) throw new PlumblineError('No Tenant is declared under tenants/; say which with --tenant.');
    return wanted.map((id) => ({ id }));
  }
  mustBeKnown('tenant', wanted, [...new Set(tenants.flatMap(({ name, id }) => [name, id]))]);
  return tenants.filter(({ name, id }) => !wanted || wanted.includes(name) || wanted.includes(id));
}

/** Of a federation's members one alone takes writes; what others hold is read together with it. */
function takesWrites({ federations = [] }: Estate, { name }: Cluster, table: readonly string[]): boolean {
  return federations.every(
    ({ members, writes, covered }) =>
      !members.includes(name) ||
      writes === name ||
      !covered.some(({ path }) => pathKey(path) === pathKey(table)),
  );
}

/** Throws a PlumblineError for a name that is not declared, and where nothing is left to load. */
export function loadJobs(estate: Estate, wanted: Wanted): readonly LoadJob[] {
  const { feeds = [], clusters } = estate;
  if (feeds.length === 0) throw new PlumblineError('No Feed is declared under schemas/.');
  mustBeKnown(
    'feed',
    wanted.feeds,
    feeds.map(({ name }) => name),
  );
  const tables = chosenTables(estate, wanted.tables);
  const jobs = chosenTenants(estate, wanted.tenants).flatMap((tenant) =>
    feeds
      .filter(({ name }) => (wanted.feeds?.includes(name) ?? true) && (tenant.feeds?.includes(name) ?? true))
      .flatMap((feed) => {
        const scd = tables.find(({ database, name }) => feed.table[0] === database && feed.table[1] === name);
        if (!scd) return [];
        return clusters
          .filter(({ name }) => scd.clusters.has(name) && (tenant.clusters?.has(name) ?? true))
          .filter((cluster) => takesWrites(estate, cluster, feed.table))
          .map((cluster): LoadJob => ({ cluster, scd, feed, tenant: tenant.id }));
      }),
  );
  if (jobs.length === 0) throw new PlumblineError('No feed loads what was asked for.');
  return jobs;
}
