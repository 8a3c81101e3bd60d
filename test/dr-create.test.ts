/** Tables that only the active site has: created on the passive one by the ordinary plan, as they are, or not, with the reason. */
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { applyPlan } from '../src/apply/apply.ts';
import { survey } from '../src/apply/survey.ts';
import { drift } from '../src/commands/drift.ts';
import { withCreated } from '../src/dr/auto-create.ts';
import { copyOf } from '../src/dr/copied-object.ts';
import { rootKind } from '../src/kinds/index.ts';
import { declaredOn } from '../src/live/declared-on.ts';
import { authoredText } from '../src/live/desired.ts';
import { plannedSteps } from '../src/model/plan.ts';
import { lazyRoot } from '../src/model/state.ts';
import { ADDRESS, type DrEstate, RECORD, startDrEstate } from './support/dr-estate.ts';

const SCHEMAS = `kind: Database
name: shop
on: [west, east]
---
kind: Table
database: shop
name: declared
on: west
columns: { id: UInt64 }
order_by: id
`;

const NEVER_SETTLED = { has: () => false, add: () => {}, save: () => {} };

let sites: DrEstate;
beforeAll(async () => {
  sites = await startDrEstate('tables: [shop.*, logs.*]\nexcept: shop.tmp_*\nauto_create: true\n', SCHEMAS);
});
afterAll(() => sites.stop());

beforeEach(async () => {
  sites.point('west');
  await sites.run('DROP DATABASE IF EXISTS shop', 'DROP DATABASE IF EXISTS logs', 'CREATE DATABASE shop');
});

async function planned() {
  const { estate: declared } = await sites.load();
  const { estate, findings } = await withCreated(declared, {
    connectTimeout: 10_000,
    resolve: sites.resolve,
  });
  const options = { settled: NEVER_SETTLED, connectTimeout: 10_000 };
  const surveyed = await survey(estate, options);
  const steps = plannedSteps(surveyed.plan).filter(({ step }) => step.object.path[1] !== 'declared');
  return {
    shown: steps.map(
      ({ node, step }) => `${node}: ${step.action} ${step.object.kind} ${step.object.path.join('.')}`,
    ),
    steps,
    findings: findings.map(({ message }) => message),
    apply: () =>
      applyPlan(estate, surveyed, {
        ...options,
        identity: { run: 'run-1', actor: 'tester', commit: '' },
        allowed: new Set(),
        lockSeconds: 60,
        progress: { started: () => {}, ended: () => {} },
        shouldStop: () => false,
      }),
    close: surveyed.close,
  };
}

const ORDERS = `CREATE TABLE shop.orders (
  id UInt64, day Date, v LowCardinality(String) DEFAULT 'x' COMMENT 'why' CODEC(ZSTD(3)), total Float64 MATERIALIZED id * 2,
  INDEX by_v v TYPE bloom_filter GRANULARITY 4, PROJECTION p (SELECT day, count() GROUP BY day), CONSTRAINT c CHECK id > 0
) ENGINE = MergeTree PARTITION BY toYYYYMM(day) PRIMARY KEY day ORDER BY (day, id)
TTL day + INTERVAL 90 DAY SETTINGS index_granularity = 1024, ttl_only_drop_parts = 1 COMMENT 'Orders'`;
const EVENTS = 'CREATE TABLE logs.events (a Int8) ENGINE = MergeTree ORDER BY a';

it('creates what is missing, with its database, as the active site has it, and then nothing more', async () => {
  await sites.sql.west.run(ORDERS);
  await sites.sql.west.run("CREATE DATABASE logs COMMENT 'What happened'");
  await sites.sql.west.run(EVENTS);
  await sites.sql.west.run('CREATE TABLE shop.tmp_a (a Int8) ENGINE = MergeTree ORDER BY a');
  await sites.sql.west.run('CREATE VIEW shop.seen AS SELECT 1 AS a');
  await sites.sql.west.run('CREATE TABLE shop.sink (a Int8) ENGINE = Null');
  const { shown, steps, findings, apply, close } = await planned();
  expect(shown).toEqual([
    'east: create database logs',
    'east: create table logs.events',
    'east: create table shop.orders',
  ]);
  expect(steps.map(({ step }) => `${step.place?.file}:${step.place?.line} ${step.verdict}`)).toEqual(
    Array(3).fill('clusters/sites.yaml:14 metadata'),
  );
  expect(findings).toEqual([]);
  const report = await apply().finally(close);
  expect(report.results.filter(({ outcome }) => outcome !== 'done')).toEqual([]);
  expect(plannedSteps(report.remaining)).toEqual([]);
  const texts = `SELECT name, create_table_query FROM system.tables WHERE database IN ('shop', 'logs') AND name IN ('orders', 'events') ORDER BY name`;
  expect(await sites.sql.east.rows(texts)).toEqual(await sites.sql.west.rows(texts));
  const again = await planned();
  await again.close();
  expect(again.shown).toEqual([]);
});

it('shows in drift what the plan would create', async () => {
  await sites.sql.west.run(EVENTS.replace('logs.', 'shop.'));
  const shown: string[] = [];
  const output = {
    result: (text: string) => void shown.push(text),
    note: () => {},
    colour: false,
    live: false,
  };
  const options = { estate: sites.folder.path, connectTimeout: 10, resolve: [`${RECORD}=${ADDRESS.west}`] };
  expect(await drift({ ...options, format: 'text' }, output)).toBe(2);
  expect(shown.join('')).toMatch(/shop\.events.*missing/);
});

it('follows the direction, and creates nothing while nobody knows it', async () => {
  await sites.sql.east.run('CREATE TABLE shop.only_east (a Int8) ENGINE = MergeTree ORDER BY a');
  const expected = { west: [], east: ['west: create table shop.only_east'] };
  for (const active of ['west', 'east'] as const) {
    sites.point(active);
    const { shown, close } = await planned();
    await close();
    expect(shown).toEqual(expected[active]);
  }
  sites.point(undefined);
  const { shown, findings, close } = await planned();
  await close();
  expect([shown, findings]).toEqual([
    [],
    [
      'pair `shop` creates nothing: nobody knows which site is active: failover.example.com does not resolve (getaddrinfo ENOTFOUND failover.example.com)',
    ],
  ]);
});

it('leaves to declarations what they name, and to people what it does not understand', async () => {
  await sites.sql.west.run('CREATE TABLE shop.declared (id UInt64) ENGINE = MergeTree ORDER BY id');
  await sites.sql.west.run('CREATE DATABASE logs ENGINE = Memory');
  await sites.sql.west.run('CREATE TABLE logs.events (a Int8) ENGINE = MergeTree ORDER BY a').catch(() => {});
  const { shown, findings, close } = await planned();
  await close();
  expect(shown).toEqual([]);
  expect(findings).toContain(
    'table shop.declared is not created on east: it is declared on west alone: declare it on east, too',
  );
});

it('keeps a table that both sites have in different ways', async () => {
  await sites.sql.west.run('CREATE TABLE shop.both (a Int8, b Int8) ENGINE = MergeTree ORDER BY a');
  await sites.sql.east.run('CREATE TABLE shop.both (a Int8) ENGINE = MergeTree ORDER BY a');
  const { shown, close } = await planned();
  await close();
  expect(shown).toEqual([]);
});

it.each([
  ['plain', 'ENGINE = MergeTree '],
  ['replicated', "ENGINE = ReplicatedMergeTree('/t/{shard}/{database}/{table}', '{replica}') "],
  ['shared', 'ENGINE = MergeTree '],
] as const)('keeps a table as the passive cluster keeps its tables: %s', (as, engine) => {
  const id = { kind: 'table', path: ['shop', 'orders'] };
  for (const live of ['MergeTree', "ReplicatedMergeTree('/elsewhere', 'r1')", 'SharedMergeTree']) {
    const statement = `CREATE TABLE shop.orders (\`a\` Int8) ENGINE = ${live} ORDER BY a SETTINGS index_granularity = 8192`;
    const tree = copyOf(
      lazyRoot(id, statement, () => rootKind('table').parse({ id, statement })),
      undefined,
    );
    const engines =
      as === 'replicated' ? { as, path: '/t/{shard}/{database}/{table}', replica: '{replica}' } : { as };
    const cluster = { name: 'east', edition: 'community', version: '26.7', engines, nodes: [] } as const;
    const [there] = declaredOn([{ tree, clusters: new Set(['east']) }], cluster, new Map());
    expect(
      there && authoredText(there).replaceAll('shop', '{database}').replaceAll('orders', '{table}'),
    ).toContain(engine);
  }
});
