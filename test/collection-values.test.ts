/** Values of named collections, which no server shows: compared with what was written last, and secrets written again on request. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { writtenValues } from '../src/kinds/collection-values.ts';
import { STALE } from '../src/kinds/secret.ts';
import { planFindings, plannedSteps } from '../src/model/plan.ts';
import { startTestEstate, type TestEstate } from './support/test-estate.ts';

let estate: TestEstate;
beforeAll(async () => {
  estate = await startTestEstate(2);
});
afterAll(() => estate?.stop());
beforeEach(async () => {
  Object.assign(process.env, { OLD_KEY: 'old-key', NEW_KEY: 'new-key', REMOTE_PASSWORD: 'first' });
  for (const sql of estate.sql) await sql.run('DROP NAMED COLLECTION IF EXISTS bucket');
});

const collection = (url: string, key = 'OLD_KEY'): string =>
  `kind: NamedCollection\nname: bucket\non: test\nvalues: { url: "${url}", key: { secret: ${key} }, zone: a }\n`;

/** The statements of a plan, with the number of the node; nothing that a person must read. */
async function statements(options = {}): Promise<string[]> {
  const { plan, close } = await estate.survey(options);
  await close();
  expect(planFindings(plan)).toEqual([]);
  return plannedSteps(plan).flatMap(({ node, step }) =>
    step.statements.map((text) => `${node.slice(-1)} ${text}`),
  );
}

const onBoth = (text: string): string[] => [`1 ${text}`, `2 ${text}`];

async function stored(): Promise<string[]> {
  const path = (node: string) =>
    join(estate.folder, 'servers', node, 'data', 'named_collections', 'bucket.sql');
  return Promise.all(['1', '2'].map((node) => readFile(path(node), 'utf8')));
}

test('a changed value and another secret are altered on every node, and then there is nothing to do', async () => {
  await estate.write({ 'a.yaml': collection('http://a') });
  await estate.apply();
  expect(await statements()).toEqual([]);
  await estate.write({ 'a.yaml': collection('http://b', 'NEW_KEY') });
  expect(await statements()).toEqual(
    onBoth("ALTER NAMED COLLECTION `bucket` SET `key` = '{secret:NEW_KEY}', `url` = 'http://b'"),
  );
  await estate.apply();
  expect(await statements()).toEqual([]);
  for (const text of await stored()) expect(text).toMatch(/key = 'new-key', url = 'http:\/\/b', zone = 'a'/);
});

test('the values of a collection that somebody else made are unknown, and taken for equal', async () => {
  const [first, second] = estate.sql;
  await estate.write({ 'a.yaml': collection('http://a') });
  await estate.apply();
  await first?.run('TRUNCATE TABLE plumbline.journal');
  await estate.write({ 'a.yaml': collection('http://b') });
  expect(await statements()).toEqual([]);
  // One value after the other becomes known again.
  await second?.run("ALTER NAMED COLLECTION bucket SET zone = 'a' NOT OVERRIDABLE");
  await estate.apply();
  await estate.write({ 'a.yaml': collection('http://c').replace('zone: a', 'zone: b') });
  expect(await statements()).toEqual(["2 ALTER NAMED COLLECTION `bucket` SET `zone` = 'b'"]);
});

test('secrets are written again when somebody asks for it, and only then', async () => {
  const dictionary = `---
kind: Database
name: shop
on: test
---
kind: Dictionary
database: shop
name: customers
columns: { id: UInt64, name: String }
primary_key: id
source: { mysql: { host: 127.0.0.1, port: 1, user: reader, password: { secret: REMOTE_PASSWORD }, db: shop, table: customers } }
layout: hashed
lifetime: 300
`;
  const table = `---
kind: Table
database: shop
name: orders
columns: { id: UInt64 }
engine: MySQL('127.0.0.1:1', 'shop', 'orders', 'reader', '{secret:REMOTE_PASSWORD}')
`;
  await estate.write({ 'a.yaml': collection('http://a') + dictionary });
  await estate.apply();
  Object.assign(process.env, { OLD_KEY: 'rotated', REMOTE_PASSWORD: 'second' });
  expect(await statements()).toEqual([]);
  const again = await statements({ refreshSecrets: true });
  expect(again.map((text) => text.slice(0, 71))).toEqual([
    "1 ALTER NAMED COLLECTION `bucket` SET `key` = '{secret:OLD_KEY}'",
    expect.stringContaining('1 CREATE OR REPLACE DICTIONARY `shop`.`customers`'),
    "2 ALTER NAMED COLLECTION `bucket` SET `key` = '{secret:OLD_KEY}'",
    expect.stringContaining('2 CREATE OR REPLACE DICTIONARY `shop`.`customers`'),
  ]);
  const { results, remaining } = await estate.apply({ refreshSecrets: true });
  expect(results.map(({ outcome }) => outcome)).toEqual(['done', 'done', 'done', 'done']);
  expect(plannedSteps(remaining)).toEqual([]);
  for (const text of await stored()) expect(text).toContain("key = 'rotated'");

  // No statement gives a table another engine.
  await estate.write({ 'a.yaml': collection('http://a') + dictionary + table });
  await estate.apply();
  const { plan, close } = await estate.survey({ refreshSecrets: true });
  await close();
  expect(plannedSteps(plan)).toHaveLength(4);
  expect(planFindings(plan)).toMatchObject([
    { rule: 'not-refreshed', severity: 'warning' },
    { rule: 'not-refreshed', severity: 'warning' },
  ]);
});

test('what an apply may have written is known only where it ended', () => {
  const create = { statements: ["CREATE NAMED COLLECTION `a` AS `b` = '1' OVERRIDABLE, `c` = 'it\\'s'"] };
  const alter = {
    statements: [
      'ALTER NAMED COLLECTION `a` DELETE `b`, `d`',
      "ALTER NAMED COLLECTION `a` SET `c` = '2', `e` = '{secret:E}'",
    ],
  };
  const values = (...writes: Parameters<typeof writtenValues>[0]) =>
    Object.fromEntries(writtenValues(writes));
  const done = { ...create, outcome: 'done' } as const;
  expect(values(done)).toEqual({ b: '1', c: "it's" });
  expect(values({ ...create, outcome: 'running' })).toEqual({ b: '1', c: "it's" });
  expect(values({ ...create, outcome: 'failed' })).toEqual({ b: STALE, c: STALE });
  expect(values(done, { ...alter, outcome: 'done' })).toEqual({ c: '2', e: '{secret:E}' });
  expect(values(done, { ...alter, outcome: 'not run' })).toEqual({ b: '1', c: "it's" });
  for (const outcome of ['running', 'failed', 'unknown'] as const)
    expect(values(done, { ...alter, outcome })).toEqual({ b: STALE, c: STALE, d: STALE, e: STALE });
  expect(values({ ...alter, outcome: 'done' }, done)).toEqual({ b: '1', c: "it's" });
});
