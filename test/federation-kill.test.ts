/** Changes of stages that are killed, the tool or a server, at seeded points: whatever was under way, the next applies end it, and no row is lost or doubled. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { STAGES, type Stage } from '../src/model/federation.ts';
import { randomOf } from './support/faults-random.ts';
import { fillOrders, NODES, ORDERS, stageYaml } from './support/federation-estate.ts';
import { type Kill, type Killable, startKillable, type Victim } from './support/federation-killable.ts';
import { size } from './support/size.ts';

const SEED = 20_261_120;
const ROWS = size(3_000, 60_000);

const COMMUNITY = NODES.slice(0, 2);
const VICTIMS: readonly Victim[] = ['tool', 'community-1', 'tool', 'enterprise', 'tool', 'community-2'];
/** Rounds begin anew without the stages between. */
const KEYS =
  'overrides: { one-stage: a round begins anew, writes-moved: nobody writes, reads-whole: nobody writes }\n';

let killable: Killable;
beforeAll(async () => {
  killable = await startKillable();
  await killable.federation.enter('network', KEYS);
});
afterAll(() => killable?.stop());

const print = (text: string): void => void process.stdout.write(`${text}\n`);

const declare = (stage: Stage, keys = ''): Promise<void> =>
  killable.federation.declare(stageYaml(stage, KEYS + keys), ORDERS);

/** Where the request came that was struck, as a word or two. */
const nameOf = (request = 'nothing'): string =>
  /INSERT INTO `plumbline`\.`\w+`|ATTACH PARTITION|MODIFY SETTING|RESET SETTING|CREATE TABLE|DROP TABLE|INSERT INTO|SELECT/.exec(
    request,
  )?.[0] ?? request.slice(0, 20);

async function nothingIsLeft(): Promise<void> {
  for (const node of COMMUNITY) {
    const rows = await killable.federation.sql(node).rows(
      `SELECT name FROM system.tables WHERE (database = 'plumbline' AND startsWith(name, 'export_'))
         OR (database = 'shop' AND engine_full LIKE '%max_bytes_to_merge%')`,
    );
    expect(rows).toEqual([]);
  }
}

/** Rows of the reading cluster, and of the member that leaves; each round has others. */
async function fill(round: number): Promise<string> {
  const { federation } = killable;
  const first = 4 * round * ROWS;
  await federation.sql('community-1').run(fillOrders(first, ROWS));
  for (const from of [first + 2 * ROWS, first + 3 * ROWS])
    await federation.sql('enterprise').run(fillOrders(from, ROWS / 2));
  return federation.content();
}

async function clear(): Promise<void> {
  for (const node of NODES) await killable.federation.sql(node).run('TRUNCATE TABLE shop.orders');
}

const seconds = (since: number): string => `${((Date.now() - since) / 1000).toFixed(1)} s`;

test('a rollback whose tool is killed, and then a server, is ended by the next apply', async () => {
  const before = await fill(0);
  await declare('compatibility');
  const tool = { victim: 'tool', at: /INSERT INTO .*`export_/, after: 5, fate: 'pass' } as const;
  expect((await killable.applyKilled(tool)).struck).toBeDefined();
  let killed: Promise<void> | undefined;
  await killable.untilDone(({ node, step }) => {
    if (node === 'community-1' && step.export?.act === 'attach') killed ??= killable.strike(node, 10);
  });
  expect(killed).toBeDefined();
  await killed;
  expect(await killable.federation.content(COMMUNITY)).toBe(before);
  await nothingIsLeft();
});

const ROUNDS = Array.from({ length: size(0, 30) }, (_, at) => at + 1);

let whole = 0;

test.each(ROUNDS)('a kill at a seeded point of a rollback: %i', async (round) => {
  const { federation } = killable;
  if (whole === 0) {
    await clear();
    await federation.enter('network', KEYS);
    await fill(round + ROUNDS.length);
    await declare('compatibility');
    const { requests } = await killable.applyKilled();
    whole = requests.findIndex((text) => /INSERT INTO `plumbline`.`federation_stages`/.test(text));
    print(`seed ${SEED}, ${ROUNDS.length} kills within ${whole} requests, ${2 * ROWS} rows each`);
  }
  await clear();
  await federation.enter('network', KEYS);
  const before = await fill(round);
  const random = randomOf(SEED + round);
  const kill: Kill = {
    victim: VICTIMS[(round - 1) % VICTIMS.length] ?? 'tool',
    at: 1 + Math.floor(((round - 1 + random.below(1000) / 1000) / ROUNDS.length) * whole),
    after: random.below(20),
    fate: random.chance(0.5) ? 'pass' : 'lost',
  };
  await declare('compatibility');
  const began = Date.now();
  const { struck } = await killable.applyKilled(kill);
  const applies = await killable.untilDone();
  print(`${round}: ${kill.victim} at ${kill.at}, ${nameOf(struck)}: ${applies} more, ${seconds(began)}`);
  expect(await federation.content(COMMUNITY)).toBe(before);
  await nothingIsLeft();
});

const FORWARD: readonly (readonly [Stage, string])[] = [
  ['network', ''],
  ['switchover', ''],
  ['decommission', 'kept: [community-1]\n'],
  ['final', 'kept: [community-1]\n'],
  ['switchover', ''],
  ['compatibility', ''],
];

test.each(FORWARD.slice(0, size(0, FORWARD.length)))('a kill on the way into %s', async (stage, keys) => {
  const { federation } = killable;
  if (stage === 'network') await clear();
  const isFirst = (await federation.content()) === '0 0';
  await declare(stage, keys);
  const random = randomOf(SEED + STAGES.indexOf(stage));
  const victim = VICTIMS[random.below(VICTIMS.length)] ?? 'tool';
  const before = await federation.content();
  const { struck } = await killable.applyKilled({
    victim,
    at: 2 + random.below(10),
    after: 0,
    fate: 'pass',
  });
  const applies = await killable.untilDone();
  print(`${stage}: ${victim} at ${nameOf(struck)}: ${applies} more`);
  const entered = await federation
    .sql('community-1')
    .rows('SELECT stage FROM plumbline.federation_stages ORDER BY entered DESC LIMIT 1');
  expect(entered).toEqual([[stage]]);
  expect(await federation.content(stage === 'compatibility' ? COMMUNITY : NODES)).toBe(before);
  if (isFirst) await federation.sql('enterprise').run(fillOrders(0, ROWS));
});
