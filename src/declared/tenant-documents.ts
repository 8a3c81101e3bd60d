/** A tenant and what its role may read go in; the documents that make it so, on the clusters where each belongs, come out. */
import { identifier, literal } from '../sql/quote.ts';
import type { Derived } from './derive.ts';
import type { Path } from './marks.ts';

/** An object that the tenant's role may read. */
export interface Readable {
  readonly path: readonly string[];
  readonly clusters: readonly string[];
  /** The column of a row policy on the object itself; absent where those beneath it count. */
  readonly policy?: string;
  /** Whether each of its partitions holds the rows of one tenant. */
  readonly partitioned: boolean;
}

export interface TenantDocument {
  readonly name: string;
  readonly id?: string;
  readonly on: string | readonly string[];
  readonly tables?: string | readonly string[];
  readonly except?: string | readonly string[];
  readonly tenant_column?: string;
  readonly role?: string;
  readonly users?: readonly TenantUser[];
  readonly quota?: Readonly<Record<string, unknown>>;
  readonly settings?: Readonly<Record<string, unknown>>;
  readonly remove?: 'access';
  readonly feeds?: readonly string[] | 'all';
  readonly retention?: string;
}

export type TenantUser = Readonly<Record<string, unknown>> & { readonly name: string };

/** What stands for the tenant's name in the names of its role and users. */
const NAME = '{tenant}';

export function roleOf({ name, role = `tenant_${NAME}` }: TenantDocument): string {
  return role.replaceAll(NAME, name);
}

export function userNames({ name, users = [] }: TenantDocument): string[] {
  return users.map((user) => String(user.name).replaceAll(NAME, name));
}

/**
 * Table functions that need no right but SELECT, and read a table's parts past its row policies. A policy on the function itself,
 * which servers keep in a database `_table_function`, empties it.
 */
const PAST_POLICIES = [
  'mergeTreeAnalyzeIndexes',
  'mergeTreeAnalyzeIndexesUUID',
  'mergeTreeIndex',
  'mergeTreeProjection',
  'mergeTreeTextIndex',
];

/**
 * System tables that everybody may read, and what of them tells nothing of other tenants: tables show how many rows all tenants
 * have together, columns how many bytes.
 */
const TELLING = { tables: 'total_rows IS NULL AND total_bytes IS NULL', columns: '0' };

const GUARDS: readonly (readonly [database: string, table: string, filter: string])[] = [
  ...PAST_POLICIES.map((name) => ['_table_function', name, '0'] as const),
  ...Object.entries(TELLING).map(([name, filter]) => ['system', name, filter] as const),
];

const isPlain = (name: string): boolean => /^[A-Za-z_]\w*$/.test(name);

/** `shop.orders`, or the long form where a name has anything but letters, digits and `_`. */
function targetOf([database = '', name = '']: readonly string[]): unknown {
  return isPlain(database) && isPlain(name) ? `${database}.${name}` : { database, name };
}

/** Everything of a tenant has its origin in its name, but what its document says in so many words. */
const fromName = (): Path => ['name'];
const below =
  (...start: (string | number)[]) =>
  (path: Path): Path =>
    path[0] === 'name' && start[0] !== 'users' ? ['name'] : [...start, ...path];

function userDocuments(document: TenantDocument, on: readonly string[]): Derived[] {
  const role = roleOf(document);
  const names = userNames(document);
  return (document.users ?? []).flatMap((user, at): Derived[] => {
    const name = names[at] ?? '';
    const value = { ...user, name, on };
    const origin = below('users', at);
    return [
      { kind: 'User', value, origin },
      { kind: 'Grant', value: { to: name, roles: [role], on }, origin },
    ];
  });
}

function policyDocument(
  name: string,
  [database, table]: readonly string[],
  filter: string,
  on: readonly string[],
): Derived {
  return { kind: 'RowPolicy', value: { name, database, table, filter, to: [name], on }, origin: fromName };
}

function grantDocument(to: string, path: readonly string[], on: readonly string[]): Derived {
  return {
    kind: 'Grant',
    value: { to, target: targetOf(path), privileges: ['SELECT'], on },
    origin: fromName,
  };
}

/** What a tenant would have, could it read these: it must not be there. */
export function deniedDocuments(document: TenantDocument, denied: readonly Readable[]): Derived[] {
  const role = roleOf(document);
  return denied.flatMap(({ path, policy, clusters }) => [
    grantDocument(role, path, clusters),
    ...(policy === undefined ? [] : [policyDocument(role, path, '0', clusters)]),
  ]);
}

/** Policies stand before grants, so that nobody reads what is not kept apart yet. */
export function tenantDocuments(
  document: TenantDocument,
  on: readonly string[],
  readable: readonly Readable[],
): Derived[] {
  const { id = document.name, quota, settings } = document;
  const name = roleOf(document);
  const to = [name];
  const policies = readable.flatMap(({ path, policy, clusters }) =>
    policy === undefined
      ? []
      : [policyDocument(name, path, `${identifier(policy)} = ${literal(id)}`, clusters)],
  );
  const grants = readable.map(({ path, clusters }) => grantDocument(name, path, clusters));
  return [
    { kind: 'Role', value: { name, on }, origin: fromName },
    ...(settings ? [{ kind: 'SettingsProfile', value: { name, settings, to, on }, origin: below() }] : []),
    ...(quota ? [{ kind: 'Quota', value: { ...quota, name, to, on }, origin: below('quota') }] : []),
    ...GUARDS.map(([database, table, filter]) => policyDocument(name, [database, table], filter, on)),
    ...policies,
    ...grants,
    ...userDocuments(document, on),
  ];
}
