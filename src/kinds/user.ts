/** Users: how they prove who they are, from where they come, and what they begin with. What they may do is granted apart. */
import type { Tree } from '../model/object.ts';
import { Cursor } from '../sql/cursor.ts';
import { identifier, literal } from '../sql/quote.ts';
import { declareNames, describeNames, type NamesDeclaration, namesOfRow, readNames } from './access-names.ts';
import {
  type AccessRow,
  isReadOnly,
  listOf,
  rowsBy,
  storageText,
  storageWords,
  textOf,
} from './access-row.ts';
import { accessRule, accessStatement, readStorage } from './access-rule.ts';
import {
  declareElements,
  describeElements,
  type Elements,
  type ElementsDeclaration,
  elementsOfRows,
  elementsText,
  readElements,
  sameSettings,
} from './access-settings.ts';
import { canonicalSettings } from './canonical-settings.ts';
import type { RootKind } from './kind.ts';
import { said } from './said.ts';
import { hasSecret, isHidden } from './secret.ts';
import {
  declareHosts,
  describeHosts,
  type HostsDeclaration,
  hostsOfRow,
  readHosts,
  refuseMiswritten,
} from './user-hosts.ts';
import {
  declareMethods,
  describeMethods,
  type MethodDeclaration,
  methodsOfRow,
  readMethods,
  sameMethods,
  staleMethods,
} from './user-methods.ts';

export type User = Elements &
  Readonly<{
    /** `sha256_password BY '{secret:NAME}'`; several have commas between them. */
    identified: string;
    /** In the time zone of the server; undefined where it never ends, `[HIDDEN]` on servers that do not show it. */
    valid_until: string | undefined;
    hosts: string;
    default_roles: string;
    default_database: string | undefined;
    grantees: string;
    /** Where no statement changes it. */
    storage: string | undefined;
  }>;

interface UserDeclaration extends ElementsDeclaration {
  readonly name: string;
  readonly identified: MethodDeclaration | readonly MethodDeclaration[];
  readonly valid_until?: string;
  readonly hosts?: HostsDeclaration;
  readonly default_roles?: NamesDeclaration;
  readonly default_database?: string;
  readonly grantees?: NamesDeclaration;
}

const nameOf = ({ root }: Tree): string => identifier(root.id.path[0] ?? '');
const userOf = ({ root }: Tree): User => root.attributes as User;

/** The clauses by the name of the attribute, in the order in which the canonical text has them. */
const CLAUSES: { readonly [K in Exclude<keyof User, 'storage' | 'profiles'>]: (user: User) => string } = {
  identified: ({ identified }) => ` IDENTIFIED WITH ${identified}`,
  valid_until: ({ valid_until: until }) => (until === undefined ? '' : ` VALID UNTIL ${literal(until)}`),
  hosts: ({ hosts }) => ` HOST ${hosts}`,
  default_roles: ({ default_roles: roles }) => ` DEFAULT ROLE ${roles}`,
  default_database: ({ default_database: database }) =>
    database === undefined ? '' : ` DEFAULT DATABASE ${identifier(database)}`,
  grantees: ({ grantees }) => ` GRANTEES ${grantees}`,
  settings: (user) => elementsText(user),
};

/** What takes back a clause that says nothing any more. */
const NOTHING: Readonly<Record<string, string>> = {
  valid_until: " VALID UNTIL 'infinity'",
  default_database: ' DEFAULT DATABASE NONE',
  settings: ' SETTINGS NONE',
};

function createText(tree: Tree): string {
  const user = userOf(tree);
  const storage = storageWords(user.storage);
  return `CREATE USER ${nameOf(tree)}${storage}${Object.values(CLAUSES)
    .map((clause) => clause(user))
    .join('')}`;
}

function readUser(text: string, id: Tree['root']['id']): Tree {
  const cursor = new Cursor(text);
  cursor.expect('CREATE USER');
  cursor.name();
  const storage = readStorage(cursor);
  cursor.expect('IDENTIFIED WITH');
  const identified = readMethods(cursor);
  const valid_until = cursor.takes('VALID UNTIL') ? cursor.string() : undefined;
  cursor.expect('HOST');
  const hosts = readHosts(cursor);
  cursor.expect('DEFAULT ROLE');
  const default_roles = readNames(cursor);
  const default_database = cursor.takes('DEFAULT DATABASE') ? cursor.name() : undefined;
  cursor.expect('GRANTEES');
  const grantees = readNames(cursor, 'ANY');
  const attributes: User = {
    identified,
    valid_until,
    hosts,
    default_roles,
    default_database,
    grantees,
    ...readElements(cursor),
    storage,
  };
  if (!cursor.ended) cursor.fail('the end');
  return { root: { id, attributes }, parts: [] };
}

/** The epoch stands for never, and is shown in the server's time zone. */
function validUntil(row: AccessRow): string | undefined {
  if (row.valid_until === undefined) return '[HIDDEN]';
  const times = listOf(row, 'valid_until').filter((time) => !/^19(70-01-01|69-12-31)/.test(time));
  return times.length === 0 ? undefined : [...new Set(times)].join(', ');
}

function textOfRow(row: AccessRow, elements: readonly AccessRow[]): string {
  const user: User = {
    identified: methodsOfRow(row),
    valid_until: validUntil(row),
    hosts: hostsOfRow(row),
    default_roles: namesOfRow(row, 'default_roles'),
    default_database: textOf(row, 'default_database') || undefined,
    grantees: namesOfRow(row, 'grantees', 'ANY'),
    settings: {},
    profiles: undefined,
    storage: undefined,
  };
  const { settings: _settings, ...clauses } = CLAUSES;
  const head = `CREATE USER ${identifier(textOf(row, 'name') ?? '')}${storageText(row)}`;
  const body = Object.values(clauses).map((clause) => clause(user));
  return [head, ...body, elementsOfRows(elements)].join('');
}

const withUser = ({ root, parts }: Tree, changed: Partial<User>): Tree => ({
  root: { ...root, attributes: { ...root.attributes, ...changed } },
  parts,
});

export const user: RootKind<User> = {
  name: 'user',
  document: 'User',
  attributes: {
    identified: accessRule(sameMethods),
    valid_until: accessRule<string | undefined>((live) => live !== undefined && isHidden(live)),
    hosts: accessRule(),
    default_roles: accessRule(),
    default_database: accessRule(),
    grantees: accessRule(),
    settings: accessRule(sameSettings),
    profiles: accessRule(),
    storage: 'ignore',
  },
  declare(declared) {
    const value = declared.value as UserDeclaration;
    const place = declared.place();
    const until = value.valid_until;
    const attributes: User = {
      identified: declareMethods(value.identified),
      valid_until: until?.length === '2027-01-01'.length ? `${until} 00:00:00` : until,
      hosts: declareHosts(value.hosts),
      default_roles: declareNames(value.default_roles ?? 'all'),
      default_database: value.default_database,
      grantees: declareNames(value.grantees ?? 'any', 'ANY'),
      ...declareElements(value),
      storage: undefined,
    };
    return {
      root: { id: { kind: 'user', path: [value.name] }, attributes, ...(place && { place }) },
      parts: [],
    };
  },
  async read(server) {
    const [users, elements] = await Promise.all([
      server.access('users'),
      server.access('settings_profile_elements'),
    ]);
    const byUser = rowsBy(elements, 'user_name');
    return users.map((row) => {
      const name = textOf(row, 'name') ?? '';
      return { id: { kind: 'user', path: [name] }, statement: textOfRow(row, byUser.get(name) ?? []) };
    });
  },
  comesWithServer: isReadOnly,
  parse: (live) => readUser(live.statement, live.id),
  // Servers store addresses in a form of their own. Methods are left out: the formatter writes keys so that nobody reads them again.
  async normalise(tree, server) {
    const formatted = await server.format(`CREATE USER ${nameOf(tree)}${CLAUSES.hosts(userOf(tree))}`);
    const cursor = new Cursor(formatted);
    cursor.expect('CREATE USER');
    cursor.name();
    cursor.expect('HOST');
    const hosts = readHosts(cursor);
    refuseMiswritten(userOf(tree).hosts, hosts);
    const settings = await canonicalSettings(userOf(tree).settings, server);
    return withUser(tree, { hosts, settings });
  },
  stale: (live, desired) =>
    hasSecret(userOf(desired).identified)
      ? withUser(live, { identified: staleMethods(userOf(live).identified) })
      : live,
  unfinished(to) {
    const { default_roles: roles } = userOf(to);
    // CREATE USER grants the roles that it names as default ones: https://github.com/ClickHouse/ClickHouse/blob/master/src/Interpreters/Access/InterpreterCreateUserQuery.cpp
    return /^(ALL|NONE)\b/.test(roles) ? undefined : withUser(to, { default_roles: 'NONE' });
  },
  create: (to) => accessStatement(createText(to), 'a new user, who may do nothing yet'),
  alter(to, _from, changed) {
    const user = userOf(to);
    const asked = new Set(changed);
    if (changed.has('profiles')) asked.add('settings');
    // Methods that are written anew are valid for ever, unless the statement says until when.
    if (changed.has('identified') && user.valid_until !== undefined) asked.add('valid_until');
    const clauses = Object.entries(CLAUSES).filter(([name]) => asked.has(name));
    const text = clauses.map(([name, clause]) => clause(user) || NOTHING[name]).join('');
    return [
      accessStatement(`ALTER USER ${nameOf(to)}${text}`, 'how the user signs in, or what it begins with'),
    ];
  },
  drop: (from) => accessStatement(`DROP USER ${nameOf(from)}`, 'the user can sign in no more', 'destructive'),
  describe({ root }) {
    const user = root.attributes as User;
    const [name = ''] = root.id.path;
    return said({
      name,
      identified: describeMethods(user.identified, [name]),
      hosts: describeHosts(user.hosts),
      valid_until:
        user.valid_until === undefined || isHidden(user.valid_until) ? undefined : user.valid_until,
      default_roles: user.default_roles === 'ALL' ? undefined : describeNames(user.default_roles),
      default_database: user.default_database,
      grantees: user.grantees === 'ANY' ? undefined : describeNames(user.grantees, 'ANY'),
      ...describeElements(user),
    });
  },
};
