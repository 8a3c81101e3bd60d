/**
 * What a rollback of a federation costs over a bare `INSERT SELECT` of the same rows into the same shards, in one run, round after round:
 * copying, proving and attaching every partition. `npx tsx bench/federation.ts [rows] [partitions] [rounds]`
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { applyPlan } from '../src/apply/apply.ts';
import { survey } from '../src/apply/survey.ts';
import { newRun } from '../src/commands/identity.ts';
import { openSettled } from '../src/live/settled.ts';
import type { PlannedStep } from '../src/model/plan.ts';
import { NODES, SHOP, stageYaml, startFederation } from '../test/support/federation-estate.ts';

const say = (line: string): void => void process.stdout.write(`${line}\n`);

const [ROWS, PARTITIONS, ROUNDS] = [10_000_000, 1, 3].map((own, at) =>
  Number(process.argv[at + 2] ?? own),
) as [number, number, number];
const SHARDS = ['community-1', 'community-2'];

const SCHEMA = `${SHOP}kind: Table
database: shop
name: orders
columns: { id: UInt64, batch: UInt16, day: Date, total: Float64, note: String }
partition_by: batch
order_by: id
`;

/** Rows are left for the next round, and so is the stage. */
const OVERRIDES =
  'overrides: { members-empty: the next round reads them, one-stage: the next round begins anew }\n';

const FILL = `INSERT INTO shop.orders SELECT number, intDiv(number * ${PARTITIONS}, ${ROWS}), toDate('2026-01-01') + number % 90, number / 7,
  toString(cityHash64(number)) FROM numbers(${ROWS}) SETTINGS max_partitions_per_insert_block = 0`;

/** What the rollback puts them in one by one; here it is one statement for each shard, without any proof. */
const bareCopy = (shard: number, settings: string): string =>
  `INSERT INTO shop.bare SELECT * FROM cluster('enterprise', 'shop', 'orders') WHERE cityHash64(id) % ${SHARDS.length} = ${shard}
   SETTINGS max_partitions_per_insert_block = 0${settings}`;

/** As the rollback copies. */
const SAME =
  ', max_threads = 1, max_insert_threads = 2, optimize_on_insert = 0, preferred_block_size_bytes = 8388608';

interface Cost {
  /** Seconds by the clock. */
  readonly wall: number;
  /** Seconds of work of all servers' queries, without merges. */
  readonly cpu: number;
}

const folder = await mkdtemp(join(tmpdir(), 'plumbline-bench-'));
const federation = await startFederation();

/** What the servers spent between two moments, in seconds, by what it was spent for. */
async function spent(from: number, to: number): Promise<Map<string, number>> {
  const all = new Map<string, number>();
  for (const name of NODES) {
    const server = federation.sql(name);
    await server.run('SYSTEM FLUSH LOGS query_log');
    const rows = await server.rows<[string, number]>(
      `SELECT multiIf(query LIKE '%groupBitXor%', 'digests', query LIKE 'INSERT INTO _plumbline_._export%' OR query LIKE 'INSERT INTO shop.bare%',
         'copies: written', NOT is_initial_query, 'copies: read', 'all else') AS what, sum(ProfileEvents['OSCPUVirtualTimeMicroseconds']) / 1e6
       FROM system.query_log WHERE type = 'QueryFinish' AND query_kind != 'System'
         AND event_time_microseconds BETWEEN fromUnixTimestamp64Milli(${from}) AND fromUnixTimestamp64Milli(${to}) GROUP BY what`,
    );
    for (const [what, seconds] of rows) {
      const where = name === 'enterprise' ? 'source' : 'target';
      const label = what === 'digests' ? `digests: ${where}` : what;
      all.set(label, (all.get(label) ?? 0) + seconds);
    }
  }
  return all;
}

const sum = (parts: ReadonlyMap<string, number>): number => [...parts.values()].reduce((a, b) => a + b, 0);

async function bare(settings: string): Promise<Cost> {
  for (const name of SHARDS)
    await federation.sql(name).run('CREATE OR REPLACE TABLE shop.bare AS shop.orders');
  const began = Date.now();
  await Promise.all(SHARDS.map((name, at) => federation.sql(name).run(bareCopy(at, settings))));
  const ended = Date.now();
  const cost = { wall: (ended - began) / 1000, cpu: sum(await spent(began, ended)) };
  for (const name of SHARDS) await federation.sql(name).run('DROP TABLE shop.bare SYNC');
  return cost;
}

interface Rollback extends Cost {
  /** Seconds by the clock of each part of it, by name. */
  readonly parts: ReadonlyMap<string, number>;
  readonly spent: ReadonlyMap<string, number>;
}

const partOf = ({ step }: PlannedStep): string | undefined =>
  step.export?.act ?? (step.stage ? 'prove' : undefined);

async function rollback(): Promise<Rollback> {
  await federation.declare(stageYaml('network', OVERRIDES), SCHEMA);
  await federation.apply();
  for (const name of SHARDS) await federation.sql(name).run('TRUNCATE TABLE shop.orders SYNC');
  await federation.declare(stageYaml('compatibility', OVERRIDES), SCHEMA);
  const estate = await federation.estate();
  const options = { settled: openSettled(join(folder, 'settled.json')), connectTimeout: 10_000 };
  const agreed = await survey(estate, options);
  const windows = new Map<string, [number, number]>();
  const at = (planned: PlannedStep): void => {
    const part = partOf(planned);
    if (part) windows.set(part, [windows.get(part)?.[0] ?? Date.now(), Date.now()]);
  };
  const report = await applyPlan(estate, agreed, {
    ...options,
    restart: federation.restart,
    identity: await newRun(folder),
    allowed: new Set(),
    lockSeconds: 60,
    progress: { started: at, ended: ({ planned }) => at(planned) },
    shouldStop: () => false,
  }).finally(agreed.close);
  const failed = report.results.filter(({ outcome }) => outcome !== 'done');
  if (failed.length > 0) throw new Error(`not done: ${failed.map(({ error }) => error).join('; ')}`);
  const parts = new Map([...windows].map(([part, [from, to]]) => [part, (to - from) / 1000]));
  const work = new Map<string, number>();
  for (const [from, to] of windows.values())
    for (const [what, seconds] of await spent(from, to)) work.set(what, (work.get(what) ?? 0) + seconds);
  return { wall: sum(parts), cpu: sum(work), parts, spent: work };
}

const shown = (value: number): string => value.toFixed(2).padStart(7);
const list = (parts: ReadonlyMap<string, number>): string =>
  [...parts].map(([name, seconds]) => `${name} ${seconds.toFixed(2)}`).join(', ');

function tell(name: string, costs: readonly Cost[]): Cost {
  const best = {
    wall: Math.min(...costs.map(({ wall }) => wall)),
    cpu: Math.min(...costs.map(({ cpu }) => cpu)),
  };
  const all = costs.map(({ wall }) => wall.toFixed(2)).join(', ');
  say(`${name.padEnd(44)}${shown(best.wall)} s ${shown(best.cpu)} s   (${all})`);
  return best;
}

try {
  await federation.declare(stageYaml('network', OVERRIDES), SCHEMA);
  await federation.apply();
  await federation.sql('enterprise').run(FILL);
  await federation.sql('enterprise').run('OPTIMIZE TABLE shop.orders FINAL');
  const expected = await federation.content(['enterprise']);
  const [own, plain, ours]: [Cost[], Cost[], Rollback[]] = [[], [], []];
  for (let round = 0; round < ROUNDS; round++) {
    own.push(await bare(SAME));
    ours.push(await rollback());
    if ((await federation.content(SHARDS)) !== expected) throw new Error('other rows came back');
    plain.push(await bare(''));
  }
  say(
    `${ROWS} rows in ${PARTITIONS} partitions, from one server to ${SHARDS.length} shards; best of ${ROUNDS} rounds: clock, CPU of all servers`,
  );
  const same = tell('bare INSERT SELECT, all shards at once', own);
  const usual = tell('the same with the settings of the server', plain);
  const all = tell('rollback: copied, proven, attached, proven', ours);
  const last = ours.at(-1);
  if (last) {
    say(`  the last by the clock: ${list(last.parts)}`);
    say(`  the last by CPU: ${list(last.spent)}`);
    const each = [...last.parts].map(
      ([part, seconds]) => `${part} ${((seconds * 1000) / PARTITIONS).toFixed(1)} ms`,
    );
    say(`  for each partition on all shards: ${each.join(', ')}`);
  }
  const ratio = (a: Cost, b: Cost): string =>
    `${(a.wall / b.wall).toFixed(2)} by the clock, ${(a.cpu / b.cpu).toFixed(2)} by CPU`;
  say(`speed over a bare INSERT SELECT with the same settings: ${ratio(same, all)}`);
  say(`speed over one with the settings of the server: ${ratio(usual, all)}`);
} finally {
  await federation.stop();
  await rm(folder, { recursive: true, force: true });
}
