/** A pair whose sites have two shards each, on four real servers: shard n is compared with shard n, and repaired from it. */
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { applyPlan } from '../src/apply/apply.ts';
import { survey } from '../src/apply/survey.ts';
import { loadEstate } from '../src/commands/estate-options.ts';
import { type PairStatus, pairStatus } from '../src/dr/pair-status.ts';
import { freePorts } from '../src/embedded/free-ports.ts';
import { type EmbeddedServer, startServer } from '../src/embedded/server.ts';
import { connect, type Server } from '../src/live/server.ts';
import type { DrPair } from '../src/model/dr-pair.ts';
import { planFindings, plannedSteps } from '../src/model/plan.ts';
import { type Folder, makeFolder } from './support/folder.ts';

const SITES = ['west', 'east'] as const;
const NODES = ['west-1', 'west-2', 'east-1', 'east-2'] as const;
const NEVER = { has: () => false, add: () => {}, save: () => {} };

let folder: Folder;
let servers: EmbeddedServer[];
let sql: Readonly<Record<(typeof NODES)[number], Server>>;
let active: (typeof SITES)[number];

beforeAll(async () => {
  const ports = await freePorts(8);
  const port = (at: number): number => ports[at] ?? 0;
  const clusters = SITES.map(
    (name, site) => `kind: Cluster
name: ${name}
edition: community
version: "26.7"
shards:
${[0, 1].map((shard) => `  - replicas: [{ host: 127.0.0.1, http_port: ${port(site * 2 + shard)} }]`).join('\n')}
---
`,
  );
  folder = await makeFolder({
    'clusters/sites.yaml': `${clusters.join('')}kind: DrPair
name: shop
sites: [{ cluster: west, address: 192.0.2.1 }, { cluster: east, address: 192.0.2.2 }]
active: { dns: failover.example.com }
tables: shop.*
hot_after: 0 SECOND
copy: { cluster: "{site}" }
repair: { concurrency: 3 }
`,
    'schemas/shop.yaml': 'kind: Database\nname: shop\non: [west, east]\n',
  });
  const remoteServers = SITES.map((name, site) => ({
    name,
    shards: [0, 1].map((shard) => [{ host: '127.0.0.1', port: port(4 + site * 2 + shard) }]),
  }));
  servers = await Promise.all(
    NODES.map((name, at) =>
      startServer({
        ...{ name, folder: join(folder.path, 'servers', name), remoteServers },
        ...{ httpPort: port(at), nativePort: port(4 + at) },
      }),
    ),
  );
  const connections = NODES.map((name, at) => {
    const node = { name, cluster: name.slice(0, 4), shard: (at % 2) + 1, replica: 1, host: '127.0.0.1' };
    const user = { plain: 'default' };
    return [name, connect({ ...node, httpPort: port(at), nativePort: port(4 + at), secure: false, user })];
  });
  sql = Object.fromEntries(connections);
});

afterAll(async () => {
  await Promise.all(Object.values(sql).map((server) => server.close()));
  await Promise.all(servers.map((server) => server.stop()));
  await folder.remove();
});

/** Shard 1 has the even numbers, shard 2 the odd ones; of both the passive site lacks some. */
beforeEach(async () => {
  active = 'west';
  for (const name of NODES) {
    await sql[name].run('DROP DATABASE IF EXISTS shop SYNC');
    await sql[name].run('CREATE DATABASE shop');
    await sql[name].run(
      'CREATE TABLE shop.orders (id UInt64, p UInt8) ENGINE = MergeTree PARTITION BY p ORDER BY id',
    );
    const shard = name.endsWith('1') ? 0 : 1;
    const rows = name.startsWith('west')
      ? 'p < 4'
      : shard === 0
        ? 'p IN (0, 1, 2) AND id != 40'
        : 'p IN (0, 3)';
    await sql[name].run(
      `INSERT INTO shop.orders SELECT number AS id, intDiv(number, 1000) AS p FROM numbers(4000) WHERE number % 2 = ${shard} AND (${rows})`,
    );
  }
});

const resolve = async (): Promise<string[]> => [active === 'west' ? '192.0.2.1' : '192.0.2.2'];

async function pairs(change: Partial<DrPair> = {}) {
  const estate = await loadEstate(folder.path);
  const [pair] = estate.pairs;
  if (!pair) throw new Error('no pair is declared');
  const changed = { ...pair, ...change };
  const options = {
    ...{ settled: NEVER, connectTimeout: 10_000 },
    repairs: { resolve, proven: NEVER, alone: true },
  };
  return { estate: { ...estate, pairs: [changed] }, pair: changed, options };
}

async function status(): Promise<PairStatus> {
  const { estate, pair } = await pairs();
  return pairStatus(estate, pair, { connectTimeout: 10_000, resolve, proven: NEVER });
}

const shown = ({ shards }: PairStatus): string[] =>
  shards.flatMap(({ passive, tables }) =>
    tables.flatMap(({ partitions }) =>
      partitions.map(({ partition, verdict }) => `${passive} ${partition} ${verdict}`),
    ),
  );

const CONTENT =
  'SELECT p, toString(count()), toString(sum(cityHash64(id))) FROM shop.orders GROUP BY p ORDER BY p';

it('compares shard n with shard n', async () => {
  const before = await status();
  expect(before.shards.map((one) => `${one.shard}: ${one.active}, ${one.passive}`)).toEqual([
    '1: west-1, east-1',
    '2: west-2, east-2',
  ]);
  expect(shown(before)).toEqual([
    ...['east-1 0 different', 'east-1 1 equal', 'east-1 2 equal', 'east-1 3 missing on passive'],
    ...['east-2 0 equal', 'east-2 1 missing on passive', 'east-2 2 missing on passive', 'east-2 3 equal'],
  ]);
  active = 'east';
  const turned = await status();
  expect(turned.active).toBe('east');
  expect(shown(turned)).toContain('west-2 1 only on passive');
});

it('repairs each shard from its own, side by side, within the limits of one run', async () => {
  const limited = await pairs();
  const repair = { ...limited.pair.repair, maxPartitions: 3 };
  const { plan, close } = await survey((await pairs({ repair })).estate, limited.options);
  await close();
  expect(plannedSteps(plan).map(({ node, step }) => `${node} ${step.object.path[2]}`)).toEqual([
    ...['east-1 0', 'east-1 3', 'east-2 1'],
  ]);
  expect(planFindings(plan).map(({ message }) => message)).toEqual([
    expect.stringMatching(/^shop.orders: not repaired now: beyond the limits: .*\(partition 2\)$/),
  ]);
  const { estate, options } = limited;
  const agreed = await survey(estate, options);
  const busy = new Set<string>();
  const nodes = new Set<string>();
  const report = await applyPlan(estate, agreed, {
    ...{ ...options, identity: { run: 'run-1', actor: 'tester', commit: '' }, allowed: new Set<string>() },
    ...{ lockSeconds: 60, shouldStop: () => false },
    progress: {
      started: ({ node }, number) => {
        busy.add(`${node} ${number}`);
        if (new Set([...busy].map((one) => one.split(' ')[0])).size > 1) nodes.add(node);
      },
      ended: ({ planned: { node } }, number) => void busy.delete(`${node} ${number}`),
    },
  }).finally(agreed.close);
  expect(report.results.map(({ outcome, error }) => error ?? outcome)).toEqual(Array(4).fill('done'));
  expect([plannedSteps(report.remaining), nodes.size]).toEqual([[], 1]);
  for (const shard of [1, 2] as const)
    expect(await sql[`east-${shard}`].rows(CONTENT)).toEqual(await sql[`west-${shard}`].rows(CONTENT));
  expect(await sql['east-1'].rows(CONTENT)).not.toEqual(await sql['east-2'].rows(CONTENT));
  const after = await status();
  expect([after.clean, after.objections]).toEqual([true, []]);
});
