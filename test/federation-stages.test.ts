/** Every stage of a federation, forward and back, on real servers: what lets it in, what it changes, and that no row is lost or doubled. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { reportExitCode } from '../src/commands/report-exit-code.ts';
import type { Stage } from '../src/model/federation.ts';
import { planFindings, plannedSteps } from '../src/model/plan.ts';
import { renderFederations, renderFederationsMarkdown } from '../src/render/federation-status.ts';
import { renderMarkdown } from '../src/render/markdown.ts';
import { federationStatus } from '../src/stages/status.ts';
import { type FederationEstate, startFederation } from './support/federation-estate.ts';
import { size } from './support/size.ts';

const ROWS = size(20_000, 1_000_000);
const NODES = ['community-1', 'community-2', 'enterprise'];

const SCHEMA = `kind: Database
name: shop
on: [community, enterprise]
---
kind: Table
database: shop
name: orders
columns: { id: UInt64, day: Date, total: Float64, note: Nullable(String) }
partition_by: toYYYYMM(day)
order_by: id
---
kind: Table
database: shop
name: facts
engine: ReplacingMergeTree(version)
columns: { tenant: String, id: UInt64, version: UInt64 }
order_by: [tenant, id]
`;

const declaration = (stage: Stage, keys = ''): string => `kind: Federation
name: federation
members: [community, enterprise]
reads: community
stage: ${stage}
tables: shop.*
shard_by: { shop.facts: cityHash64(tenant) }
quiet: 1 SECOND
${keys}`;

let federation: FederationEstate;
beforeAll(async () => {
  federation = await startFederation();
});
afterAll(() => federation?.stop());

const enter = async (stage: Stage, keys = ''): Promise<void> => {
  await federation.declare(declaration(stage, keys), SCHEMA);
  const report = await federation.apply();
  expect(report.results.filter(({ outcome }) => outcome !== 'done')).toEqual([]);
  expect(reportExitCode(report)).toBe(0);
};

const orders = (from: number, rows: number): string =>
  `INSERT INTO shop.orders SELECT ${from} + number, toDate('2026-01-01') + number % 90, number, if(number % 3 = 0, NULL, toString(number)) FROM numbers(${rows})`;
const facts = (version: number): string =>
  `INSERT INTO shop.facts SELECT concat('t', toString(number % 20)), number % 1000, ${version} FROM numbers(2000)`;

/** Rows and digests of both tables on some nodes, as one number each. */
const content = async (nodes: readonly string[]): Promise<string> => {
  const all = await Promise.all(
    nodes.map((node) =>
      federation
        .sql(node)
        .rows<[string, string]>(
          'SELECT toString(count()), toString(sum(cityHash64(tuple(*)))) FROM shop.orders',
        ),
    ),
  );
  const sums = [0, 1].map((at) =>
    all.reduce((sum, [row]) => BigInt.asUintN(64, sum + BigInt(row?.[at] ?? 0)), 0n),
  );
  return sums.join(' ');
};

const merged = async (): Promise<string> => {
  const [row = []] = await federation
    .sql('community-1')
    .rows<string[]>(
      `SELECT toString(count()), toString(uniqExact(tenant, id)), toString(sum(version)) FROM cluster('community', 'shop', 'facts') FINAL`,
    );
  return row.join(' ');
};

const problems = async (): Promise<string[]> =>
  planFindings(await federation.plan())
    .filter(({ severity }) => severity === 'error')
    .map(({ rule, message }) => `${rule}: ${message}`);

test('the stages forward, each with what lets it in', async () => {
  await enter('compatibility');
  for (const node of ['community-1', 'community-2']) await federation.sql(node).run(orders(0, ROWS / 4));
  await federation.declare(declaration('switchover'), SCHEMA);
  expect(await problems()).toEqual([
    expect.stringContaining(
      "federation-one-stage: federation `federation` can't enter `switchover` yet: network would be skipped",
    ),
    expect.stringContaining('federation-read-everywhere: '),
  ]);
  await expect(federation.apply()).rejects.toThrow('The plan was not applied');
  await enter('network');
  await enter('switchover');
  await federation.declare(declaration('decommission', 'kept: [community-1]'), SCHEMA);
  const plan = await federation.plan();
  expect(plan.stages?.[0]?.conditions.map(({ name, state }) => `${name} ${state}`)).toEqual([
    'one-stage met',
    expect.stringMatching(/^writes-moved /),
    'leaving-empty unmet',
    'aggregation noted',
  ]);
  expect(renderMarkdown(plan)).toContain('community-2 holds');
  await federation.sql('community-2').run('TRUNCATE TABLE shop.orders');
  await federation.sql('enterprise').run(orders(ROWS, ROWS));
  await federation.sql('enterprise').run(orders(2 * ROWS, ROWS));
  for (const version of [1, 2]) await federation.sql('enterprise').run(facts(version));
  await new Promise((done) => setTimeout(done, 2000));
  await enter('decommission', 'kept: [community-1]');
  const [row] = await federation
    .sql('community-1')
    .rows<[string]>('SELECT toString(count()) FROM shop.orders_federated');
  expect(row).toEqual([String(ROWS / 4 + 2 * ROWS)]);
});

test('a rollback brings every row back, once, and says how many', async () => {
  const before = await content(NODES);
  await federation.declare(declaration('compatibility'), SCHEMA);
  const plan = await federation.plan();
  const steps = plannedSteps(plan);
  const bytes = steps
    .filter(({ step }) => step.export?.act === 'copy')
    .map(({ step }) => step.impact?.rows ?? 0);
  expect(bytes.reduce((all, one) => all + one, 0)).toBeGreaterThanOrEqual(2 * ROWS);
  await enter('compatibility');
  expect(await content(['community-1', 'community-2'])).toBe(before);
  expect(await merged()).toBe('1000 1000 2000');
  const left = await federation
    .sql('community-1')
    .rows("SELECT name FROM system.tables WHERE database = 'plumbline' AND startsWith(name, 'export_')");
  expect(left).toEqual([]);
  const [held] = await federation
    .sql('community-1')
    .rows<[string]>("SELECT engine_full FROM system.tables WHERE database = 'shop' AND name = 'orders'");
  expect(held?.[0]).not.toContain('max_bytes_to_merge');
});

test('the status tells stage, rows and who received some last, as text, JSON and a picture', async () => {
  const estate = await federation.estate();
  const [declared] = estate.federations ?? [];
  if (!declared) throw new Error('no federation');
  const status = await federationStatus(estate, declared, 10_000);
  expect(status).toMatchObject({ entered: 'compatibility', declared: 'compatibility', next: 'network' });
  expect(status.nodes.map(({ node }) => node)).toEqual(NODES);
  expect(status.written?.node).toBeDefined();
  const text = renderFederations([status], { colour: false });
  expect(text).toContain('stage compatibility, since ');
  expect(text).toMatch(/✗ members-empty: enterprise holds .* rows in shop.orders/);
  const markdown = renderFederationsMarkdown([status]);
  expect(markdown).toContain('```mermaid');
  expect(markdown).toContain('community, answers reads, takes writes');
});

test('what was brought back keeps the way forward closed until it is dropped on the other side', async () => {
  await federation.declare(declaration('network'), SCHEMA);
  expect(await problems()).toEqual([
    expect.stringMatching(/^federation-members-empty: .*enterprise holds .* rows in shop.orders/),
  ]);
  for (const table of ['orders', 'facts'])
    await federation.sql('enterprise').run(`TRUNCATE TABLE shop.${table}`);
  await enter('network');
});

test('members that are read although no stage was ever written down give back their rows, too', async () => {
  await federation.sql('enterprise').run(orders(9 * ROWS, ROWS));
  await federation.sql('community-1').run('TRUNCATE TABLE plumbline.federation_stages');
  const before = await content(NODES);
  await enter('compatibility');
  expect(await content(['community-1', 'community-2'])).toBe(before);
});
