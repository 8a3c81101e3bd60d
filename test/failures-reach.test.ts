/** Nodes that can't be reached or refuse: each is named within one connect time-out, and hides nobody else's plan. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { survey } from '../src/apply/survey.ts';
import { loadEstate } from '../src/commands/estate-options.ts';
import { freePorts } from '../src/embedded/free-ports.ts';
import { openSettled } from '../src/live/settled.ts';
import type { NodePlan } from '../src/model/plan.ts';
import { type FaultEstate, startFaultEstate } from './support/faults-estate.ts';
import { startBlackHole } from './support/faults-proxy.ts';
import { startApply, startCli } from './support/kill-cli.ts';

const CONNECT_TIMEOUT = 1500;
/** What is left to do besides waiting: connections, the plans of the other nodes. */
const WORK = 1400;

/** Users with less and less: no right to normalise, no sight of `shop`, and none but a right that is of no use. */
const USERS = `
<clickhouse>
  <users>
    <default><password></password><access_management>1</access_management></default>
    <guarded><password>right</password></guarded>
    <reader><password>right</password><grants><query>GRANT SELECT, SHOW ON *.*</query></grants></reader>
    <blind><password>right</password><grants>
      <query>GRANT CREATE TEMPORARY TABLE, TABLE ENGINE ON *.*</query>
      <query>GRANT SELECT ON system.*</query>
    </grants></blind>
    <nobody><password>right</password><grants><query>GRANT SELECT ON nothing.nothing</query></grants></nobody>
  </users>
  <profiles><default></default></profiles>
  <quotas><default></default></quotas>
</clickhouse>`;

let estate: FaultEstate;
let hole: Awaited<ReturnType<typeof startBlackHole>>;
let closed = 0;

const CLUSTERS = ['good', 'closed', 'hole', 'wrong', 'reader', 'blind', 'nobody', 'half'] as const;

beforeAll(async () => {
  estate = await startFaultEstate(3);
  const [reachable = 0, refusing = 0, half = 0] = estate.servers.map(({ httpPort }) => httpPort);
  await estate.kill(1);
  await estate.start(1, { usersXml: USERS });
  hole = await startBlackHole();
  [closed = 0] = await freePorts(1);
  await estate.declare({
    good: [{ port: reachable }],
    closed: [{ port: closed }],
    hole: Array.from({ length: 20 }, () => ({ port: hole.port })),
    wrong: [{ port: refusing, user: 'guarded', password: 'wrong' }],
    reader: [{ port: refusing, user: 'reader', password: 'right' }],
    blind: [{ port: refusing, user: 'blind', password: 'right' }],
    nobody: [{ port: refusing, user: 'nobody', password: 'right' }],
    half: [{ port: half }, { port: closed }],
  });
  await estate.sql[1]?.run('CREATE DATABASE shop');
  await estate.sql[1]?.run('CREATE TABLE shop.orders (k UInt8) ENGINE = MergeTree ORDER BY k');
  await estate.write({
    'shop.yaml': `
kind: Database
name: shop
on: [${CLUSTERS.join(', ')}]
---
kind: Table
database: shop
name: orders
columns: { k: UInt8 }
order_by: k
`,
  });
});
afterAll(async () => {
  await hole.stop();
  await estate.stop();
});

async function plannedNodes(): Promise<{ nodes: ReadonlyMap<string, NodePlan>; milliseconds: number }> {
  const began = performance.now();
  const { plan, close } = await survey(await loadEstate(estate.folder), {
    settled: openSettled(`${estate.folder}/settled.json`),
    connectTimeout: CONNECT_TIMEOUT,
  });
  const milliseconds = performance.now() - began;
  await close();
  const nodes = plan.clusters.flatMap((cluster) => cluster.nodes);
  return { nodes: new Map(nodes.map((node) => [node.node, node])), milliseconds };
}

test('every one is named within one connect time-out, and the others are planned', async () => {
  const { nodes, milliseconds } = await plannedNodes();
  expect(milliseconds).toBeLessThan(CONNECT_TIMEOUT + WORK);
  expect(nodes.get('good')?.unreadable).toBeUndefined();
  expect(nodes.get('good')?.steps).toHaveLength(2);
  expect(nodes.get('closed')?.unreadable).toContain('ECONNREFUSED');
  const holes = [...nodes.values()].filter(({ node }) => node.startsWith('hole-'));
  expect(holes.map(({ unreadable }) => unreadable)).toEqual(Array(20).fill('no answer within 1.5 s'));
  expect(nodes.get('wrong')?.unreadable).toMatch(/code 516: guarded: Authentication failed/);
  expect(nodes.get('reader')?.unreadable).toMatch(
    /it's necessary to have the grant CREATE ARBITRARY TEMPORARY TABLE/,
  );
  expect(nodes.get('blind')?.unreadable).toBe(
    'the user may not see all of shop, so nobody knows what is missing: ' +
      'GRANT SHOW DATABASES, SHOW TABLES, SHOW COLUMNS ON `shop`.*',
  );
  expect(nodes.get('nobody')?.unreadable).toMatch(/code 497: nobody: Not enough privileges/);
  const unreadable = [...nodes.values()].filter((node) => node.unreadable !== undefined);
  expect(unreadable.flatMap(({ steps, findings }) => [...steps, ...findings])).toEqual([]);
});

test('the command line tells the same, and changes what it can reach', async () => {
  const plan = startCli(['plan', '--estate', estate.folder, '--connect-timeout', '1.5']);
  expect(await plan.ended, plan.output()).toBe(1);
  for (const node of ['closed', 'hole-1', 'hole-20', 'wrong', 'reader', 'blind', 'nobody']) {
    expect(plan.output()).toMatch(new RegExp(`\\b${node}\\b`));
  }
  const apply = startApply(estate.folder, 60, ['--connect-timeout', '1.5']);
  expect(await apply.ended, apply.output()).toBe(1);
  const rows = await estate.sql[0]?.rows("SELECT name FROM system.tables WHERE database = 'shop'");
  expect(rows).toEqual([['orders']]);
  expect(apply.output()).toMatch(/4 steps: 2 done · 2 not run/);
  expect(await estate.sql[2]?.rows("SELECT name FROM system.databases WHERE name = 'shop'")).toEqual([]);
  const { nodes } = await plannedNodes();
  expect(nodes.get('good')?.steps).toEqual([]);
});
