/** Two replicas of one shard go in; that every statement runs where replicas want it, once, is checked on stand-ins for them. */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { loadEstate } from '../src/commands/estate-options.ts';
import { RefusedError } from '../src/model/errors.ts';
import { type Plan, planFindings, plannedSteps } from '../src/model/plan.ts';
import type { ApplyReport } from '../src/model/report.ts';
import { rehearse } from '../src/rehearse/rehearse.ts';
import { renderText } from '../src/render/text.ts';
import { expectNothingToDo, runImport } from './support/adopted.ts';
import { startManaged } from './support/managed-server.ts';
import { type ReplicaServers, startReplicas } from './support/replica-server.ts';
import { startTestEstate, type TestEstate } from './support/test-estate.ts';

const DATABASE = 'kind: Database\nname: shop\non: test\n';

const ORDERS = `kind: Table
database: shop
name: orders
columns:
  id: UInt64
  price: Float64
engine: ReplacingMergeTree
order_by: id
`;

const VIEW = `kind: View
database: shop
name: prices
query: SELECT id, price FROM shop.orders
`;

let estate: TestEstate;
let servers: ReplicaServers;

beforeAll(async () => {
  estate = await startTestEstate(2);
}, 60_000);

afterAll(async () => {
  await estate.stop();
});

beforeEach(async () => {
  servers = await startReplicas(estate.servers.map(({ httpPort }) => httpPort));
  const replicas = servers.replicas.map(({ port }) => `{ host: 127.0.0.1, http_port: ${port} }`);
  const cluster = `kind: Cluster
name: test
edition: community
version: "26.7"
shards: [{ replicas: [${replicas.join(', ')}] }]
`;
  await writeFile(join(estate.folder, 'clusters', 'test.yaml'), cluster);
});

afterEach(async () => {
  await servers.stop();
  for (const sql of estate.sql) await sql.run('DROP DATABASE IF EXISTS shop SYNC');
});

const declare = (...documents: string[]): Promise<void> =>
  estate.write({ 'shop.yaml': [DATABASE, ...documents].join('---\n') });

/** `node: statements`, in the order of the plan. */
const steps = (plan: Plan): string[] =>
  plannedSteps(plan).map(({ node, step }) => {
    const followers = step.followers?.length ? ` (${step.followers.join(', ')})` : '';
    return `${node}${followers}: ${step.statements.join('; ')}`;
  });

const findings = (plan: Plan): string[] =>
  planFindings(plan).map(({ severity, rule, node }) => `${severity} ${rule} ${node}`);

const outcomes = ({ results }: ApplyReport): string[] =>
  results.map(({ planned, outcome, error }) => `${planned.node} ${outcome}${error ? `: ${error}` : ''}`);

/** Applies what is declared; then nothing is left to do, and nothing was asked that replicas do not take. */
async function applied(options: Parameters<TestEstate['apply']>[0] = {}): Promise<ApplyReport> {
  const report = await estate.apply({ replicaPatience: 5000, ...options });
  expect(outcomes(report).filter((line) => !line.endsWith(' done'))).toEqual([]);
  expect(steps(report.remaining)).toEqual([]);
  expect(servers.mistakes).toEqual([]);
  return report;
}

const columnsOn = async (at: number): Promise<string[]> => {
  const select =
    "SELECT name FROM system.columns WHERE database = 'shop' AND table = 'orders' ORDER BY position";
  return ((await estate.sql[at]?.rows<[string]>(select)) ?? []).map(([name]) => name);
};

test('a table is created on each replica, altered on one, and dropped from each', async () => {
  await declare(ORDERS, VIEW);
  const created = await estate.plan();
  const create =
    "CREATE TABLE `shop`.`orders` (`id` UInt64, `price` Float64) ENGINE = ReplicatedReplacingMergeTree('/clickhouse/tables/{shard}/shop/orders', '{replica}') ORDER BY id";
  expect(steps(created).filter((line) => line.includes('TABLE'))).toEqual([
    `test-1-1: ${create} SETTINGS index_granularity = 8192`,
    `test-1-2: ${create} SETTINGS index_granularity = 8192`,
  ]);
  await applied();

  await declare(
    `${ORDERS.replace('Float64', 'Decimal(18, 2)')}comment: all of them\nsettings: {min_bytes_for_wide_part: 0}\n`.replace(
      'engine',
      '  note: { type: String, comment: a word }\nengine',
    ),
  );
  const altered = await estate.plan();
  const alter = steps(altered).filter((line) => line.includes('TABLE'));
  const local =
    "ALTER TABLE `shop`.`orders` MODIFY COMMENT 'all of them', MODIFY SETTING min_bytes_for_wide_part = 0";
  expect(alter).toEqual([
    "test-1-1 (test-1-2): SELECT sum(ignore(accurateCast(`price`, 'Decimal(18, 2)'))) FROM `shop`.`orders`; " +
      "ALTER TABLE `shop`.`orders` MODIFY COLUMN `price` Decimal(18, 2), ADD COLUMN `note` String COMMENT 'a word' AFTER `price`",
    `test-1-1: ${local}`,
    `test-1-2: ${local}`,
  ]);
  expect((await estate.plan()).digest).toBe(altered.digest);
  expect(renderText(altered, { colour: false, width: 120 })).toContain('on test-1-1, followed by test-1-2');
  const { plan, states, close } = await estate.survey({ keepStates: true });
  await close();
  expect((await rehearse(await loadEstate(estate.folder), plan, states)).outcome).toBe('clean');
  await applied();
  expect(await columnsOn(1)).toEqual(['id', 'price', 'note']);

  await estate.write({ 'shop.yaml': `${DATABASE}prune: [orders]\n` });
  expect(steps(await estate.plan())).toEqual([
    'test-1-1: DROP TABLE `shop`.`orders`',
    'test-1-2: DROP TABLE `shop`.`orders`',
  ]);
  await applied();
});

const withNote = (orders: string): string => orders.replace('engine', '  note: String\nengine');

test('a view is changed on both replicas before the column that it reads is dropped from both', async () => {
  await declare(ORDERS, VIEW);
  await applied();
  await declare(ORDERS.replace('  price: Float64\n', ''), VIEW.replace('id, price', 'id'));
  const { results } = await applied();
  expect(results.map(({ planned: { node, step } }) => `${node} ${step.object.kind}`)).toEqual([
    'test-1-1 view',
    'test-1-2 view',
    'test-1-1 table',
  ]);
  expect(await columnsOn(1)).toEqual(['id']);
});

test('a replica that is missing is created before the next one is altered, with what the others get', async () => {
  await declare(ORDERS);
  await applied();
  const [first] = servers.replicas;
  await fetch(`http://127.0.0.1:${first?.port}/`, {
    method: 'POST',
    body: 'DROP TABLE `shop`.`orders` SYNC',
  });
  await declare(withNote(ORDERS));
  const plan = await estate.plan();
  expect(steps(plan).map((line) => line.slice(0, 24))).toEqual([
    'test-1-1: CREATE TABLE `',
    'test-1-2: ALTER TABLE `s',
  ]);
  await applied();
  expect(await columnsOn(0)).toEqual(['id', 'price', 'note']);
});

test('an ALTER is tried again on a replica that lags', async () => {
  await declare(ORDERS);
  await applied();
  const [first] = servers.replicas;
  if (first) first.lags = 2;
  await declare(withNote(ORDERS));
  await applied();
  expect(first?.statements.filter((statement) => statement.startsWith('ALTER TABLE `shop`'))).toHaveLength(3);
});

test('a replica that does not follow stops the cluster, is told of by the next plan, and is not altered itself', async () => {
  await declare(ORDERS);
  await applied();
  const [, second] = servers.replicas;
  if (second) second.isStuck = true;
  await declare(withNote(ORDERS), VIEW);
  const report = await estate.apply({ replicaPatience: 300 });
  expect(outcomes(report)).toEqual([
    expect.stringMatching(/^test-1-1 unknown: done on test-1-1, but test-1-2 has not followed within 0 s: /),
    'test-1-1 not run',
    'test-1-2 not run',
  ]);
  const behind = await estate.plan();
  expect(steps(behind).filter((line) => line.includes('ALTER'))).toEqual([]);
  expect(findings(behind)).toEqual(['warning replica-behind test-1-2']);
  if (second) second.isStuck = false;
  await applied();
  expect(findings(await estate.plan())).toEqual([]);
});

test('a replica that is read-only leaves the lead to another one', async () => {
  await declare(ORDERS);
  await applied();
  const [first] = servers.replicas;
  if (first) first.isReadOnly = true;
  await declare(withNote(ORDERS));
  const plan = await estate.plan();
  expect(steps(plan)).toEqual([expect.stringMatching(/^test-1-2 \(test-1-1\): ALTER TABLE/)]);
  expect(findings(plan)).toEqual(['warning replica-read-only test-1-1']);
  const { results, remaining } = await estate.apply({ replicaPatience: 300 });
  expect(results.map(({ outcome }) => outcome)).toEqual(['done']);
  expect(steps(remaining)).toEqual([]);
  expect(findings(remaining)).toEqual(['warning replica-behind test-1-1']);
  if (first) first.isReadOnly = false;
  expect(findings(await estate.plan())).toEqual([]);
  expect(await columnsOn(0)).toEqual(['id', 'price', 'note']);
});

test('nothing is altered where every replica is read-only', async () => {
  await declare(ORDERS);
  await applied();
  for (const replica of servers.replicas) replica.isReadOnly = true;
  await declare(withNote(ORDERS));
  expect(findings(await estate.plan())).toEqual(['error replicas-read-only test-1-1']);
  await expect(estate.apply()).rejects.toThrow(RefusedError);
});

test('where one replica does not answer, the plan says so and nothing is run', async () => {
  await declare(ORDERS);
  await applied();
  const [, second] = servers.replicas;
  if (second) second.isDown = true;
  await declare(withNote(ORDERS));
  const { plan, close } = await estate.survey();
  await close();
  expect(steps(plan)).toEqual([expect.stringMatching(/^test-1-1: ALTER TABLE/)]);
  expect(findings(plan)).toEqual(['warning replica-alone test-1-1']);
  const report = await estate.apply();
  expect(report.results.map(({ outcome }) => outcome)).toEqual(['not run']);
  expect(await columnsOn(0)).toEqual(['id', 'price']);
});

test('a table that would be no replica of the others is not created', async () => {
  const own = (path: string): string =>
    ORDERS.replace(/engine: .*/, `engine: ReplicatedMergeTree('${path}', '{replica}')`);
  await declare(own('/own/{shard}/{table}'));
  await applied();
  const [, second] = servers.replicas;
  await fetch(`http://127.0.0.1:${second?.port}/`, {
    method: 'POST',
    body: 'DROP TABLE `shop`.`orders` SYNC',
  });
  await declare(ORDERS.replace('ReplacingMergeTree', 'MergeTree'));
  const [step] = plannedSteps(await estate.plan());
  expect(step?.node).toBe('test-1-2');
  expect(step?.step.refusals).toEqual([
    expect.stringMatching(/it is kept as .* on test-1-1, of which this would be no replica/),
  ]);
  await declare(own('/own/{shard}/{table}'));
  await applied();
  await declare(own('/clickhouse/tables/{uuid}/{shard}').replace('orders', 'others'));
  const refusals = plannedSteps(await estate.plan()).flatMap(({ step }) => step.refusals);
  expect(refusals).toEqual([
    expect.stringMatching(/another `\{uuid\}`/),
    expect.stringMatching(/another `\{uuid\}`/),
  ]);
});

test('a table that says `replicated: false` is altered on every node', async () => {
  const own = `${ORDERS}replicated: false\n`;
  await declare(own);
  await applied();
  await declare(withNote(own));
  expect(steps(await estate.plan())).toEqual([
    expect.stringMatching(/^test-1-1: ALTER TABLE/),
    expect.stringMatching(/^test-1-2: ALTER TABLE/),
  ]);
  await applied();
});

test('replicas that would not find each other are not created', async () => {
  const [first, second] = servers.replicas;
  if (!first || !second) throw new Error('no replicas');
  await declare(ORDERS);
  const errors = async (macros: Readonly<Record<string, string>>): Promise<string[]> => {
    second.macros = macros;
    return findings(await estate.plan());
  };
  expect(await errors({ shard: 's1', replica: 'r2' })).toEqual([]);
  expect(await errors({ shard: 's1', replica: 'r1' })).toEqual(['error same-replica test-1-2']);
  expect(await errors({ shard: 's2', replica: 'r2' })).toEqual(['error replicas-apart test-1-2']);
  expect(await errors({ shard: 's1' })).toEqual(['error unknown-macro test-1-2']);
});

test('a managed server may call tables and databases shared', async () => {
  const managed = await startManaged(estate.servers[0]?.httpPort ?? 0);
  const cluster = `kind: Cluster
name: test
edition: enterprise
version: "26.7"
shards: [{ replicas: [{ host: 127.0.0.1, http_port: ${managed.port} }] }]
`;
  await writeFile(join(estate.folder, 'clusters', 'test.yaml'), cluster);
  try {
    const versioned = ORDERS.replace('ReplacingMergeTree', 'ReplacingMergeTree(id)');
    await declare(versioned, ORDERS.replace('orders', 'others'), VIEW);
    await applied();
    const select = "SELECT engine FROM system.tables WHERE database = 'shop' ORDER BY name FORMAT TSV";
    const shown = await fetch(`http://127.0.0.1:${managed.port}/`, { method: 'POST', body: select });
    expect(await shown.text()).toBe('SharedReplacingMergeTree\nSharedReplacingMergeTree\nView\n');
    await estate.write({ 'shop.yaml': `${DATABASE}comment: a shop\n---\n${withNote(versioned)}` });
    expect(steps(await estate.plan())).toEqual([
      "test: ALTER DATABASE `shop` MODIFY COMMENT 'a shop'",
      'test: ALTER TABLE `shop`.`orders` ADD COLUMN `note` String AFTER `price`',
    ]);
    await applied();
    await declare(ORDERS.replace('ReplacingMergeTree', 'SummingMergeTree'));
    expect(plannedSteps(await estate.plan()).flatMap(({ step }) => step.verdict)).toContain('manual');
  } finally {
    await managed.stop();
  }
});

test('what is live on replicas is imported as its cluster would say it', async () => {
  const made = (name: string, engine: string): string =>
    `CREATE TABLE \`shop\`.\`${name}\` (\`id\` UInt64) ENGINE = ${engine} ORDER BY id`;
  for (const { port } of servers.replicas) {
    const run = async (body: string): Promise<void> => {
      const answer = await fetch(`http://127.0.0.1:${port}/`, { method: 'POST', body });
      expect(await answer.text()).toBe('');
    };
    await run('CREATE DATABASE shop');
    await run(
      made('usual', "ReplicatedMergeTree('/clickhouse/tables/{shard}/{database}/{table}', '{replica}')"),
    );
    await run(made('own', "ReplicatedReplacingMergeTree('/own/{shard}/{table}', '{replica}', id)"));
    await run(made('plain', 'MergeTree'));
  }
  await estate.write({});
  expect(await runImport(estate)).not.toContain('written as its CREATE text');
  await expectNothingToDo(estate);
  const text = await readFile(join(estate.folder, 'schemas', 'shop.yaml'), 'utf8');
  expect(text.match(/name: \w+|engine: .*|replicated: .*/g)).toEqual([
    'name: shop',
    'name: own',
    "engine: ReplicatedReplacingMergeTree('/own/{shard}/own', '{replica}', id)",
    'name: plain',
    'replicated: false',
    'name: usual',
  ]);
});
