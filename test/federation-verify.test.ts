/** What a reading cluster was really asked, asked of another server: what is the same, and every way in which it is not; and who reaches whom. */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pc from 'picocolors';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type FederationVerifyOptions, federationVerify } from '../src/commands/federation-verify.ts';
import { freePorts } from '../src/embedded/free-ports.ts';
import { type EmbeddedServer, startServer } from '../src/embedded/server.ts';
import { probeReach } from '../src/live/probe-reach.ts';
import { connect, type Server } from '../src/live/server.ts';
import type { Replay } from '../src/model/replay.ts';
import { renderReplay, renderReplayMarkdown } from '../src/render/replay.ts';
import { SHOP } from './support/federation-estate.ts';

let folder: string;
let servers: EmbeddedServer[];
let [community, enterprise]: Server[] = [];
let [closed, native] = [0, 0];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'plumbline-verify-'));
  const ports = await freePorts(5);
  closed = ports[4] ?? 0;
  native = ports[3] ?? 0;
  const at = (port: number) => ({ host: '127.0.0.1', port });
  const remoteServers = [
    { name: 'enterprise', shards: [[at(native)]] },
    { name: 'half', shards: [[at(closed)], [at(native)]] },
  ];
  const start = (name: string, one: number) =>
    startServer({
      ...{ name, folder: join(folder, name), remoteServers },
      ...{ httpPort: ports[one] ?? 0, nativePort: ports[one + 1] ?? 0 },
    });
  servers = await Promise.all([start('community', 0), start('enterprise', 2)]);
  const nodes = servers.map(({ name, httpPort, nativePort }) => ({
    ...{ name, cluster: name, shard: 1, replica: 1, host: '127.0.0.1', httpPort, nativePort },
    ...{ secure: false, user: { plain: 'default' } },
  }));
  [community, enterprise] = nodes.map(connect);
  const both = [
    'CREATE DATABASE shop',
    'CREATE TABLE shop.orders (id UInt64, name String, total Float64) ORDER BY id',
    "INSERT INTO shop.orders SELECT number, concat('n', toString(number % 7)), number / 3 FROM numbers(1000)",
    'CREATE TABLE shop.other (id UInt64, extra String) ORDER BY id',
  ];
  for (const server of [community, enterprise]) for (const one of both) await server?.run(one);
  await community?.run("INSERT INTO shop.other VALUES (1, 'a'), (2, 'b')");
  await enterprise?.run("INSERT INTO shop.other VALUES (1, 'a')");
  await community?.run('CREATE TABLE shop.wide (id UInt64, gone String, kind Int32) ORDER BY id');
  await enterprise?.run('CREATE TABLE shop.wide (id UInt64, kind Int64) ORDER BY id');
  await community?.run('CREATE TABLE shop.ties (id UInt8, kind UInt8) ORDER BY id');
  await enterprise?.run('CREATE TABLE shop.ties (id UInt8, kind UInt8) ORDER BY (kind, 255 - id)');
  for (const one of [community, enterprise]) await one?.run('INSERT INTO shop.ties VALUES (1, 1), (2, 1)');
  await community?.run('CREATE VIEW shop.slow AS SELECT 1 AS one');
  await enterprise?.run('CREATE VIEW shop.slow AS SELECT toUInt8(sleep(0.4) + 1) AS one');
  await community?.run('CREATE FUNCTION only_here AS x -> x + 1');
  await mkdir(join(folder, 'clusters'));
  const clusters = servers.map(
    ({ name, httpPort, nativePort }) => `kind: Cluster
name: ${name}
edition: community
version: "26.7"
files: { manual: true }
shards: [{ replicas: [{ host: 127.0.0.1, http_port: ${httpPort}, native_port: ${nativePort} }] }]
---
`,
  );
  await writeFile(
    join(folder, 'clusters', 'all.yaml'),
    `${clusters.join('')}kind: Federation
name: federation
members: [community, enterprise]
reads: community
tables: shop.orders
`,
  );
  await mkdir(join(folder, 'schemas'));
  await writeFile(
    join(folder, 'schemas', 'shop.yaml'),
    `${SHOP}kind: Table
database: shop
name: orders
columns: { id: { type: UInt64 } }
order_by: id
`,
  );
});
afterAll(async () => {
  await Promise.all([community?.close(), enterprise?.close(), ...(servers ?? []).map((one) => one.stop())]);
  await rm(folder, { recursive: true, force: true });
});

/** As an application asks, which does not call itself plumbline. */
async function asked(sql: string): Promise<void> {
  const answer = await fetch(`${servers[0]?.url}/`, { method: 'POST', body: sql });
  if (!answer.ok) throw new Error(await answer.text());
}

async function verify(
  options: Partial<FederationVerifyOptions> = {},
): Promise<{ code: number; text: string }> {
  let text = '';
  const output = { result: (one: string) => (text += one), note: () => {}, colour: false, live: false };
  const usual = { estate: folder, connectTimeout: 5, days: 1, shapes: 100, maxTime: 20, maxRows: 10_000 };
  const code = await federationVerify({ ...usual, slower: 3, format: 'json', ...options }, output);
  return { code, text };
}

const told = (text: string) =>
  (JSON.parse(text) as { replays: Replay[] }).replays.flatMap(({ queries }) =>
    queries.map(({ query, became, seen, count }) => [query.split('\n')[0], became, seen, count]),
  );

test('only what was asked by others counts, and without anything nothing is proven', async () => {
  await community?.rows('SELECT count() FROM shop.orders');
  await asked('SELECT count() FROM system.tables');
  await asked('INSERT INTO shop.wide VALUES (1, 2, 3)');
  await expect(verify()).rejects.toThrow(/^Nobody asked community a SELECT within 1 days/);
});

test('queries that are answered the same', async () => {
  await asked("SELECT name, sum(total) FROM shop.orders WHERE name != 'geheim' GROUP BY name FORMAT JSON");
  await asked("SELECT name, sum(total) FROM shop.orders WHERE name != 'n1' GROUP BY name");
  await asked('SELECT id FROM shop.orders ORDER BY id DESC LIMIT 5 SETTINGS max_threads = 1;');
  await asked('WITH 3 AS a SELECT a, version() FROM shop.orders LIMIT 1');
  const { code, text } = await verify();
  expect(told(text)).toEqual(
    [
      'WITH ? AS a SELECT a, version() FROM shop.orders LIMIT ?',
      'SELECT id FROM shop.orders ORDER BY id DESC LIMIT ? SETTINGS max_threads = ?;',
      'SELECT name, sum(total) FROM shop.orders WHERE name != ? GROUP BY name',
      'SELECT name, sum(total) FROM shop.orders WHERE name != ? GROUP BY name FORMAT JSON',
    ].map((query) => [query, 'same', undefined, 1]),
  );
  expect(text).not.toContain('geheim');
  expect(code).toBe(0);
});

test('every way in which answers differ is told, with what to do', async () => {
  await asked('SELECT * FROM shop.other');
  await asked("SELECT gone FROM shop.wide WHERE gone != 'geheim'");
  await asked('SELECT kind FROM shop.wide');
  await asked('SELECT only_here(id) FROM shop.orders WHERE id = 4711');
  await asked('SELECT one FROM shop.slow');
  await asked("SELECT count() FROM remote('127.0.0.1', shop.orders)");
  await asked('SELECT number FROM numbers(20000)');
  await asked('SELECT name, rand() FROM shop.orders');
  await asked('SELECT id FROM shop.ties ORDER BY kind');
  const { code, text } = await verify({ slower: 2 });
  expect(code).toBe(2);
  expect(told(text).slice(0, 9)).toEqual([
    ['SELECT id FROM shop.ties ORDER BY kind', 'order', 'the same rows in another order', 1],
    ['SELECT name, rand() FROM shop.orders', 'not repeatable', 'rand()', 1],
    [
      'SELECT number FROM numbers(?)',
      'not compared',
      expect.stringMatching(/^it fails on both: code 396/),
      1,
    ],
    ['SELECT count() FROM remote(?, shop.orders)', 'not compared', 'it reads from elsewhere: remote', 1],
    ['SELECT one FROM shop.slow', 'slower', expect.stringMatching(/^[\d.]+ times as long$/), 1],
    [
      'SELECT only_here(id) FROM shop.orders WHERE id = ?',
      'error',
      expect.stringMatching(/^code 46: .*only_here/),
      1,
    ],
    ['SELECT kind FROM shop.wide', 'schema', '`kind` is Int64 instead of Int32', 1],
    ['SELECT gone FROM shop.wide WHERE gone != ?', 'error', expect.stringMatching(/^code 47: .*gone/), 1],
    ['SELECT * FROM shop.other', 'result', '1 row instead of 2', 1],
  ]);
  expect(text).not.toMatch(/geheim|4711/);
  const [replay] = (JSON.parse(text) as { replays: [Replay] }).replays;
  const shown = renderReplay(replay, pc.createColors(false));
  expect(shown).toContain('→ declare the column on that cluster too');
  expect(shown).toMatch(/fails {2}asked 1 time/);
  expect(renderReplayMarkdown(replay)).toContain('CAST in the query: \\`kind\\` to Int32');
});

test('queries of a file are asked in place of the log', async () => {
  const queries = join(folder, 'queries.sql');
  await writeFile(
    queries,
    "SELECT sum(id) FROM shop.orders;\nDROP TABLE shop.orders; -- end\nSELECT 'a;b' AS t, nothing FROM shop.orders;\n(SELECT 'geheim'",
  );
  const { code, text } = await verify({ queries });
  expect(told(text)).toEqual([
    ['SELECT sum(id) FROM shop.orders', 'same', undefined, undefined],
    [
      'SELECT ? AS t, nothing FROM shop.orders',
      'not compared',
      expect.stringMatching(/^it fails on both: code 47/),
      undefined,
    ],
    ['(SELECT ?', 'not compared', expect.stringMatching(/^it fails on both: code 62/), undefined],
  ]);
  expect(text).not.toContain('geheim');
  expect((await verify({ queries, showValues: true, format: 'markdown' })).text).toContain("'a;b' AS t");
  expect((await verify({ queries, format: 'text' })).text).toContain('SELECT ? AS t');
  expect(code).toBe(0);
  expect(await enterprise?.rows('SELECT count() FROM shop.orders')).toEqual([[1000]]);
});

test('a node tells whom it reaches, without a credential in its statement', async () => {
  if (!community) throw new Error('no server');
  expect(await probeReach(community, 'enterprise', 5000)).toEqual([
    { address: `127.0.0.1:${native}`, reached: true },
  ]);
  const [away, there] = await probeReach(community, 'half', 5000);
  expect(there).toEqual({ address: `127.0.0.1:${native}`, reached: true });
  expect(away).toMatchObject({ address: `127.0.0.1:${closed}`, reached: false });
  expect(away?.reason).toMatch(/Connection refused/);
  expect(await probeReach(community, 'nowhere', 5000)).toEqual([{ address: 'nowhere', reached: undefined }]);
});
