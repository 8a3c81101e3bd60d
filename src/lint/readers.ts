/** Declared grants and row policies go in; who reads what, by which columns their policies tell rows apart, and whose policies count come out. */
import { pathKey } from '../model/object.ts';
import type { Neighbours, Policy, Subject } from './subject.ts';

/** Somebody whose row policies compare columns with values, so that they see some rows of tables and not others. */
export interface Reader {
  readonly name: string;
  /** The role by which a grant reaches them; absent where it names them. */
  readonly role?: string;
  /** The columns, each with a policy that compares it. */
  readonly columns: ReadonlyMap<string, Policy>;
  /** Whether one of their policies is on the object. */
  hasPolicyOn(path: readonly string[]): boolean;
}

interface Index {
  /** Policies by whom they name. */
  readonly own: ReadonlyMap<string, readonly Policy[]>;
  /** Policies for all, or all but some. */
  readonly general: readonly Policy[];
  readonly holders: ReadonlyMap<string, readonly string[]>;
  readonly roles: ReadonlyMap<string, readonly string[]>;
  readonly grants: readonly Subject[];
  /** Tables, views and dictionaries. */
  readonly data: readonly Subject[];
  /** The columns by which tenants are told apart, with the clusters where they are. */
  readonly tenantColumns: ReadonlyMap<string, ReadonlySet<string>>;
}

export const shareCluster = ({ clusters }: Subject, other: Subject): boolean =>
  [...clusters].some((cluster) => other.clusters.has(cluster));

function listed<T>(entries: Iterable<readonly [string, T]>): Map<string, T[]> {
  const found = new Map<string, T[]>();
  for (const [key, value] of entries) {
    const others = found.get(key);
    if (others) others.push(value);
    else found.set(key, [value]);
  }
  return found;
}

/** A column that policies of several readers compare on one table, or those of a declared tenant. */
function tenantColumnsIn(all: readonly Subject[]): Map<string, Set<string>> {
  const found = new Map<string, Set<string>>();
  const readers = new Map<string, string>();
  for (const { policy, clusters, generatedBy } of all) {
    if (!policy || !Array.isArray(policy.to)) continue;
    const to = JSON.stringify(policy.to);
    for (const column of policy.compared) {
      const at = JSON.stringify([policy.database, policy.table, column]);
      const other = readers.get(at) ?? to;
      readers.set(at, other);
      if (other === to && !generatedBy?.startsWith('Tenant ')) continue;
      found.set(column, new Set([...(found.get(column) ?? []), ...clusters]));
    }
  }
  return found;
}

const indexes = new WeakMap<Neighbours, Index>();

function indexOf(neighbours: Neighbours): Index {
  const before = indexes.get(neighbours);
  if (before) return before;
  const { all } = neighbours;
  const policies = all.flatMap(({ policy }) => (policy ? [policy] : []));
  const held = all.flatMap(({ holding }) =>
    (holding?.roles ?? []).map((role) => [role, holding?.to ?? ''] as const),
  );
  const index: Index = {
    own: listed(
      policies.flatMap((policy) =>
        Array.isArray(policy.to) ? policy.to.map((name: string) => [name, policy] as const) : [],
      ),
    ),
    general: policies.filter(({ to }) => !Array.isArray(to) && to !== 'none'),
    holders: listed(held),
    roles: listed(held.map(([role, to]) => [to, role] as const)),
    grants: all.filter(({ grant }) => grant),
    data: all.filter(({ table, view, dictionary }) => table ?? view ?? dictionary),
    tenantColumns: tenantColumnsIn(all),
  };
  indexes.set(neighbours, index);
  return index;
}

/** A name and all that it leads to. */
function reachable(from: string, next: ReadonlyMap<string, readonly string[]>): Set<string> {
  const found = new Set([from]);
  for (const name of found) for (const other of next.get(name) ?? []) found.add(other);
  return found;
}

function readerOf(name: string, role: string | undefined, { own, general, roles }: Index): Reader {
  const names = reachable(name, roles);
  const named = [...names].flatMap((one) => own.get(one) ?? []);
  const forMost = general.filter(
    ({ to }) =>
      typeof to === 'string' || !('all_except' in to) || !to.all_except.some((one) => names.has(one)),
  );
  const columns = named.flatMap((policy) => policy.compared.map((column) => [column, policy] as const));
  return {
    name,
    ...(role !== undefined && { role }),
    columns: new Map(columns),
    hasPolicyOn: (path) =>
      [...named, ...forMost].some(({ database, table }) =>
        table === undefined ? database === path[0] : pathKey([database, table]) === pathKey(path),
      ),
  };
}

/** Those whom a grant reaches, and whose policies tell rows apart. */
export function readersOf({ grant }: Subject, neighbours: Neighbours): Reader[] {
  if (!grant) return [];
  const index = indexOf(neighbours);
  return [...reachable(grant.to, index.holders)]
    .map((name) => readerOf(name, name === grant.to ? undefined : grant.to, index))
    .filter(({ columns }) => columns.size > 0);
}

/** The tables, views and dictionaries that a grant lets somebody read, or look up. */
export function grantedBy(subject: Subject, neighbours: Neighbours): Subject[] {
  const { grant } = subject;
  if (!grant) return [];
  return indexOf(neighbours).data.filter(
    (other) => shareCluster(subject, other) && (grant.reads(other.id.path) || grant.looksUp(other.id.path)),
  );
}

export function grantsIn(neighbours: Neighbours): readonly Subject[] {
  return indexOf(neighbours).grants;
}

/** The columns by which tenants are told apart on the clusters of the subject. */
export function tenantColumnsFor({ clusters }: Subject, neighbours: Neighbours): string[] {
  return [...indexOf(neighbours).tenantColumns].flatMap(([column, on]) =>
    [...clusters].some((cluster) => on.has(cluster)) ? [column] : [],
  );
}

/** Whether any policy is on the object, whoever it is for. */
export function isPoliced({ id }: Subject, { all }: Neighbours): boolean {
  return all.some(
    ({ policy }) =>
      policy?.database === id.path[0] && (policy?.table === undefined || policy.table === id.path[1]),
  );
}
