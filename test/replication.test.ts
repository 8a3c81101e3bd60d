/** Engines and clusters go in; that a table means the same plain, replicated and shared is checked. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { expandCluster } from '../src/declared/expand-cluster.ts';
import { rootKind } from '../src/kinds/index.ts';
import { joinEngine, type Surroundings, splitEngine, unreplicated } from '../src/kinds/replication.ts';
import type { Tree } from '../src/model/object.ts';
import { diffTrees } from '../src/plan/diff.ts';
import { size } from './support/size.ts';

const TABLE = rootKind('table');
const ID = { kind: 'table', path: ['shop', 'orders'] };

const MEMBERS = [
  'MergeTree',
  'ReplacingMergeTree(v, deleted)',
  "GraphiteMergeTree('rollup')",
  'SummingMergeTree((a, b))',
  'VersionedCollapsingMergeTree(sign, v)',
];

const live = (engine: string): Tree =>
  TABLE.parse({
    id: ID,
    statement: `CREATE TABLE shop.orders (\`id\` UInt64) ENGINE = ${engine} ORDER BY id SETTINGS index_granularity = 8192`,
  });

const declared = (engine: string, surroundings: Surroundings, rest: object = {}): Tree => {
  const value = {
    ...{ database: 'shop', name: 'orders', columns: { id: 'UInt64' }, order_by: 'id' },
    ...{ engine, settings: { index_granularity: '8192' }, ...rest },
  };
  const tree = TABLE.declare({
    value,
    place: () => undefined,
    keys: (path = []) => (path[0] === 'columns' ? ['id'] : []),
  });
  return TABLE.adapt?.(tree, surroundings) ?? tree;
};

const on = (engines: Surroundings['engines'], databaseEngine?: string): Surroundings => ({
  engines,
  databaseEngine,
});
const PLAIN = on({ as: 'plain' });
const SHARED = on({ as: 'shared' });
const REPLICATED = on({
  as: 'replicated',
  path: '/clickhouse/tables/{shard}/{database}/{table}',
  replica: '{replica}',
});

const created = (tree: Tree): string => {
  const draft = TABLE.create(tree);
  const [statement = ''] = 'statements' in draft ? draft.statements : [];
  return /ENGINE = (.*?) ORDER BY/.exec(statement)?.[1] ?? '';
};

/** What the plan says of the live table: nothing, or why it can't be changed. */
const difference = (from: Tree, to: Tree): string | undefined => {
  const { changes, drafts } = diffTrees(from, to);
  if (changes.length === 0) return undefined;
  return drafts.map((draft) => ('refuse' in draft ? draft.refuse : JSON.stringify(draft))).join('; ');
};

describe('an engine', () => {
  test.each([
    ['MergeTree', 'MergeTree', undefined],
    ['MergeTree()', 'MergeTree()', undefined],
    ['ReplicatedMergeTree', 'MergeTree', 'Replicated'],
    ['ReplicatedMergeTree()', 'MergeTree()', 'Replicated'],
    ["ReplicatedMergeTree('/a', '{replica}')", 'MergeTree', "Replicated('/a', '{replica}')"],
    ["ReplicatedReplacingMergeTree('/a', 'b', v, d)", 'ReplacingMergeTree(v, d)', "Replicated('/a', 'b')"],
    ['ReplicatedReplacingMergeTree(v)', 'ReplacingMergeTree(v)', 'Replicated'],
    ["ReplicatedGraphiteMergeTree('rollup')", "GraphiteMergeTree('rollup')", 'Replicated'],
    ["SharedSummingMergeTree('/a', 'b', (x, y))", 'SummingMergeTree((x, y))', "Shared('/a', 'b')"],
    ["Replicated('/a', 'b')", "Replicated('/a', 'b')", undefined],
    ['MergeTree(', 'MergeTree(', undefined],
  ])('%s is taken apart and put together', (text, engine, replication) => {
    expect(splitEngine(text)).toEqual({ engine, replication });
    expect(joinEngine({ engine, replication })).toBe(text);
  });

  test('of any path comes back as it was', () => {
    const name = fc.string({ unit: fc.constantFrom('a', '/', '{', '}', "\\'", ',', '(', ' ') });
    const engines = fc.tuple(
      fc.constantFrom('Replicated', 'Shared'),
      name,
      name,
      fc.constantFrom('', 'v', "'x'"),
    );
    fc.assert(
      fc.property(engines, ([prefix, path, replica, rest]) => {
        const text = `${prefix}ReplacingMergeTree('${path}', '${replica}'${rest && `, ${rest}`})`;
        expect(joinEngine(splitEngine(text))).toBe(text);
      }),
      { seed: 4, numRuns: size(300, 20_000) },
    );
  });
});

test.each([
  [
    "CREATE TABLE t (a Int8) ENGINE = ReplicatedReplacingMergeTree('/a', '{replica}', v) ORDER BY a",
    'CREATE TABLE t (a Int8) ENGINE = ReplacingMergeTree(v) ORDER BY a',
  ],
  [
    'CREATE TABLE t (a Int8) ENGINE = ReplicatedMergeTree ORDER BY a',
    'CREATE TABLE t (a Int8) ENGINE = MergeTree ORDER BY a',
  ],
  [
    "CREATE DATABASE d ENGINE = Replicated('/d', '{shard}', '{replica}') COMMENT 'x'",
    "CREATE DATABASE d ENGINE = Atomic COMMENT 'x'",
  ],
  ['CREATE DATABASE d ENGINE = Shared', 'CREATE DATABASE d ENGINE = Atomic'],
  [
    "CREATE TABLE t (a Int8 COMMENT 'ENGINE = Replicated') ENGINE = Log",
    "CREATE TABLE t (a Int8 COMMENT 'ENGINE = Replicated') ENGINE = Log",
  ],
])('%s is created where there is no Keeper', (statement, plain) => {
  expect(unreplicated(statement)).toBe(plain);
});

describe('one declaration', () => {
  test.each(MEMBERS)('%s lives on plain, replicated and shared clusters', (engine) => {
    const { name, list } = /^(?<name>\w+)\(?(?<list>.*?)\)?$/.exec(engine)?.groups ?? {};
    const rest = list ? `, ${list}` : '';
    const replicated = `Replicated${name}('/clickhouse/tables/{shard}/shop/orders', '{replica}'${rest})`;
    const elsewhere = `Replicated${name}('/clickhouse/tables/{uuid}/{shard}', '{replica}'${rest})`;
    const shared = `Shared${name}('/clickhouse/tables/{uuid}/{shard}', '{replica}'${rest})`;
    expect(created(declared(engine, PLAIN))).toBe(engine);
    expect(created(declared(engine, SHARED))).toBe(engine);
    expect(created(declared(engine, REPLICATED))).toBe(replicated);
    expect(difference(live(engine), declared(engine, PLAIN))).toBeUndefined();
    for (const text of [replicated, elsewhere])
      expect(difference(live(text), declared(engine, REPLICATED))).toBeUndefined();
    for (const text of [engine, replicated, shared])
      expect(difference(live(text), declared(engine, SHARED))).toBeUndefined();
    expect(difference(live(engine), declared(engine, REPLICATED))).toMatch(/AS REPLICATED/);
    expect(difference(live(replicated), declared(engine, PLAIN))).toMatch(/no ALTER makes it plain/);
  });

  test('of another member of the family is a difference everywhere', () => {
    const to = 'ReplacingMergeTree(id)';
    const reason = "ClickHouse can't change the engine of an existing table";
    const replicas = `${reason}, and Plumbline does not rebuild tables with replicas`;
    const before = "MergeTree('/a', 'b')";
    expect(difference(live('MergeTree'), declared(to, PLAIN))).toContain(
      `copies all rows into a new table: ${reason}`,
    );
    expect(difference(live(`Replicated${before}`), declared(to, REPLICATED))).toContain(replicas);
    expect(difference(live(`Shared${before}`), declared(to, SHARED))).toContain(replicas);
  });

  test('that says `replicated: false` stays plain', () => {
    const own = declared('MergeTree', REPLICATED, { replicated: false });
    expect(created(own)).toBe('MergeTree');
    expect(difference(live('MergeTree'), own)).toBeUndefined();
    expect(difference(live("ReplicatedMergeTree('/a', 'b')"), own)).toMatch(/no ALTER makes it plain/);
  });

  test('that names its path keeps it, as servers write it down', () => {
    const own = "ReplicatedMergeTree('/own/{database}.{table}/{shard}', '{replica}')";
    const stored = "ReplicatedMergeTree('/own/shop.orders/{shard}', '{replica}')";
    for (const surroundings of [PLAIN, REPLICATED]) {
      expect(created(declared(own, surroundings))).toBe(own);
      expect(difference(live(stored), declared(own, surroundings))).toBeUndefined();
      expect(
        difference(live("ReplicatedMergeTree('/other', '{replica}')"), declared(own, surroundings)),
      ).toMatch(/can't change the path/);
    }
  });

  test('leaves the path to a database that is replicated', () => {
    const inside = { ...REPLICATED, databaseEngine: "Replicated('/d', '{shard}', '{replica}')" };
    expect(created(declared('ReplacingMergeTree(id)', inside))).toBe('ReplicatedReplacingMergeTree(id)');
    const stored = "ReplicatedMergeTree('/clickhouse/tables/{uuid}/{shard}', '{replica}')";
    expect(difference(live(stored), declared('MergeTree', inside))).toBeUndefined();
  });

  test('of an engine of another family is what it is', () => {
    expect(declared('Log', REPLICATED).root.attributes.replication).toBeUndefined();
    expect(difference(live('Log'), declared('Log', REPLICATED))).toBeUndefined();
  });
});

test('names become steps of a path of their own', () => {
  const path = (name: string): string => {
    const value = { database: 'shop', name, columns: { id: 'UInt64' } };
    const tree = TABLE.declare({
      value,
      place: () => undefined,
      keys: (path = []) => (path[0] === 'columns' ? ['id'] : []),
    });
    return String(TABLE.adapt?.(tree, REPLICATED).root.attributes.replication);
  };
  expect(path('a/b')).toBe("Replicated('/clickhouse/tables/{shard}/shop/a%2Fb', '{replica}')");
  expect(path('{replica}')).toBe("Replicated('/clickhouse/tables/{shard}/shop/%7Breplica%7D', '{replica}')");
  expect(path('..')).toBe("Replicated('/clickhouse/tables/{shard}/shop/%2E%2E', '{replica}')");
  expect(path("it's $& été")).toBe(
    "Replicated('/clickhouse/tables/{shard}/shop/it\\'s $& été', '{replica}')",
  );
});

describe('a cluster', () => {
  const engines = (edition: 'community' | 'enterprise' | 'cloud', replicas: number, rest: object = {}) => {
    const shards = [{ replicas: Array.from({ length: replicas }, () => ({ host: 'a' })) }];
    const document = { name: 'c', edition, version: '26.7', shards, ...rest };
    return expandCluster(document, { place: () => ({ file: 'c.yaml', line: 1, column: 1 }) }).engines;
  };

  test('keeps tables as its edition and its replicas suggest', () => {
    expect(engines('community', 1)).toEqual({ as: 'plain' });
    expect(engines('community', 2)).toEqual(REPLICATED.engines);
    expect(engines('enterprise', 1)).toEqual({ as: 'shared' });
    expect(engines('cloud', 2)).toEqual({ as: 'shared' });
  });

  test('keeps them as it says', () => {
    expect(engines('community', 2, { engines: 'plain' })).toEqual({ as: 'plain' });
    expect(engines('enterprise', 1, { engines: 'replicated' })).toEqual(REPLICATED.engines);
    const replicated = { path: '/ch/{shard}/{table}' };
    expect(engines('community', 1, { engines: 'replicated', replicated })).toEqual({
      ...{ as: 'replicated', path: '/ch/{shard}/{table}', replica: '{replica}' },
    });
  });
});
