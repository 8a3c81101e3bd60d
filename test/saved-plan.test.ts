/** A saved plan is applied when it is still true, and refused with what moved when it is not. */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { readPlanFile } from '../src/apply/plan-file.ts';
import { planOf } from '../src/plan/digest.ts';
import { renderJson } from '../src/render/json.ts';
import { startCli } from './support/kill-cli.ts';
import { startTestEstate, type TestEstate } from './support/test-estate.ts';

let estate: TestEstate;
let file = '';

const declarations = (comment: string): Readonly<Record<string, string>> => ({
  'shop.yaml': `
kind: Database
name: shop
on: test
---
kind: Table
database: shop
name: orders
columns: { k: UInt8, v: String }
order_by: k
comment: ${comment}
---
kind: Table
database: shop
name: items
columns: { k: UInt8, added: { type: UInt8, default: "1" } }
order_by: k
---
kind: View
database: shop
name: big
query: SELECT k FROM shop.orders WHERE k > 10
`,
});

async function run(...args: string[]): Promise<{ code: number | null; output: string }> {
  const cli = startCli([...args, '--estate', estate.folder]);
  const code = await cli.ended;
  return { code, output: cli.output() };
}

const sql = (statement: string): Promise<void> => estate.sql[0]?.run(statement) ?? Promise.resolve();
const comment = async (): Promise<unknown> =>
  estate.sql[0]?.rows("SELECT comment FROM system.tables WHERE database = 'shop' AND name = 'orders'");

beforeAll(async () => {
  estate = await startTestEstate();
  file = join(estate.folder, 'plan.json');
});
afterAll(() => estate.stop());

/** Live: `orders` without its comment, `items` without its column, no view; the saved plan mends all three. */
beforeEach(async () => {
  await sql('DROP DATABASE IF EXISTS shop SYNC');
  await sql('CREATE DATABASE shop ENGINE = Atomic');
  await sql('CREATE TABLE shop.orders (k UInt8, v String) ENGINE = MergeTree ORDER BY k');
  await sql('CREATE TABLE shop.items (k UInt8) ENGINE = MergeTree ORDER BY k');
  await estate.write(declarations('new'));
  await writeFile(file, renderJson(await estate.plan()));
});

async function expectRefusal(...lines: string[]): Promise<void> {
  const { code, output } = await run('apply', file);
  expect(code, output).toBe(1);
  expect(output).toContain('The saved plan is out of date; nothing was changed.');
  expect(output.split('\n').filter((line) => line.startsWith('  - '))).toEqual(
    lines.map((line) => `  - ${line}`),
  );
  expect(await comment()).toEqual([['']]);
}

test('one that is still true is applied without a question, once', async () => {
  const saved = await run('plan', '--out', file);
  expect(saved.code, saved.output).toBe(2);
  const applied = await run('apply', file);
  expect(applied.code, applied.output).toBe(0);
  expect(await comment()).toEqual([['new']]);
  const again = await run('apply', file);
  expect(again.code).toBe(1);
  expect(again.output).toContain('table shop.orders on test needs nothing any more');
});

test('an object that was changed by hand is named', async () => {
  await sql("ALTER TABLE shop.items MODIFY COMMENT 'by hand'");
  await expectRefusal('table shop.items on test moved on the server');
});

test('an object that was made or dropped by hand is named', async () => {
  await sql('CREATE VIEW shop.big AS SELECT 1 AS k');
  await sql('DROP TABLE shop.items SYNC');
  await expectRefusal(
    'table shop.items on test moved on the server',
    'view shop.big on test moved on the server',
  );
});

test('an object that somebody else already made as declared is named', async () => {
  await sql('ALTER TABLE shop.items ADD COLUMN added UInt8 DEFAULT 1');
  await expectRefusal('table shop.items on test needs nothing any more');
});

test('an object that nothing was planned for is named when it needs a change now', async () => {
  await sql("ALTER DATABASE shop MODIFY COMMENT 'by hand'");
  await expectRefusal('database shop on test needs a change that the plan does not have');
});

test('a declaration that was changed is named', async () => {
  await estate.write(declarations('newer'));
  await expectRefusal('table shop.orders on test is declared otherwise');
});

/** A digest that fits does not make a plan true: it is compared with what would be planned now. */
test('a forged plan with a digest that fits is refused like one that is out of date', async () => {
  const { clusters } = await readPlanFile(file);
  const text = JSON.stringify(planOf(clusters)).replaceAll("COMMENT 'new'", "COMMENT 'bad'");
  await writeFile(file, JSON.stringify(planOf(JSON.parse(text).clusters)));
  await expectRefusal('table shop.orders on test is declared otherwise');
});

test('a plan that was tampered with is refused', async () => {
  const text = await readFile(file, 'utf8');
  const plan = JSON.parse(text) as { clusters: [{ nodes: [{ steps: object[] }] }] };
  const [{ nodes }] = plan.clusters;
  const without = {
    ...plan,
    clusters: [{ ...plan.clusters[0], nodes: [{ ...nodes[0], steps: nodes[0].steps.slice(1) }] }],
  };
  const tampered: [string, RegExp][] = [
    [text.replaceAll("COMMENT 'new'", "COMMENT 'bad'"), /was changed after it was made/],
    [text.replaceAll('"verdict": "metadata"', '"verdict": "destructive"'), /was changed after it was made/],
    [
      text.replaceAll('"fingerprint": "absent"', '"fingerprint": "00000000000000000000000000000000"'),
      /was changed after it was made/,
    ],
    [text.replaceAll('"node": "test"', '"node": "live"'), /was changed after it was made/],
    [JSON.stringify(without), /was changed after it was made/],
    [text.replace('"format": 1', '"format": 2'), /is a plan of format 2; this version reads format 1/],
    [text.replaceAll('"statements"', '"sentences"'), /is no plan: /],
    [text.slice(0, -10), /is no plan: it is not JSON/],
    ['null', /is no plan: /],
    ['[]', /is no plan: /],
  ];
  for (const [content, message] of tampered) {
    expect(content).not.toBe(text);
    await writeFile(file, content);
    await expect(readPlanFile(file)).rejects.toThrow(message);
  }
  await writeFile(file, tampered[0]?.[0] ?? '');
  const { code, output } = await run('apply', file);
  expect(code, output).toBe(1);
  expect(output).toContain('was changed after it was made');
  expect(await comment()).toEqual([['']]);
  await expect(readPlanFile(join(estate.folder, 'nowhere.json'))).rejects.toThrow("can't be read (ENOENT)");
});

test('what the gate refuses is refused in a saved plan, too', async () => {
  await estate.write({
    'shop.yaml': `${declarations('new')['shop.yaml']}`.replace('k: UInt8, v: String', 'k: UInt8'),
  });
  await writeFile(file, renderJson(await estate.plan()));
  const { code, output } = await run('apply', file);
  expect(code, output).toBe(1);
  expect(output).toContain('table shop.orders on test: alter is destructive');
  expect(await comment()).toEqual([['']]);
});
