/** Every stage of a federation and ways back from all of them, on real servers, while people write and read: what lets it in, what it changes, and that no row is lost or doubled, and no query fails or lacks one but where the stage says so. */
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { RefusedError } from '../src/model/errors.ts';
import type { Stage } from '../src/model/federation.ts';
import { planFindings } from '../src/model/plan.ts';
import { renderFederations, renderFederationsMarkdown } from '../src/render/federation-status.ts';
import { renderMarkdown } from '../src/render/markdown.ts';
import { earlierQueries } from '../src/stages/earlier-queries.ts';
import { federationStatus } from '../src/stages/status.ts';
import {
  CLUSTERS,
  type FederationEstate,
  NODES,
  ORDERS,
  stageYaml,
  startFederation,
} from './support/federation-estate.ts';
import { WRITER } from './support/federation-traffic.ts';
import { startWalk, type Walk } from './support/federation-walk.ts';
import { size } from './support/size.ts';

const ROWS = size(18_000, 1_080_000);
const FULL = size(0, 1) === 1;

/** Beside the orders, a table whose rows replace one another. */
const FACTS = `---
kind: Table
database: shop
name: facts
engine: ReplacingMergeTree(version)
columns: { tenant: String, id: UInt64, version: UInt64 }
order_by: [tenant, id]
`;
const SCHEMA = ORDERS + FACTS + WRITER;
const EXPIRING = `${ORDERS}ttl: day + INTERVAL 1 MONTH DELETE WHERE day < '2026-02-01'\n${FACTS}${WRITER}`;
const USUAL = 'shard_by: { shop.facts: cityHash64(tenant) }\nwriters: [writer]\n';
const KEPT = 'kept: [community-1]\n';

let federation: FederationEstate;
let walk: Walk;
beforeAll(async () => {
  federation = await startFederation({
    clusters: CLUSTERS.replace('edition: community\n', 'edition: community\naccess: users_xml\n'),
    schema: SCHEMA,
  });
  await federation.enter('compatibility', USUAL);
  walk = await startWalk(federation, ROWS, USUAL, EXPIRING);
});
afterAll(async () => {
  await walk?.stop().catch(() => {});
  await federation?.stop();
});

/** What a plan of the stage says that has to be said, and its conditions. */
const planned = async (stage: Stage, keys = '') => {
  await federation.declare(stageYaml(stage, USUAL + keys), SCHEMA);
  const plan = await federation.plan();
  const errors = planFindings(plan).filter(({ severity }) => severity === 'error');
  return {
    plan,
    errors: errors.map(({ rule, message }) => `${rule}: ${message}`),
    conditions: plan.stages?.[0]?.conditions.map(({ name, state }) => `${name} ${state}`),
  };
};

const quiet = () => sleep(2000);

const facts = (version: number): string =>
  `INSERT INTO shop.facts SELECT concat('t', toString(number % 20)), number % 1000, ${version} FROM numbers(2000)`;
const MERGED = `SELECT toString(count()), toString(uniqExact(tenant, id)), toString(sum(version)) FROM cluster('community', 'shop', 'facts') FINAL`;

/** Ways through the stages, each from `compatibility` and back. */
const WAYS: readonly (readonly [string, () => Promise<void>])[] = [
  [
    'from network, with rows that were written there already',
    async () => {
      await walk.enter('network');
      await walk.enter('network', 'writes: enterprise\n');
      await walk.enter('compatibility');
    },
  ],
  [
    'from switchover to network, and on',
    async () => {
      for (const stage of ['network', 'switchover', 'network', 'compatibility'] as const)
        await walk.enter(stage);
    },
  ],
  [
    'from switchover',
    async () => {
      for (const stage of ['network', 'switchover', 'compatibility'] as const) await walk.enter(stage);
    },
  ],
  [
    'from decommission, where no node left',
    async () => {
      for (const stage of ['network', 'switchover'] as const) await walk.enter(stage);
      await quiet();
      for (const stage of ['decommission', 'compatibility'] as const) await walk.enter(stage);
    },
  ],
  [
    'from decommission, and from final',
    async () => {
      await walk.enter('network');
      await walk.enter('switchover');
      for (const version of [1, 2]) await federation.sql('enterprise').run(facts(version));
      const { plan, conditions } = await planned('decommission', KEPT);
      expect(conditions).toEqual([
        'one-stage met',
        expect.stringMatching(/^writes-moved /),
        'leaving-empty unmet',
        'aggregation noted',
      ]);
      expect(renderMarkdown(plan)).toContain('community-2 holds');
      await walk.moveAway('community-2');
      await quiet();
      await walk.enter('decommission', KEPT);
      if (FULL) await walk.expire('decommission', KEPT);
      await walk.moveAway('community-1');
      await walk.enter('final', KEPT);
      const back = await planned('compatibility');
      expect(back.conditions).toContain('reads-whole unmet');
      if (FULL) await walk.enter('decommission', KEPT);
      await walk.enter('switchover');
      // Members that are read although no stage was ever written down give back their rows, too.
      await federation.sql('community-1').run('TRUNCATE TABLE plumbline.federation_stages');
      const { results } = await walk.enter('compatibility');
      const copies = results.filter(({ planned: { step } }) => step.export?.act === 'copy');
      const rows = copies.reduce((all, { planned: { step } }) => all + (step.impact?.rows ?? 0), 0);
      expect(rows).toBeGreaterThanOrEqual((ROWS / 90) * 59);
      const [merged = []] = await federation.sql('community-1').rows<string[]>(MERGED);
      expect(merged.join(' ')).toBe('1000 1000 2000');
    },
  ],
];

test('a stage is not skipped', async () => {
  await federation.declare(stageYaml('switchover', USUAL), SCHEMA);
  const refused = await federation.apply().catch((error: unknown) => error);
  expect(refused).toBeInstanceOf(RefusedError);
  expect((refused as RefusedError).reasons).toEqual([
    expect.stringContaining("federation `federation` can't enter `switchover` yet: network would be skipped"),
    expect.stringContaining(
      "federation `federation` can't enter `switchover` yet: community-1 does not read",
    ),
  ]);
});

const PATIENCE = { timeout: size(300_000, 3_600_000) };

test.each(WAYS.slice(-size(1, WAYS.length)))('there and back: %s', PATIENCE, async (_name, act) => {
  await act();
  for (const node of NODES.slice(0, 2)) {
    const stagings =
      "SELECT name FROM system.tables WHERE database = 'plumbline' AND startsWith(name, 'export_')";
    expect(await federation.sql(node).rows(stagings)).toEqual([]);
    const held = "SELECT name FROM system.tables WHERE engine_full LIKE '%max_bytes_to_merge%'";
    expect(await federation.sql(node).rows(held)).toEqual([]);
  }
  // The last one is left as people find it.
  if (act !== WAYS.at(-1)?.[1])
    for (const table of ['orders', 'facts'])
      await federation.sql('enterprise').run(`TRUNCATE TABLE shop.${table}`);
});

test('writers and readers were at work all the time', async () => {
  const { batches, turned, reads } = await walk.stop();
  process.stdout.write(`${JSON.stringify({ rows: ROWS, batches, turned, reads })}\n`);
  expect(batches).toBeGreaterThan(20);
  expect(reads).toBeGreaterThan(20);
  expect(turned).toBeGreaterThanOrEqual(2);
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
  expect(markdown).toContain('community, answers reads and takes writes');
});

test('what was brought back keeps the way forward closed until it is dropped on the other side', async () => {
  const { errors } = await planned('network');
  expect(errors).toEqual([
    expect.stringMatching(/^federation-members-empty: .*enterprise holds .* rows in shop.orders/),
  ]);
});

test('what began before is waited for, and named where it does not end', async () => {
  const sql = federation.sql('community-1');
  const slow = sql.rows('SELECT sleepEachRow(0.6) FROM numbers(3)', { queryId: 'slow' });
  const running = "SELECT toUInt8(count()) FROM system.processes WHERE query_id = 'slow'";
  while ((await sql.rows<[number]>(running))[0]?.[0] === 0) await sleep(10);
  expect(await earlierQueries([sql], { patience: 0 })).toEqual(["'slow' on community-1"]);
  expect(await earlierQueries([sql], { only: 'Insert', patience: 0 })).toEqual([]);
  expect(await earlierQueries([sql], { patience: 60_000 })).toEqual([]);
  expect(await sql.rows(running)).toEqual([[0]]);
  expect(await slow).toHaveLength(3);
});
