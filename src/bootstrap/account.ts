/** A user or role of Plumbline's own and what it needs go in; the statements, or the `users.d` file, that make it come out. */
import type { XmlUser } from '../access/users-file.ts';
import { unwritableName, usersXml } from '../access/users-xml.ts';
import { PlumblineError } from '../model/errors.ts';
import { identifier } from '../sql/quote.ts';
import type { Need } from './need.ts';

export interface Account {
  readonly name: string;
  readonly as: 'user' | 'role';
  /** `plans, watches …`, for people. */
  readonly does: string;
  readonly needs: readonly Need[];
}

const OPTION = ' WITH GRANT OPTION';

interface GrantStatement {
  readonly rights: readonly string[];
  readonly end: string;
}

/** A statement for the rights of a need that come with grant option, and one for the others. */
function grantsOf({ rights }: Need): GrantStatement[] {
  const grantable = rights.filter((right) => right.endsWith(OPTION));
  return [
    { rights: rights.filter((right) => !right.endsWith(OPTION)), end: '' },
    { rights: grantable.map((right) => right.slice(0, -OPTION.length)), end: OPTION },
  ].filter((one) => one.rights.length > 0);
}

/** The variable in the environment of servers that holds the SHA-256 of a user's password. */
export function passwordVariable(name: string): string {
  return `${name.toUpperCase().replace(/[^A-Z0-9]+/g, '_')}_SHA256`;
}

function creation({ name, as }: Account): string {
  if (as === 'role') return `CREATE ROLE IF NOT EXISTS ${identifier(name)};`;
  return `CREATE USER IF NOT EXISTS ${identifier(name)} IDENTIFIED WITH sha256_hash BY '<SHA-256 of the password, in hex>';`;
}

/** Several rights have a line each. */
function grantSql({ rights, end }: GrantStatement, name: string): string {
  const [only, ...more] = rights;
  const list = more.length === 0 ? ` ${only} ` : `\n  ${rights.join(',\n  ')}\n`;
  return `GRANT${list}TO ${identifier(name)}${end};`;
}

export function accountSql(account: Account): string {
  const { name, does, needs } = account;
  const grants = needs.flatMap((need) => [
    `-- ${need.why}`,
    ...grantsOf(need).map((grant) => grantSql(grant, name)),
  ]);
  return [`-- ${identifier(name)} ${does}.`, creation(account), ...grants, ''].join('\n');
}

/** Throws a PlumblineError for a name that a configuration file has no place for. */
export function accountsXml(accounts: readonly Account[]): string {
  for (const { name } of accounts) {
    const reason = unwritableName(name);
    if (reason !== undefined)
      throw new PlumblineError(`A users.d file has no place for \`${name}\`: ${reason}.`);
  }
  const grants = ({ needs }: Account): string[] =>
    needs.flatMap((need) => grantsOf(need).map(({ rights, end }) => `GRANT ${rights.join(', ')}${end}`));
  const user = (account: Account): XmlUser => ({
    name: account.name,
    authentication: [
      {
        name: 'password_sha256_hex',
        content: [],
        attributes: { from_env: passwordVariable(account.name) },
      },
    ],
    ...{ networks: undefined, profile: undefined, quota: undefined, defaultDatabase: undefined },
    grants: grants(account),
    filters: [],
  });
  return usersXml({
    users: accounts.filter(({ as }) => as === 'user').map(user),
    roles: accounts.flatMap((account) =>
      account.as === 'role' ? [{ name: account.name, grants: grants(account) }] : [],
    ),
    profiles: [],
    quotas: [],
  });
}
