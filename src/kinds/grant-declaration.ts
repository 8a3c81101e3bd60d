/** What a declaration of a grant says goes in, names of privileges and roles with what is given come out; and back. */
import { identifier, unquote } from '../sql/quote.ts';
import { sortedGiven } from './grant-read.ts';
import { type Given, givenKey, readGivenKey } from './grant-rights.ts';
import type { TargetDeclaration } from './grant-text.ts';
import { said } from './said.ts';

type PrivilegeDeclaration = string | { readonly privilege: string; readonly grant_option?: string | boolean };
type RoleDeclaration = string | { readonly role: string; readonly admin_option?: string | boolean };

export interface GrantDeclaration {
  readonly to: string;
  readonly target?: TargetDeclaration;
  readonly privileges?: readonly PrivilegeDeclaration[];
  readonly revoked?: readonly string[];
  readonly roles?: readonly RoleDeclaration[];
}

/** `a`, `` `b c` ``: commas inside quotes are part of a name. */
const COLUMN = /`(?:[^`\\]|\\.|``)*`|"(?:[^"\\]|\\.|"")*"|[^,`"]+/gs;

function columnsOf(list: string): string[] {
  return (list.match(COLUMN) ?? []).flatMap((piece) => {
    const text = piece.trim();
    if (text === '') return [];
    return [/^[`"]/.test(text) ? unquote(text) : text];
  });
}

/** `SELECT(id, name)` is a key for each column. */
function keysOf(text: string): string[] {
  const open = text.indexOf('(');
  const privilege = (open < 0 ? text : text.slice(0, open)).trim().replace(/\s+/g, ' ');
  if (open < 0) return [privilege];
  return columnsOf(text.slice(open + 1, text.lastIndexOf(')'))).map((column) => givenKey(privilege, column));
}

const isSet = (option: string | boolean | undefined): boolean => option === true || option === 'true';

export function declareGiven({ privileges = [], revoked = [], roles }: GrantDeclaration): Given {
  if (roles)
    return sortedGiven(
      roles.map((one) => {
        const { role, admin_option } = typeof one === 'string' ? { role: one, admin_option: false } : one;
        return [role, isSet(admin_option) ? 'with admin option' : 'granted'];
      }),
    );
  const granted = privileges.flatMap((one): [string, string][] => {
    const { privilege, grant_option } =
      typeof one === 'string' ? { privilege: one, grant_option: false } : one;
    return keysOf(privilege).map((key) => [key, isSet(grant_option) ? 'with grant option' : 'granted']);
  });
  return sortedGiven([
    ...granted,
    ...revoked.flatMap(keysOf).map((key): [string, string] => [key, 'revoked']),
  ]);
}

const plainColumn = (column: string): string => (/^[A-Za-z_]\w*$/.test(column) ? column : identifier(column));

/** The privileges of one word, those of several columns in one text. */
function textsOf(given: Given, words: readonly string[]): string[] {
  const columns = new Map<string, string[]>();
  const plain: string[] = [];
  for (const [key, word] of Object.entries(given)) {
    if (!words.includes(word)) continue;
    const { privilege, column } = readGivenKey(key);
    if (column === undefined) plain.push(privilege);
    else columns.set(privilege, [...(columns.get(privilege) ?? []), plainColumn(column)]);
  }
  return [...plain, ...[...columns].map(([privilege, names]) => `${privilege}(${names.join(', ')})`)];
}

export function describeGiven(
  given: Given,
  isRoles: boolean,
): Pick<GrantDeclaration, 'privileges' | 'revoked' | 'roles'> {
  if (isRoles) {
    const roles = Object.entries(given).map(
      ([role, word]): RoleDeclaration => (word === 'granted' ? role : { role, admin_option: true }),
    );
    return { roles };
  }
  const options = textsOf(given, ['with grant option']).map((privilege) => ({
    privilege,
    grant_option: true,
  }));
  const revoked = textsOf(given, ['revoked']);
  return said({
    privileges: [...textsOf(given, ['granted', 'without grant option']), ...options],
    revoked: revoked.length > 0 ? revoked : undefined,
  });
}
