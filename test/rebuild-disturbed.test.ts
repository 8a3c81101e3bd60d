/** What happens to a table while it is rebuilt: other statements change it, rows come late, views write into it. */
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { loadEstate } from '../src/commands/estate-options.ts';
import { collect } from '../src/import/collect.ts';
import { planFindings, plannedSteps } from '../src/model/plan.ts';
import { type FaultEstate, startFaultEstate } from './support/faults-estate.ts';
import type { Fate } from './support/faults-proxy.ts';

let estate: FaultEstate;
const sql = () => estate.sql[0] as FaultEstate['sql'][number];

beforeAll(async () => {
  estate = await startFaultEstate(1);
});
afterAll(() => estate.stop());

const DATABASE = 'kind: Database\nname: shop\non: test\n';
const table = (more: string): string =>
  `${DATABASE}---\nkind: Table\ndatabase: shop\nname: t\ncolumns: { k: UInt64, v: String }\n${more}\n`;

const BEFORE = table('order_by: k\npartition_by: k % 2');
const AFTER = table('order_by: [v, k]\npartition_by: k % 2');

const count = async (name = 't'): Promise<number> =>
  Number((await sql().rows<[string]>(`SELECT toString(count()) FROM shop.${name}`))[0]?.[0]);

const definitions = () =>
  sql().rows("SELECT name, create_table_query FROM system.tables WHERE database = 'shop' ORDER BY name");

/** Runs something on the server right before the first request that matches is passed on. */
function before(pattern: RegExp, act: () => Promise<unknown>): void {
  const [proxy] = estate.proxies;
  let done = false;
  if (!proxy) return;
  proxy.decide = async ({ text }): Promise<Fate> => {
    if (done || !pattern.test(text)) return 'pass';
    done = true;
    await act();
    return 'pass';
  };
}

async function errorOf(declarations: string): Promise<string> {
  await estate.write({ 'shop.yaml': declarations });
  const { results } = await estate.apply();
  return results.map(({ error = '' }) => error).join('\n');
}

beforeEach(async () => {
  await sql().run('DROP DATABASE IF EXISTS shop SYNC');
  if (estate.proxies[0]) estate.proxies[0].decide = () => 'pass';
  await estate.write({ 'shop.yaml': BEFORE });
  await estate.apply();
  await sql().run('INSERT INTO shop.t SELECT number, toString(number % 7) FROM numbers(1000)');
});

test.each([
  [
    'a mutation',
    "ALTER TABLE shop.t UPDATE v = 'x' WHERE k = 5 SETTINGS mutations_sync = 1",
    /a mutation changed rows/,
  ],
  [
    'a dropped partition',
    'ALTER TABLE shop.t DROP PARTITION 1',
    /rows came or went by other ways than INSERT/,
  ],
])('%s stops the rebuild and leaves the table as it was', async (_what, statement, reason) => {
  const were = await definitions();
  before(/^ALTER TABLE .* parts_to_delay_insert = 1,/, () => sql().run(statement));
  const error = await errorOf(AFTER);
  expect(error).toMatch(reason);
  expect(error).toContain('shop.t is as it was');
  expect(await definitions()).toEqual(were);
  if (estate.proxies[0]) estate.proxies[0].decide = () => 'pass';
  const rows = await count();
  expect(await errorOf(AFTER)).toBe('');
  expect(await count()).toBe(rows);
});

test('what a lost answer leaves is cleared away when the declaration is taken back', async () => {
  const were = await definitions();
  const [proxy] = estate.proxies;
  let lost = false;
  if (proxy)
    proxy.decide = ({ text }) => {
      if (lost || !text.startsWith('INSERT INTO `shop`.`t_plumbline_new_')) return 'pass';
      lost = true;
      return 'lost';
    };
  expect(await errorOf(AFTER)).toContain('the next plan and apply go on from here');
  expect(await definitions()).not.toEqual(were);
  await estate.write({ 'shop.yaml': BEFORE });
  const plan = await estate.plan();
  expect(plannedSteps(plan).map(({ step }) => [step.verdict, step.changes[0]?.attributes[0]?.name])).toEqual([
    ['metadata', 'unfinished rebuild'],
  ]);
  const { remaining } = await estate.apply();
  expect(plannedSteps(remaining)).toEqual([]);
  expect(planFindings(remaining)).toEqual([]);
  expect(await definitions()).toEqual(were);
  expect(await count()).toBe(1000);
});

test('rows that come into a Log meanwhile are named with the statement that copies them', async () => {
  await estate.write({ 'shop.yaml': table('engine: Log').replace('name: t\n', 'name: l\n') });
  await estate.apply();
  await sql().run("INSERT INTO shop.l SELECT number, 'a' FROM numbers(10)");
  before(/^EXCHANGE/, () => sql().run("INSERT INTO shop.l SELECT number, 'late' FROM numbers(3)"));
  const error = await errorOf(
    table('engine: Log').replace('name: t\n', 'name: l\n').replace('k: UInt64', 'k: UInt32'),
  );
  expect(error).toContain('3 rows came into the old table');
  expect(await count('l')).toBe(10);
  await sql().run(/INSERT INTO .*$/.exec(error)?.[0] ?? '');
  expect(await sql().rows('SELECT v, toUInt32(count()) FROM shop.l GROUP BY v ORDER BY v')).toEqual([
    ['a', 10],
    ['late', 3],
  ]);
  expect(plannedSteps(await estate.plan())).toEqual([]);
});

test('a value that changes in an EmbeddedRocksDB meanwhile is not lost unnoticed', async () => {
  const keyed = (columns: string): string =>
    `${BEFORE}---\nkind: Table\ndatabase: shop\nname: kv\ncolumns: ${columns}\nengine: EmbeddedRocksDB\nprimary_key: k\n`;
  await estate.write({ 'shop.yaml': keyed('{ k: UInt64, v: String }') });
  await estate.apply();
  await sql().run("INSERT INTO shop.kv SELECT number, 'a' FROM numbers(10)");
  before(/^EXCHANGE/, () => sql().run("INSERT INTO shop.kv VALUES (5, 'late')"));
  const error = await errorOf(keyed("{ k: UInt64, v: String, w: { type: UInt8, default: '1' } }"));
  expect(error).toMatch(/changed there, while the new one took its name: compare the two/);
  expect(await count('kv')).toBe(10);
});

test('an INSERT of many blocks that began before ends in the new table', async () => {
  const slow = sql().run(
    `INSERT INTO shop.t SELECT number + 5000, toString(sleepEachRow(0.02)) FROM numbers(200)
     SETTINGS max_block_size = 10, min_insert_block_size_rows = 10, min_insert_block_size_bytes = 0, max_insert_threads = 1, max_threads = 1`,
  );
  expect(await errorOf(AFTER)).toBe('');
  await slow;
  expect(await count()).toBe(1200);
});

test('a refreshable view that writes into the table stands still and goes on', async () => {
  const view = (text: string): string =>
    `${text}---\nkind: MaterializedView\ndatabase: shop\nname: fill\nto: t\ncolumns: { k: UInt64, v: String }
refresh: { every: 1 HOUR, append: true }\nquery: SELECT toUInt64(1) AS k, 'refreshed' AS v\n`;
  expect(await errorOf(view(BEFORE))).toBe('');
  await sql().run('SYSTEM WAIT VIEW shop.fill');
  const stops: string[] = [];
  before(/^SYSTEM STOP VIEW/, async () => void stops.push('stopped'));
  expect(await errorOf(view(AFTER))).toBe('');
  expect(stops).toEqual(['stopped']);
  expect(await sql().rows("SELECT status FROM system.view_refreshes WHERE database = 'shop'")).toEqual([
    ['Scheduled'],
  ]);
});

test('what was kept is not imported, and dropped when `prune` names it, but not by `prune: true`', async () => {
  expect(await errorOf(AFTER)).toBe('');
  const kept = planFindings(await estate.plan());
  expect(kept.map(({ rule, message }) => `${rule}: ${message}`)).toEqual([
    expect.stringMatching(/^kept-after-rebuild: shop\.t_plumbline_old_[0-9a-f]{8} was kept .* 1000 rows/),
  ]);
  const surveyed = await estate.survey({ keepStates: true });
  await surveyed.close();
  const { found } = collect(surveyed, await loadEstate(estate.folder), { all: true });
  expect(found.map(({ root }) => root.id.path[1] ?? '').filter((name) => name.startsWith('t'))).toEqual([
    't',
  ]);
  await estate.write({ 'shop.yaml': AFTER.replace('on: test', 'on: test\nprune: true') });
  expect(plannedSteps(await estate.plan())).toEqual([]);
  await estate.write({ 'shop.yaml': AFTER.replace('on: test', 'on: test\nprune: [t_plumbline_old_*]') });
  expect(plannedSteps(await estate.plan()).map(({ step }) => step.verdict)).toEqual(['destructive']);
  const { remaining } = await estate.apply();
  expect(planFindings(remaining)).toEqual([]);
  expect(await count()).toBe(1000);
});
