/** Rebuilds whose apply is killed, or loses an answer, at every phase, under writers and readers: the next apply completes them. */
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readHolder } from '../src/apply/lock.ts';
import { planFindings, plannedSteps } from '../src/model/plan.ts';
import { qualified } from '../src/sql/quote.ts';
import { type FaultEstate, startFaultEstate } from './support/faults-estate.ts';
import type { Fate } from './support/faults-proxy.ts';
import { randomOf } from './support/faults-random.ts';
import { startApply } from './support/kill-cli.ts';
import {
  eventsWith,
  expectedRows,
  foundRows,
  rowsOf,
  startTraffic,
  type Traffic,
} from './support/rebuild-traffic.ts';
import { size } from './support/size.ts';

const SEED = 20_261_120;
const ROWS = size(20_000, 1_000_000);

/** The requests of a rebuild at which it stops, in the order in which they come. */
const PHASES: readonly (readonly [string, RegExp])[] = [
  ['creating the new table', /^CREATE TABLE `shop`.`events_plumbline_new/],
  ['holding the old table', /^ALTER TABLE `shop`.`events` MODIFY SETTING enable_block_number_column/],
  ['copying', /^INSERT INTO `shop`.`events_plumbline_new/],
  ['proving', /^SELECT toString\(count\(\)\).*events_plumbline_new/s],
  ['making inserts wait', /MODIFY SETTING parts_to_delay_insert/],
  ['remembering', /"phase":"exchanged"/],
  ['exchanging', /^EXCHANGE TABLES/],
  ['gathering late rows', /^INSERT INTO `shop`.`events_plumbline_late/],
  ['remembering late rows', /moving/],
  ['moving late rows', /MOVE PARTITION/],
  ['giving back', /^ALTER TABLE `shop`.`events_plumbline_new.* RESET SETTING/],
  ['naming the old table', /^RENAME TABLE/],
];

interface Case {
  readonly phase: string;
  readonly at: RegExp;
  readonly fate: Fate;
  readonly kill: boolean;
}

/** In CI every phase once, in one of the three ways; in a soak run all of them, again and again. */
function cases(): Case[] {
  const random = randomOf(SEED);
  const ways: readonly Pick<Case, 'fate' | 'kill'>[] = [
    { fate: 'lost', kill: true },
    { fate: 'pass', kill: true },
    { fate: 'answered', kill: false },
  ];
  const all = Array.from({ length: size(1, 5) }, () =>
    PHASES.flatMap(([phase, at], number) => {
      const chosen = size(1, 0) === 1 ? [ways[(number + random.below(2)) % 3] ?? ways[0]] : ways;
      return chosen.flatMap((way) => (way ? [{ phase, at, ...way }] : []));
    }),
  );
  return all.flat();
}

const CASES = cases().filter((_case, at) => at % size(6, 1) === 0);

const events = (number: number): string =>
  eventsWith(
    `order_by: ${number % 2 === 0 ? 'id' : '[writer, id]'}\npartition_by: writer % ${(number % 3) + 1}`,
  );

describe(`a rebuild that is stopped, seed ${SEED}`, () => {
  let estate: FaultEstate;
  let traffic: Traffic;
  const reached: string[] = [];
  const sql = () => estate.sql[0] as FaultEstate['sql'][number];

  beforeAll(async () => {
    estate = await startFaultEstate(1);
    await estate.write({ 'shop.yaml': events(0) });
    await estate.apply();
    await sql().run(`INSERT INTO shop.events (id, writer, day, value) ${rowsOf(0, ROWS)}`);
    const port = estate.servers[0]?.httpPort ?? 0;
    traffic = startTraffic({ port, table: 'shop.events', writers: 2, readers: 1, pause: 50 });
  });
  afterAll(() => estate.stop());

  test.each(
    CASES.map(
      (one, number) =>
        [`${one.phase}: ${one.kill ? 'killed' : 'no answer'}, ${one.fate}`, one, number] as const,
    ),
  )('%s', async (_name, { at, fate, kill, phase }, number) => {
    const [proxy] = estate.proxies;
    await estate.write({ 'shop.yaml': events(number + 1) });
    const run = startApply(estate.folder, 1);
    let done = false;
    if (proxy)
      proxy.decide = async ({ text }) => {
        if (done || !at.test(text)) return 'pass';
        done = true;
        reached.push(phase);
        if (kill) run.signal('SIGKILL');
        if (kill && fate === 'lost') await run.ended;
        return fate;
      };
    await run.ended;
    if (proxy) proxy.decide = () => 'pass';
    const holder = await readHolder(sql());
    if (holder) await sleep(Math.max(0, holder.expiresIn * 1000) + 5);

    const { results } = await estate.apply();
    expect(results.filter(({ outcome }) => outcome !== 'done').map(({ error }) => error)).toEqual([]);
    const plan = await estate.plan();
    expect(plannedSteps(plan).map(({ step }) => step.statements)).toEqual([]);
    expect(planFindings(plan).filter(({ rule }) => rule !== 'kept-after-rebuild')).toEqual([]);
    const unmanaged = plan.clusters.flatMap(({ nodes }) => nodes.flatMap((node) => node.unmanaged));
    for (const { path } of unmanaged) {
      expect(path[1]).toMatch(/^events_plumbline_old_[0-9a-f]{8}$/);
      await sql().run(`DROP TABLE ${qualified(path)} SYNC`);
    }
  });

  test('was reached at nearly every phase, and no row is lost or there twice', async () => {
    const { sent, slowest, reads } = await traffic.stop();
    process.stdout.write(`${sent} rows sent, slowest INSERT ${slowest} ms, ${reads} reads\n`);
    const [expected] = await sql().rows<[string, string]>(expectedRows(ROWS, sent));
    expect(await sql().rows(foundRows('shop.events'))).toEqual([expected]);
    const seen = await sql().rows('SELECT toString(count()), toString(uniqExact(id, writer)) FROM shop.seen');
    expect(seen).toEqual([[expected?.[0], expected?.[0]]]);
    expect(reached.length).toBeGreaterThanOrEqual(CASES.length * 0.7);
  });
});
