/** A server that nobody declared is adopted by a user who may only plan; what no kind can say becomes raw text. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { survey } from '../src/apply/survey.ts';
import { loadEstate } from '../src/commands/estate-options.ts';
import { importLive } from '../src/commands/import-live.ts';
import { freePorts } from '../src/embedded/free-ports.ts';
import { type EmbeddedServer, startServer } from '../src/embedded/server.ts';
import type { Server } from '../src/live/server.ts';
import { openSettled } from '../src/live/settled.ts';
import { type Plan, planFindings, plannedSteps } from '../src/model/plan.ts';
import { connectLocal } from './support/connect-local.ts';

/** As README.md grants it. */
const USERS = `
<clickhouse>
  <users>
    <default><password></password><access_management>1</access_management></default>
    <planner><password>right</password><grants>
      <query>GRANT SELECT ON system.*</query>
      <query>GRANT SHOW ON *.*</query>
      <query>GRANT CREATE ARBITRARY TEMPORARY TABLE, CREATE TEMPORARY VIEW ON *.*</query>
      <query>GRANT TABLE ENGINE ON *</query>
    </grants></planner>
  </users>
  <profiles><default></default></profiles>
  <quotas><default></default></quotas>
</clickhouse>`;

const STATEMENTS = [
  "CREATE DATABASE shop COMMENT 'the shop'",
  'CREATE TABLE shop.orders (id UInt64, at DateTime CODEC(Delta, ZSTD), total Decimal(18, 2)) ENGINE = MergeTree ORDER BY (id, at)',
  'CREATE VIEW shop.recent AS SELECT id FROM shop.orders WHERE at > now() - 60',
  'CREATE TABLE shop.daily (day Date, n UInt64) ENGINE = SummingMergeTree ORDER BY day',
  'CREATE MATERIALIZED VIEW shop.days TO shop.daily AS SELECT toDate(at) AS day, count() AS n FROM shop.orders GROUP BY day',
  'CREATE TABLE shop.gone (k UInt8) ENGINE = MergeTree ORDER BY k',
  'CREATE VIEW shop.broken AS SELECT k FROM shop.gone',
  'DROP TABLE shop.gone SYNC',
  "CREATE TABLE shop.remote (k UInt64) ENGINE = MySQL('db.example:3306', 'shop', 'orders', 'reader', 'hunter2')",
];
const WINDOW_VIEW =
  "CREATE WINDOW VIEW shop.per_minute ENGINE = MergeTree ORDER BY tuple() AS SELECT count() AS n, tumbleStart(w) AS begin FROM shop.orders GROUP BY tumble(at, INTERVAL '60' SECOND) AS w";

let folder: string;
let server: EmbeddedServer;
let sql: Server;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'plumbline-adopt-'));
  const [httpPort = 0, nativePort = 0] = await freePorts(2);
  server = await startServer({
    name: 'prod',
    folder: join(folder, 'server'),
    httpPort,
    nativePort,
    usersXml: USERS,
  });
  sql = connectLocal(httpPort, { name: 'prod' });
  for (const statement of STATEMENTS) await sql.run(statement);
  await sql.run(WINDOW_VIEW, {
    settings: { allow_experimental_window_view: 1, allow_experimental_analyzer: 0 },
  });
  process.env.PROD_USER = 'planner';
  process.env.PROD_PASSWORD = 'right';
});
afterAll(async () => {
  await sql?.close();
  await server?.stop();
  rmSync(folder, { recursive: true, force: true });
});

const estate = (): string => join(folder, 'estate');
const shop = (): string => join(estate(), 'schemas', 'shop.yaml');

async function adopt(more: object): Promise<string> {
  const said: string[] = [];
  const say = (text: string): void => void said.push(text);
  const output = { result: say, note: say, colour: false, live: false };
  await importLive({ estate: estate(), layout: 'database', connectTimeout: 10, ...more }, output);
  return said.join('\n');
}

async function plan(): Promise<Plan> {
  const settled = openSettled(join(folder, 'settled.json'));
  const { plan: found, close } = await survey(await loadEstate(estate()), {
    settled,
    connectTimeout: 10_000,
  });
  await close();
  return found;
}

const findings = async (): Promise<unknown[]> => {
  const found = await plan();
  expect(plannedSteps(found).map(({ step }) => step.statements)).toEqual([]);
  return planFindings(found).map(({ severity, rule }) => `${severity} ${rule}`);
};

test('one command declares the cluster and all that is on it', async () => {
  const said = await adopt({ name: 'prod', url: [`http://127.0.0.1:${server.httpPort}`] });
  expect(said).toContain('raw object shop.per_minute is written as its CREATE text');
  expect(readFileSync(join(estate(), 'clusters/prod.yaml'), 'utf8')).toContain(
    'password:\n  env: PROD_PASSWORD\nshards:\n  - replicas:\n      - { host: 127.0.0.1 }\n',
  );
  const text = readFileSync(shop(), 'utf8');
  expect(text).toContain(
    "MySQL('db.example:3306', 'shop', 'orders', 'reader', '{secret:SHOP_REMOTE_SECRET}')",
  );
  expect(text).toContain('name: broken');
  expect(await findings()).toEqual([]);
});

test('a second import finds nothing to declare, and never overwrites a file', async () => {
  expect(await adopt({})).toContain('Nothing to import');
  const before = readFileSync(shop(), 'utf8');
  await expect(adopt({ all: true })).rejects.toThrow('Import overwrites nothing, and these files exist');
  await sql.run('CREATE TABLE shop.more (k UInt8) ENGINE = Log');
  await expect(adopt({ force: true })).rejects.toThrow('declarations that would be lost: schemas/shop.yaml');
  expect(readFileSync(shop(), 'utf8')).toBe(before);
  expect(await adopt({ layout: 'object' })).toContain('schemas/shop/more.yaml');
  expect(await findings()).toEqual([]);
  rmSync(join(estate(), 'schemas/shop'), { recursive: true });
  await adopt({ all: true, force: true });
  expect(await findings()).toEqual([]);
});

test('a raw object that differs is told, and replaced only where it keeps no rows', async () => {
  const before = readFileSync(shop(), 'utf8');
  const raw = (text: string, replace = ''): string =>
    before.replace(
      /---\nkind: Table\ndatabase: shop\nname: more\n[\s\S]*?(?=---|$)/,
      `---\nkind: Raw\ndatabase: shop\nname: more\n${replace}raw: ${text}\n`,
    );
  writeFileSync(shop(), raw('CREATE TABLE shop.more (k UInt8) ENGINE = Log()'));
  expect(await findings()).toEqual([]);
  writeFileSync(shop(), raw('CREATE TABLE shop.more (k UInt16) ENGINE = Log'));
  expect(await findings()).toEqual(['warning raw-differs']);
  writeFileSync(shop(), raw('CREATE TABLE shop.more (k UInt16) ENGINE = Log', 'replace: true\n'));
  expect(await findings()).toEqual(['warning raw-differs']);
  await sql.run('CREATE OR REPLACE TABLE shop.more (k UInt8) ENGINE = Null');
  writeFileSync(shop(), raw('CREATE TABLE shop.more (k UInt16) ENGINE = Null', 'replace: true\n'));
  expect(plannedSteps(await plan()).map(({ step }) => [step.action, step.verdict, step.statements])).toEqual([
    ['replace', 'destructive', ['CREATE OR REPLACE TABLE shop.more (`k` UInt16) ENGINE = `Null`']],
  ]);
  writeFileSync(shop(), raw('CREATE TABLE shop.other (k UInt8) ENGINE = Null'));
  expect(planFindings(await plan()).map(({ message }) => message)).toEqual([
    expect.stringContaining('its text creates `shop`.`other`, and must create `shop`.`more`'),
  ]);
});
