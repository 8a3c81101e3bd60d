/** What lint says of users, roles, settings profiles, rights and policies. */
import { expect, test } from 'vitest';
import { ROOT_KINDS } from '../src/kinds/index.ts';
import { lintEstate } from '../src/lint/lint.ts';
import type { Tree } from '../src/model/object.ts';

function treeOf(document: string, value: object): Tree {
  const kind = ROOT_KINDS.find((one) => one.document === document);
  if (!kind) throw new Error(`no kind ${document}`);
  const at = (path: readonly (string | number)[] = []): unknown =>
    path.reduce<unknown>((inner, key) => (inner as Record<string, unknown>)[key], value);
  return kind.declare({ value, place: () => undefined, keys: (path) => Object.keys(at(path) ?? {}) });
}

const rulesFor = (document: string, value: object): string[] => {
  const objects = [{ tree: treeOf(document, { name: 'x', ...value }), clusters: new Set(['test']) }];
  return lintEstate({ clusters: [], objects, prune: new Map(), pairs: [] }).map(({ rule }) => rule);
};

const SKIP = 'optimize_skip_unused_shards';
const USER = { identified: { with: 'no_password' } };

test.each([
  ['User', USER],
  ['Role', {}],
  ['SettingsProfile', {}],
])('a %s that lets queries leave out shards is told', (document, value) => {
  expect(rulesFor(document, { ...value, settings: { [SKIP]: '1' } })).toEqual(['skip-unused-shards']);
  expect(
    rulesFor(document, { ...value, settings: { [SKIP]: { value: 'true', writability: 'const' } } }),
  ).toEqual(['skip-unused-shards']);
  expect(rulesFor(document, { ...value, settings: { [SKIP]: '0', max_threads: '1' } })).toEqual([]);
  expect(rulesFor(document, { ...value, settings: { [SKIP]: { max: '0' } } })).toEqual([]);
});

const table = (name: string, columns: object, engine = 'MergeTree') =>
  treeOf('Table', { database: 'd', name, columns, engine, order_by: 'id' });
const policy = (value: object) =>
  treeOf('RowPolicy', {
    name: 'p',
    database: 'd',
    table: 'a',
    filter: "tenant_id = 'x'",
    to: ['reader'],
    ...value,
  });
const grant = (value: object) =>
  treeOf('Grant', { to: 'reader', target: 'd.*', privileges: ['SELECT'], ...value });

const COLUMNS = { id: 'UInt64', tenant_id: 'String' };
const TABLES = [table('a', COLUMNS), table('b', COLUMNS), table('c', { id: 'UInt64' })];

test.each<[string, readonly Tree[], number]>([
  ['that has the column', [policy({}), grant({})], 1],
  ['of which one column is granted', [policy({}), grant({ privileges: ['SELECT(id)'] })], 1],
  ['by a value on the left', [policy({ filter: "'x' = tenant_id" }), grant({ target: '*.*' })], 1],
  ['that may only be written', [policy({}), grant({ privileges: ['INSERT'] })], 0],
  ['that is not granted', [policy({}), grant({ target: 'd.a' })], 0],
  ['that is revoked', [policy({}), grant({ target: 'd.b', privileges: [], revoked: ['SELECT'] })], 0],
  ['with a policy', [policy({}), policy({ name: 'q', table: 'b', filter: '0' }), grant({})], 0],
  ['with a policy for all', [policy({}), policy({ name: 'q', table: 'b', to: 'all' }), grant({})], 0],
  ['with a policy of the database', [policy({ table: '*' }), grant({})], 0],
  ['where the policy is for somebody else', [policy({ to: ['other'] }), grant({})], 0],
  ['where the policy is for all', [policy({ to: 'all' }), grant({})], 0],
  ['where the policy compares columns', [policy({ filter: 'tenant_id = id' }), grant({})], 0],
])('a table %s, read past what divides another', (_what, access, count) => {
  const objects = [...TABLES, ...access].map((tree) => ({ tree, clusters: new Set(['test']) }));
  const found = lintEstate({ clusters: [], objects, prune: new Map(), pairs: [] });
  expect(found.filter(({ rule }) => rule === 'granted-without-policy')).toHaveLength(count);
});

const view = (value: object) =>
  treeOf('View', {
    database: 'd',
    name: 'v',
    query: 'SELECT * FROM d.a',
    sql_security: 'definer',
    definer: 'x',
    ...value,
  });
const stored = (value: object) =>
  treeOf('MaterializedView', { database: 'd', name: 'm', engine: 'MergeTree', order_by: 'n', ...value });
const dictionary = treeOf('Dictionary', {
  database: 'd',
  name: 'k',
  columns: COLUMNS,
  primary_key: 'id',
  source: { clickhouse: { db: 'd', table: 'a' } },
  layout: 'flat',
  lifetime: 300,
});
const role = (to: string, roles: string[]) => treeOf('Grant', { to, roles });

const SUM = { columns: { n: 'UInt64' }, query: 'SELECT count() AS n FROM d.a' };
const OTHER = policy({ name: 'o', to: ['other'], filter: "tenant_id = 'y'" });
const BOTH = [policy({}), OTHER];

test.each<[string, readonly Tree[], string[]]>([
  [
    'a view with a definer that gives the column',
    [view({}), policy({}), grant({ target: 'd.v' })],
    ['granted-without-policy'],
  ],
  [
    'the same with a policy of its own',
    [view({}), policy({}), policy({ name: 'v', table: 'v' }), grant({ target: 'd.v' })],
    [],
  ],
  [
    'a view with a definer that leaves the column out',
    [view({ query: 'SELECT count() FROM d.a' }), policy({}), grant({ target: 'd.v' })],
    ['granted-past-policies'],
  ],
  [
    'a view of whoever reads it',
    [view({ sql_security: 'invoker', definer: undefined }), ...BOTH, grant({ target: 'd.v' })],
    ['tenant-column-without-policy'],
  ],
  [
    'a materialized view without the column',
    [stored(SUM), policy({}), grant({ target: 'd.m' })],
    ['granted-past-policies'],
  ],
  ['a dictionary', [dictionary, policy({}), grant({ target: 'd.k' })], ['granted-without-policy']],
  [
    'what a dictionary looks up',
    [dictionary, policy({}), grant({ target: 'd.k', privileges: ['dictGet'] })],
    ['granted-past-policies'],
  ],
  [
    'a Join table',
    [table('j', COLUMNS, 'Join(ANY, LEFT, id)'), policy({}), grant({ target: 'd.j' })],
    ['granted-past-policies'],
  ],
  [
    'a table that a role within a role gives',
    [
      policy({}),
      role('reader', ['inner']),
      role('inner', ['innermost']),
      grant({ to: 'innermost', target: 'd.b' }),
    ],
    ['granted-without-policy'],
  ],
  [
    'a table given to a user, whose role has the policies',
    [policy({}), role('app', ['reader']), grant({ to: 'app', target: 'd.b' })],
    ['granted-without-policy'],
  ],
  ['a table without the column, of one who is no tenant', [policy({}), grant({ target: 'd.c' })], []],
  [
    'a table without the column',
    [...BOTH, grant({ target: 'd.c' })],
    ['tenant-column-without-policy', 'tenant-reads-shared'],
  ],
  ['a table that nobody is granted', BOTH, ['tenant-column-without-policy']],
  [
    'a view and a dictionary that nobody is granted',
    [...BOTH, policy({ name: 'b', table: 'b' }), view({}), dictionary],
    ['tenant-column-without-policy', 'tenant-column-without-policy'],
  ],
  ['policies of the whole database', [...BOTH, policy({ name: 'all', table: '*' })], []],
])('%s', (_what, more, expected) => {
  const objects = [...TABLES, ...more].map((tree) => ({ tree, clusters: new Set(['test']) }));
  const found = lintEstate({ clusters: [], objects, prune: new Map(), pairs: [] }).map(({ rule }) => rule);
  expect(found.filter((rule) => /^(granted|tenant)-/.test(rule)).sort()).toEqual(expected);
});
