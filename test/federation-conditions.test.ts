/** What lets in the later stages of a federation is read from real servers: who still gets rows, what expires when, what queries cost. */
import { createHash } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { applyPlan } from '../src/apply/apply.ts';
import { survey } from '../src/apply/survey.ts';
import { bootstrap } from '../src/commands/bootstrap.ts';
import { newRun } from '../src/commands/identity.ts';
import { connect } from '../src/live/server.ts';
import { openSettled } from '../src/live/settled.ts';
import type { Federation, Stage } from '../src/model/federation.ts';
import { planFindings } from '../src/model/plan.ts';
import type { ConditionName } from '../src/model/stage.ts';
import { formatBytes } from '../src/render/units.ts';
import { conditionsOf } from '../src/stages/conditions.ts';
import { readLedger } from '../src/stages/ledger.ts';
import { readEntered } from '../src/stages/record.ts';
import { seeNode } from '../src/stages/seen.ts';
import {
  type FederationEstate,
  federationYaml,
  NODES,
  SHOP,
  startFederation,
} from './support/federation-estate.ts';

const READERS = ['community-1', 'community-2'];

/** Parts that a merge took are gone after a second, as elsewhere after eight minutes. */
const SCHEMA = `${SHOP}kind: Table
database: shop
name: orders
columns: { id: UInt64, day: Date }
order_by: id
ttl: day + INTERVAL 30 DAY
settings: { old_parts_lifetime: 1, cleanup_delay_period: 1, max_cleanup_delay_period: 1, cleanup_delay_period_random_add: 0 }
---
kind: Table
database: shop
name: customers
columns: { id: UInt64 }
order_by: id
`;

let federation: FederationEstate;
let declared: Federation;
beforeAll(async () => {
  federation = await startFederation();
  await federation.declare(federationYaml(), SCHEMA);
  await federation.apply();
  const [one] = (await federation.estate()).federations ?? [];
  if (!one) throw new Error('no federation');
  declared = one;
});
afterAll(() => federation?.stop());

const run = (node: string, statement: string): Promise<void> => federation.sql(node).run(statement);

async function seen(name: ConditionName, from: Stage, to: Stage, kept?: string[]) {
  const asked = { ...declared, stage: to, ...(kept && { kept }) };
  const servers = NODES.map((node) => federation.sql(node));
  const nodes = await Promise.all(servers.map((server) => seeNode(server, asked, 10_000)));
  const found = conditionsOf({ federation: asked, from, nodes, mismatches: [], exportBytes: 0 }, new Set());
  const { state = 'met', seen: said = [] } = found.find((condition) => condition.name === name) ?? {};
  return { state, said };
}

const writesMoved = () => seen('writes-moved', 'switchover', 'decommission');

/** The parts that an INSERT wrote are merged and gone. */
async function insertAndMerge(rows: number): Promise<void> {
  const sql = federation.sql('community-1');
  await sql.run(`INSERT INTO shop.orders SELECT number, today() FROM numbers(${rows})`);
  await sql.run('OPTIMIZE TABLE shop.orders FINAL');
  for (let left = 1; left > 0; ) {
    const [row] = await sql.rows<[number]>(
      "SELECT toUInt8(count()) FROM system.parts WHERE database = 'shop' AND table = 'orders' AND level = 0",
    );
    left = row?.[0] ?? 0;
    await new Promise((done) => setTimeout(done, 100));
  }
}

async function forget(): Promise<void> {
  for (const node of READERS) await run(node, 'SYSTEM FLUSH LOGS');
  for (const node of READERS) await run(node, 'TRUNCATE TABLE system.part_log');
}

test('rows that a merge took at once are known from the log of parts', async () => {
  await insertAndMerge(12_340);
  for (const node of READERS) await run(node, 'SYSTEM FLUSH LOGS');
  expect(await writesMoved()).toEqual({
    state: 'unmet',
    said: ['community-1 still received 12,340 rows in shop.orders within the last hour'],
  });
  await forget();
  await run('community-2', 'INSERT INTO shop.customers VALUES (1), (2)');
  expect(await writesMoved()).toEqual({
    state: 'unmet',
    said: ['community-2 still received 2 rows in shop.customers within the last hour'],
  });
  await run('community-2', 'TRUNCATE TABLE shop.customers');
  await forget();
});

test('where no log reaches back so far, that is said', async () => {
  expect(await writesMoved()).toEqual({
    state: 'met',
    said: [
      'community received no row within the last hour; community-1, community-2 keep no part_log of that time: rows that a merge took more than minutes ago are not seen there',
    ],
  });
  const old =
    "INSERT INTO system.part_log (event_type, event_date, event_time, database, table, part_name, rows) SELECT 'NewPart', toDate(now() - 7200), now() - 7200, 'shop', 'orders', 'all_0_0_0', 7";
  for (const node of READERS) await run(node, old);
  expect(await writesMoved()).toEqual({
    state: 'met',
    said: ['community received no row within the last hour, as system.part_log has it'],
  });
});

const HELD = `SELECT toString(toDate(max(delete_ttl_info_max))), sum(bytes_on_disk) FROM system.parts WHERE active AND table = 'orders'`;

test('what TTL takes away is told with the day and the bytes, and what it does not', async () => {
  await run('community-1', 'INSERT INTO shop.orders SELECT number, today() + 90 FROM numbers(1000)');
  const [row = ['', 0]] = await federation.sql('community-1').rows<[string, number]>(HELD);
  const [end, bytes] = [row[0], formatBytes(Number(row[1]))];
  const [[day] = ['']] = await federation.sql('community-1').rows<[string]>('SELECT toString(today() + 120)');
  expect(end).toBe(day);
  const unmet = {
    state: 'unmet',
    said: [
      `${bytes} on community expire on ${day} by TTL`,
      `community-1 holds 13,340 rows (${bytes}) in shop.orders, the last of which expire on ${day}`,
    ],
  };
  expect(await seen('reads-empty', 'decommission', 'final')).toEqual(unmet);
  expect((await seen('leaving-empty', 'switchover', 'decommission', ['community-2'])).said).toEqual(
    unmet.said.map((text) => text.replace('on community expire', 'on community-1 expire')),
  );
  expect(await seen('leaving-empty', 'switchover', 'decommission', ['community-1'])).toEqual({
    state: 'met',
    said: ['no covered rows are left on community-2'],
  });
  await run('community-2', 'INSERT INTO shop.customers VALUES (1)');
  const { said } = await seen('reads-empty', 'decommission', 'final');
  expect(said[1]).toMatch(/^\d+ B on community go by no TTL, and have to be moved$/);
  expect(said.at(-1)).toMatch(
    /^community-2 holds 1 row .* in shop.customers, and no TTL takes all of them away$/,
  );
  await run('community-2', 'TRUNCATE TABLE shop.customers');
});

test('rows that are past their TTL and wait for a merge keep nobody from anything', async () => {
  await run('community-1', 'TRUNCATE TABLE shop.orders');
  await run('community-1', 'SYSTEM STOP MERGES shop.orders');
  await run('community-1', 'SYSTEM STOP TTL MERGES shop.orders');
  // An INSERT itself leaves out rows that are past their TTL already only where parts are optimised on insert.
  await run(
    'community-1',
    'INSERT INTO shop.orders SETTINGS optimize_on_insert = 0 SELECT number, today() - 40 FROM numbers(100)',
  );
  const { state, said } = await seen('reads-empty', 'decommission', 'final');
  expect(state).toBe('met');
  expect(said[0]).toMatch(/^no covered rows are left on community but \S+ \w+ that are past their TTL$/);
});

test('what aggregating costs is read from the log of queries', async () => {
  const aggregation = () => seen('aggregation', 'switchover', 'decommission', ['community-1']);
  const before = await aggregation();
  expect(before.said[0]).toMatch(/^1 of 2 nodes of community are still needed .*; 1 stay$/);
  for (let asked = 0; asked < 3; asked++)
    await federation.sql('community-2').rows('SELECT day, count() FROM shop.orders_federated GROUP BY day');
  await run('community-2', 'SYSTEM FLUSH LOGS');
  const { state, said } = await aggregation();
  expect(state).toBe('noted');
  expect(said[1]).toMatch(
    /^within the last day 3 queries over the federation were aggregated there, with [\d.]+ [KM]iB of memory at most; each node spent [\d.]+ s of processor time on them, and will spend [\d.]+ s$/,
  );
});

const PASSWORD = 'correct horse battery staple';
const as = (who: string) => ({ user: { plain: who }, password: { plain: PASSWORD } });

/** Lets in the two users for whom `plumbline bootstrap` asks, with what it asks for. */
async function letIn(): Promise<void> {
  const digest = createHash('sha256').update(PASSWORD).digest('hex');
  Object.assign(process.env, { PLUMBLINE_PLANNER_SHA256: digest, PLUMBLINE_APPLIER_SHA256: digest });
  for (const node of NODES) {
    let users = '';
    const names = { planner: 'plumbline_planner', applier: 'plumbline_applier' };
    const cluster = [federation.sql(node).node.cluster];
    await bootstrap(
      { ...{ estate: federation.folder, cluster, format: 'users_xml' }, ...names },
      { result: (text) => (users += text), note: () => {}, colour: false, live: false },
    );
    const folder = join(federation.nodeFolder(node), 'users.d');
    await mkdir(folder, { recursive: true });
    await writeFile(join(folder, 'bootstrap.xml'), users);
    await federation.restart(node);
  }
}

test('the rights of planners are enough to see all that', async () => {
  await letIn();
  const { node } = federation.sql('community-1');
  const planner = connect({ ...node, ...as('plumbline_planner') });
  try {
    const all = await Promise.all(
      [planner, federation.sql('community-1')].map(async (server) => {
        const { now: _now, free: _free, ...rest } = await seeNode(server, declared, 10_000);
        return rest;
      }),
    );
    expect(all[0]).toEqual(all[1]);
    expect(all[0]).toMatchObject({ unreached: new Map(), reads: { queries: expect.any(Number) } });
    await readLedger(planner, 'federation', '', 10_000);
    expect((await readEntered(planner, 'federation', 10_000)).map(({ stage }) => stage)).toEqual(['network']);
  } finally {
    await planner.close();
  }
});

test('nodes that connect no more are to be taken off the allow-list, which the plan that ends it says', async () => {
  const addresses = 'network: { addresses: { community-1: 10.0.0.1, community-2: 10.0.0.2 } }\n';
  const asked = async (stage: Stage): Promise<string[]> => {
    await federation.declare(federationYaml(addresses).replace('stage: network', `stage: ${stage}`), SCHEMA);
    const findings = planFindings(await federation.plan());
    return findings.filter(({ rule }) => rule === 'federation-allow-list').map(({ message }) => message);
  };
  expect(await asked('compatibility')).toEqual([
    'take 10.0.0.1, 10.0.0.2 off the allow-list at the console of cluster enterprise: they connect to it no more',
  ]);
  expect(await asked('network')).toEqual([]);
});

test('the rights of appliers are enough to bring rows back', async () => {
  await run('enterprise', 'INSERT INTO shop.customers SELECT number FROM numbers(1000)');
  await federation.declare(federationYaml().replace('stage: network', 'stage: compatibility'), SCHEMA);
  const declaredNow = await federation.estate();
  const estate = {
    ...declaredNow,
    clusters: declaredNow.clusters.map((cluster) => ({
      ...cluster,
      nodes: cluster.nodes.map((node) => ({ ...node, ...as('plumbline_applier') })),
    })),
  };
  const options = {
    ...{ settled: openSettled(join(federation.folder, 'none.json')), connectTimeout: 10_000 },
    restart: federation.restart,
  };
  const agreed = await survey(estate, options);
  const { results } = await applyPlan(estate, agreed, {
    ...options,
    ...{ identity: await newRun(federation.folder), allowed: new Set(), lockSeconds: 60 },
    ...{ progress: { started: () => {}, ended: () => {} }, shouldStop: () => false },
  }).finally(agreed.close);
  expect(results.flatMap(({ error }) => error ?? [])).toEqual([]);
  const counts = await Promise.all(
    READERS.map((node) =>
      federation.sql(node).rows<[number]>('SELECT toUInt32(count()) FROM shop.customers'),
    ),
  );
  expect(counts.flat(2).reduce((sum, count) => sum + count, 0)).toBe(1000);
});
