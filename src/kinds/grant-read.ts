/** Grants as a server lists them, and as their canonical text says them: one for each grantee and target. */
import { Cursor } from '../sql/cursor.ts';
import { readNameList } from './access-names.ts';
import { type AccessRow, readOnlyStorage, rowsBy, textOf } from './access-row.ts';
import { type Given, givenKey, givenOn, type Word } from './grant-rights.ts';
import { readTarget, scopeOf, tableOf, targetOfRow } from './grant-text.ts';
import { type Privileges, privilegesOf } from './privileges.ts';
import { type Level, type Target, targetKey, targetOf } from './rights.ts';
import type { ServerView } from './server-view.ts';

export interface ReadGrant {
  readonly to: string;
  readonly target: string | undefined;
  readonly rights: Given;
  readonly storage: string | undefined;
}

/** What a row gives: 1, 2 with grant option; taken back from what is around it: 0, or 1 where only the option is. */
function levelOf(row: AccessRow): Level {
  const hasOption = Number(row.grant_option) === 1;
  if (Number(row.is_partial_revoke) === 1) return hasOption ? 1 : 0;
  return hasOption ? 2 : 1;
}

function rightsOfRows(
  rows: readonly AccessRow[],
  privileges: Privileges,
): { target: string; rights: Given }[] {
  const marks = new Map<string, Map<string, Level>>();
  const tables = new Set<string>();
  for (const row of rows) {
    const target = targetOfRow(row);
    tables.add(targetKey(tableOf(target)));
    const name = textOf(row, 'access_type') ?? '';
    for (const single of privileges.listed(name, scopeOf(target))) {
      const own = marks.get(single) ?? new Map<string, Level>();
      own.set(targetKey(target), levelOf(row));
      marks.set(single, own);
    }
  }
  return [...tables].map((target) => ({ target, rights: givenOn(targetOf(target), marks, privileges) }));
}

const granteeOfRow = (row: AccessRow): string => textOf(row, 'user_name') ?? textOf(row, 'role_name') ?? '';

/** All grants of all users and roles. */
export async function readGrants(server: ServerView): Promise<readonly ReadGrant[]> {
  const [users, roles, grants, roleGrants, listed] = await Promise.all([
    server.access('users'),
    server.access('roles'),
    server.access('grants'),
    server.access('role_grants'),
    server.access('privileges'),
  ]);
  const privileges = privilegesOf(listed);
  const storages = new Map(
    [...users, ...roles].map((row) => [textOf(row, 'name') ?? '', readOnlyStorage(row)] as const),
  );
  const named = (rows: readonly AccessRow[]) =>
    rowsBy(
      rows.map((row) => ({ ...row, grantee: granteeOfRow(row) })),
      'grantee',
    );
  const rights = [...named(grants)].flatMap(([to, rows]) =>
    rightsOfRows(rows, privileges).map((one) => ({ to, ...one, storage: storages.get(to) })),
  );
  const granted = [...named(roleGrants)].map(([to, rows]): ReadGrant => {
    const entries = rows.map((row): [string, string] => [
      textOf(row, 'granted_role_name') ?? '',
      Number(row.with_admin_option) === 1 ? 'with admin option' : 'granted',
    ]);
    return { to, target: undefined, rights: sortedGiven(entries), storage: storages.get(to) };
  });
  return [...rights, ...granted];
}

export function sortedGiven(entries: readonly (readonly [string, string])[]): Given {
  return Object.fromEntries([...entries].sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** `SELECT(a, b), ALTER ADD COLUMN`, up to ON. */
function readPrivileges(cursor: Cursor): string[] {
  const keys: string[] = [];
  do {
    const words: string[] = [];
    while (!['ON', ',', '('].some((end) => cursor.sees(end))) words.push(cursor.name());
    const privilege = words.join(' ');
    if (cursor.sees('(')) {
      const columns = readNameList(new Cursor(cursor.parenthesized()));
      keys.push(...columns.map((column) => givenKey(privilege, column)));
    } else keys.push(privilege);
  } while (cursor.takes(','));
  return keys;
}

function readOne(cursor: Cursor): {
  readonly target: Target | undefined;
  readonly entries: [string, string][];
} {
  const isOption = cursor.takes('REVOKE GRANT OPTION FOR');
  const revokes = isOption || cursor.takes('REVOKE');
  if (!revokes) cursor.expect('GRANT');
  if (cursor.peek()?.kind === 'quoted') {
    const roles = readNameList(cursor);
    const word = cursor.takes('WITH ADMIN OPTION') ? 'with admin option' : 'granted';
    return { target: undefined, entries: roles.map((role) => [role, word]) };
  }
  if (cursor.takes('NONE') && !cursor.sees('ON')) return { target: undefined, entries: [] };
  const keys = cursor.sees('ON') ? [] : readPrivileges(cursor);
  cursor.expect('ON');
  const target = readTarget(cursor);
  const given: Word = cursor.takes('WITH GRANT OPTION') ? 'with grant option' : 'granted';
  const word: Word = isOption ? 'without grant option' : revokes ? 'revoked' : given;
  return { target, entries: keys.map((key) => [key, word]) };
}

/** Reads the canonical text of a grant. Throws `ParseError`. */
export function parseGrant(text: string): ReadGrant {
  const cursor = new Cursor(text);
  cursor.expect('TO');
  const to = cursor.name();
  const storage = cursor.takes('IN') ? cursor.name() : undefined;
  cursor.expect(':');
  const parts = [readOne(cursor)];
  while (cursor.takes(';')) parts.push(readOne(cursor));
  if (!cursor.ended) cursor.fail('the end');
  const [first] = parts;
  const target = first?.target && targetKey(first.target);
  return { to, target, rights: sortedGiven(parts.flatMap(({ entries }) => entries)), storage };
}
