/** GRANT and REVOKE as a real server takes them, compared with what the product thinks of them; and the way from one set to another. */
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startServer } from '../src/embedded/server.ts';
import { defaultUsersXml } from '../src/embedded/server-config.ts';
import type { AccessRow } from '../src/kinds/access-row.ts';
import { grant } from '../src/kinds/grant.ts';
import { grantId, grantOf, grantText } from '../src/kinds/grant-form.ts';
import { readGrants } from '../src/kinds/grant-read.ts';
import { givenOn, statementText } from '../src/kinds/grant-rights.ts';
import { tableOf } from '../src/kinds/grant-text.ts';
import { grantsTogether } from '../src/kinds/grants-together.ts';
import type { Normaliser } from '../src/kinds/kind.ts';
import { type Privileges, privilegesOf } from '../src/kinds/privileges.ts';
import {
  type Action,
  acted,
  canonical,
  type Level,
  levelAt,
  type Marks,
  type Rights,
  type Target,
  targetKey,
  targetOf,
} from '../src/kinds/rights.ts';
import { type Statement, stepsBetween } from '../src/kinds/rights-steps.ts';
import { accessView } from '../src/live/read-access.ts';
import type { Server } from '../src/live/server.ts';
import { nameKey, type Tree } from '../src/model/object.ts';
import { lazyRoot, type Root, type State, stateOf } from '../src/model/state.ts';
import { size } from './support/size.ts';
import { startTestEstate, type TestEstate } from './support/test-estate.ts';

const SEED = 20_261_120;

const path = (names: readonly string[], prefix = false): Target => ({ of: 'path', names, prefix });
const object = (names: readonly string[], prefix = false): Target => ({ of: 'object', names, prefix });

/** Targets inside each other and beside each other, with the privileges that can be granted on them. */
const TABLES = [
  path([]),
  path(['s'], true),
  path(['shop']),
  path(['shop', 'o'], true),
  path(['shop', 'orders']),
  path(['shop', 'or`d']),
  path(['crm', 'users']),
];
const COLUMNS = [
  path(['shop', 'orders', 'id']),
  path(['shop', 'orders', 'na me']),
  path(['crm', 'users', 'secret']),
];
const OBJECTS = [object([]), object(['tenant'], true), object(['tenant_a'])];

const OF_TABLES = ['SELECT', 'INSERT', 'ALTER ADD COLUMN', 'SHOW TABLES', 'CREATE VIEW'];
const OF_COLUMNS = ['SELECT', 'INSERT', 'ALTER ADD COLUMN'];
const OF_OBJECTS = ['CREATE USER', 'NAMED COLLECTION'];

const part = fc.oneof(
  fc.record({ key: fc.constantFrom(...TABLES.map(targetKey)), privilege: fc.constantFrom(...OF_TABLES) }),
  fc.record({ key: fc.constantFrom(...COLUMNS.map(targetKey)), privilege: fc.constantFrom(...OF_COLUMNS) }),
  fc.record({ key: fc.constantFrom(...OBJECTS.map(targetKey)), privilege: fc.constantFrom(...OF_OBJECTS) }),
);
const action = fc.constantFrom<Action>('grant', 'grant', 'grant with option', 'revoke', 'revoke option');
const statement: fc.Arbitrary<Statement> = fc.record({ action, parts: fc.tuple(part) });
const statements = fc.array(statement, { maxLength: 7 });

function after(rights: Rights, { action: what, parts }: Statement): Rights {
  const now = new Map(rights);
  for (const { privilege, key } of parts)
    now.set(privilege, acted(now.get(privilege) ?? new Map(), what, key));
  return now;
}

const rightsAfter = (all: readonly Statement[]): Rights => all.reduce(after, new Map() as Rights);

/** What can be granted on the target is what the server lists it under. */
const mayStand = (privilege: string, { of, names }: Target): boolean =>
  names.length === 0 || (of === 'object') === OF_OBJECTS.includes(privilege);

function listed(rights: Rights, privileges: Privileges): Map<string, object> {
  const tables = new Set(
    [...rights.values()].flatMap((marks) =>
      [...canonical(marks).keys()].map((key) => targetKey(tableOf(targetOf(key)))),
    ),
  );
  return new Map([...tables].sort().map((key) => [key, givenOn(targetOf(key), rights, privileges)]));
}

const ALL_KEYS = [...TABLES, ...COLUMNS, ...OBJECTS].map(targetKey);

const NONE: Marks = new Map();
const levelOf = (rights: Rights, privilege: string, key: string): Level =>
  levelAt(rights.get(privilege) ?? NONE, key);

/** What a state gives that neither of two others does, by privilege. */
function tooMuch(now: Rights, from: Rights, to: Rights): string[] {
  return [...now.keys()].filter((privilege) =>
    ALL_KEYS.some((key) => {
      const most = Math.max(levelOf(from, privilege, key), levelOf(to, privilege, key));
      return mayStand(privilege, targetOf(key)) && levelOf(now, privilege, key) > most;
    }),
  );
}

test('no statement gives what is granted neither before nor after, but where it says so', () => {
  let widened = 0;
  const check = (first: readonly Statement[], second: readonly Statement[]): void => {
    const [from, to] = [rightsAfter(first), rightsAfter(second)];
    const { statements: steps, excess } = stepsBetween(from, to);
    const told = excess.map(({ privilege }) => privilege);
    let now = from;
    for (const step of steps) {
      now = after(now, step);
      expect(told).toEqual(expect.arrayContaining(tooMuch(now, from, to)));
    }
    for (const privilege of new Set([...from.keys(), ...to.keys()]))
      expect(canonical(now.get(privilege) ?? NONE)).toEqual(canonical(to.get(privilege) ?? NONE));
    if (excess.length > 0) widened++;
    // What only takes away, and what only gives without exceptions, takes one statement for each kind of right.
    if (steps.every((step) => step.action.startsWith('grant'))) expect(steps.length).toBeLessThanOrEqual(2);
  };
  fc.assert(fc.property(statements, statements, check), { numRuns: size(2000, 50_000), seed: SEED });
  expect(widened).toBeGreaterThan(0);
});

const USERS = size(30, 400);

let estate: TestEstate;
let server: Awaited<ReturnType<typeof startServer>> | undefined;

const escapeXml = (text: string): string => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');

function usersXml(queries: readonly (readonly string[])[]): string {
  const users = queries.map(
    (list, at) =>
      `<u${at}><no_password/><grants>${['GRANT NONE ON *.*', ...list].map((query) => `<query>${escapeXml(query)}</query>`).join('')}</grants></u${at}>`,
  );
  return defaultUsersXml.replace('</users>', `${users.join('')}</users>`);
}

const withoutGrantee = (text: string): string => text.replace(/ (TO|FROM) `u\d+`/, '');

async function restart(queries: readonly (readonly string[])[]): Promise<void> {
  const [before] = estate.servers;
  await (server ?? before)?.stop();
  server = await startServer({
    name: 'test-1',
    folder: `${estate.folder}/servers/1`,
    httpPort: before?.httpPort ?? 0,
    nativePort: before?.nativePort ?? 0,
    usersXml: usersXml(queries),
  });
}

beforeAll(async () => {
  estate = await startTestEstate();
});
afterAll(async () => {
  await server?.stop();
  await estate?.stop();
});

type Read = Awaited<ReturnType<typeof readGrants>>;

const readAll = async (sql: Server): Promise<Read> =>
  readGrants({ access: accessView(sql) } as Parameters<typeof readGrants>[0]);

const rootOf = (tree: Tree): Root => lazyRoot(tree.root.id, grantText(tree), () => tree);

/** As if the users stood in a storage that statements change. */
const stateOfRead = (read: Read): State =>
  stateOf(
    read.map(({ to, target, rights }) => {
      const nothing = { listed: undefined, statements: [], excess: undefined, storage: undefined };
      return rootOf({
        root: { id: grantId(to, target), attributes: { to, target, rights, ...nothing } },
        parts: [],
      });
    }),
  );

const declared = fc.uniqueArray(
  fc.oneof(
    fc.record({
      target: fc.constantFrom('*.*', 's*.*', 'shop.*', 'shop.o*', 'shop.orders', 'shop.or`d', 'crm.users'),
      privileges: fc.subarray([...OF_TABLES, { privilege: 'SELECT', grant_option: 'true' }]),
      revoked: fc.subarray(['INSERT', 'ALTER ADD COLUMN']),
    }),
    fc.record({
      target: fc.constantFrom('shop.orders', 'crm.users'),
      privileges: fc.subarray([
        'SELECT(id, secret)',
        'INSERT',
        { privilege: 'INSERT(`na me`)', grant_option: 'true' },
      ]),
      revoked: fc.subarray(['ALTER ADD COLUMN(secret)', 'SELECT(secret)']),
    }),
    fc.record({
      target: fc.constantFrom({ object: 'tenant*' }, { object: 'tenant_a' }),
      privileges: fc.subarray(OF_OBJECTS),
    }),
  ),
  { minLength: 1, maxLength: 4, selector: ({ target }) => JSON.stringify(target) },
);

async function planOf(documents: readonly (readonly object[])[], live: State, rows: readonly AccessRow[]) {
  const normaliser = { privileges: async () => rows } as Partial<Normaliser> as Normaliser;
  const trees = documents.flatMap((list, at) =>
    list.map((value) =>
      grant.declare({ value: { to: `u${at}`, ...value }, place: () => undefined, keys: () => [] }),
    ),
  );
  const normal = await Promise.all(trees.map((tree) => grant.normalise(tree, normaliser)));
  return grantsTogether(normal.map(rootOf), live);
}

/** Level 2 inside level 1: 26.7 loses such a column when another privilege is revoked on its table. */
const hasMixed = (rights: Rights): boolean =>
  [...rights.values()].some((marks) =>
    [...canonical(marks)].some(([key, level]) => level === 2 && levelAt(marks, key, false) === 1),
  );

/** On all names of one beginning 26.7 does not list that only the grant option is taken back, or given, where more is said inside. */
const isUnlisted = (root: Root): boolean => {
  const { rights, target = '[]' } = grantOf(root.tree());
  const words = Object.values(rights);
  const isMixed = words.includes('without grant option') || words.includes('with grant option');
  return isMixed && (targetOf(target).prefix || Object.keys(rights).some((key) => key.includes('(')));
};

test(`a server lists the rights of ${USERS} users as the product expects, and its statements make them the declared ones`, async () => {
  const [sql] = estate.sql;
  if (!sql) throw new Error('no server');
  const rows = await accessView(sql)('privileges');
  const privileges = privilegesOf(rows);
  const text = (one: Statement): string => withoutGrantee(statementText(one, 'u0', privileges));
  const histories = fc
    .sample(statements, { numRuns: USERS, seed: SEED })
    .filter((history) => !history.some((_one, at) => hasMixed(rightsAfter(history.slice(0, at + 1)))));
  expect(histories.length).toBeGreaterThan(USERS / 2);
  const queries = histories.map((history) => history.map(text));
  await restart(queries);

  const read = await readAll(sql);
  for (const [at, history] of histories.entries()) {
    const own = read.filter(({ to }) => to === `u${at}`);
    const found = new Map(own.map(({ target, rights }): [string, object] => [target ?? '', rights]));
    expect(found, queries[at]?.join('\n')).toEqual(listed(rightsAfter(history), privileges));
  }

  const documents = fc.sample(declared, { numRuns: histories.length, seed: SEED });
  const plan = await planOf(documents, stateOfRead(read), rows);
  const statementsOf = (root: Root): readonly string[] => grantOf(root.tree()).statements;
  const inOrder = [...plan].sort((a, b) => (nameKey(a.id) < nameKey(b.id) ? -1 : 1));
  await restart(
    queries.map((list, at) => {
      const own = inOrder.filter((root) => grantOf(root.tree()).to === `u${at}`);
      return [...list, ...own.flatMap(statementsOf).map(withoutGrantee)];
    }),
  );

  const live = stateOfRead(await readAll(sql));
  const next = await planOf(documents, live, rows);
  const odd = new Set(plan.filter(isUnlisted).map((root) => grantOf(root.tree()).to));
  let compared = 0;
  for (const root of next) {
    const { to } = grantOf(root.tree());
    if (odd.has(to)) continue;
    compared++;
    const at = Number(to.slice(1));
    const about = `${to}: ${JSON.stringify(documents[at])}\n${queries[at]?.join('\n')}\nthen\n${inOrder
      .filter((one) => grantOf(one.tree()).to === to)
      .flatMap(statementsOf)
      .join('\n')}`;
    expect(statementsOf(root), about).toEqual([]);
    expect(live.get(nameKey(root.id))?.statement, about).toBe(root.statement);
  }
  expect(compared).toBeGreaterThan(USERS / 2);
});
