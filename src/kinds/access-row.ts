/** Rows of the tables in which servers list users, roles and rights: whatever columns a server has go in, typed values come out. */

/** The tables of `system` that list what the access kinds are made of. */
export const ACCESS_TABLES = [
  'users',
  'roles',
  'grants',
  'role_grants',
  'row_policies',
  'quotas',
  'quota_limits',
  'settings_profiles',
  'settings_profile_elements',
  'privileges',
] as const;
export type AccessTable = (typeof ACCESS_TABLES)[number];

/** By the name of the column; older servers lack some, newer ones have more. */
export type AccessRow = Readonly<Record<string, unknown>>;

/** The text of a column; undefined where it is NULL or not there. */
export function textOf(row: AccessRow, column: string): string | undefined {
  const value = row[column];
  return value === null || value === undefined ? undefined : String(value);
}

/** The texts of a list; none where it is not there. A single value of an older server is a list of one. */
export function listOf(row: AccessRow, column: string): readonly string[] {
  const value = row[column];
  if (value === null || value === undefined) return [];
  return Array.isArray(value) ? value.map(String) : [String(value)];
}

/** Storages that no statement changes. */
const READ_ONLY = new Set(['users_xml', 'ldap']);

/** The storage of the object, where it is one that no statement changes. */
export function readOnlyStorage(row: AccessRow): string | undefined {
  const storage = textOf(row, 'storage') ?? '';
  return READ_ONLY.has(storage) ? storage : undefined;
}

/** ` IN users_xml`, which canonical texts say of such a storage; empty where there is none. */
export function storageWords(storage: string | undefined): string {
  return storage === undefined ? '' : ` IN ${storage}`;
}

/** `IN users_xml` where the object stands in a storage that no statement changes; empty everywhere else. */
export function storageText(row: AccessRow): string {
  return storageWords(readOnlyStorage(row));
}

/** The rows by the text of a column; those without one are left out. */
export function rowsBy(
  rows: readonly AccessRow[],
  column: string,
): ReadonlyMap<string, readonly AccessRow[]> {
  const found = new Map<string, AccessRow[]>();
  for (const row of rows) {
    const key = textOf(row, column);
    if (key !== undefined) found.set(key, [...(found.get(key) ?? []), row]);
  }
  return found;
}

/** Whether the text of a live object says that it stands in a storage that no statement changes. */
export function isReadOnly(statement: string): boolean {
  return /^CREATE [A-Z ]+ `(?:[^`\\]|\\.)*` IN /s.test(statement);
}
