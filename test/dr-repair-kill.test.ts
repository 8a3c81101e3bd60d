/** Kills the tool, the passive and the active site in the midst of repairs: one more run completes them, with every row once. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Server, ServerError } from '../src/live/server.ts';
import { type RepairSites, repairTables, startRepairSites } from './support/dr-repair-sites.ts';
import { randomOf } from './support/faults-random.ts';
import { size } from './support/size.ts';

const SEED = 20_261_120;
const ROWS = size(60_000, 600_000);

let sites: RepairSites;
beforeAll(async () => {
  sites = await startRepairSites();
  await sites.run(
    'CREATE TABLE dr.events (day Date, k UInt32, v Nullable(String)) ENGINE = MergeTree PARTITION BY day ORDER BY k',
  );
  await sites.active.run(
    `INSERT INTO dr.events SELECT toDate('2026-01-01') + number % 3, number, hex(sipHash64(number)) FROM numbers(${ROWS})`,
  );
});
afterAll(() => sites.stop());

const ALL = 'SELECT toString(count()), toString(sum(cityHash64(tuple(*)))) FROM dr.events';

/** One partition is missing, one lacks most of its rows, one has a row of other content. */
async function spoil(): Promise<void> {
  const { passive } = sites;
  await passive.run('TRUNCATE TABLE dr.events SYNC');
  await passive.run(
    `INSERT INTO dr.events SELECT toDate('2026-01-01') + number % 3, number, if(number = 300, NULL, hex(sipHash64(number)))
     FROM numbers(${ROWS}) WHERE number % 3 = 0 OR (number % 3 = 1 AND number < ${ROWS / 10})`,
  );
}

const VICTIMS = ['tool', 'passive', 'active'] as const;

/** A repair of three partitions has 18 statements: every partition's create, clone, copy, swap and drop come up. */
function points(): { victim: (typeof VICTIMS)[number]; at: number; after: number; concurrency: number }[] {
  const random = randomOf(SEED);
  return Array.from({ length: size(4, 144) }, (_, number) => ({
    victim: VICTIMS[number % 3] ?? 'tool',
    at: random.below(17),
    after: random.below(3) * 4,
    concurrency: number % 2 === 0 ? 3 : 1,
  }));
}

const program = fileURLToPath(new URL('support/dr-repair-process.ts', import.meta.url));

async function runTool(at: number, after: number, concurrency: number): Promise<void> {
  const orders = JSON.stringify({ addresses: sites.addresses, tables: ['events'], at, after, concurrency });
  const child = spawn(process.execPath, ['--import', 'tsx', program, orders], { stdio: 'ignore' });
  await once(child, 'exit');
}

/** Statements go on after the death of whoever sent them; apply waits for them before it plans. */
async function awaitStatements(): Promise<void> {
  const busy = `SELECT count() FROM system.processes WHERE startsWith(query_id, 'plumbline-')`;
  while (Number((await sites.passive.rows(busy))[0]?.[0]) > 0) await sleep(20);
}

describe('a kill', () => {
  // What a server does that is killed in the midst of REPLACE PARTITION: it has the new parts by then, and the old ones still.
  const halfSwap = (statement: string): string => statement.replace('REPLACE PARTITION', 'ATTACH PARTITION');

  it.each([1, 2])(
    'that cut a swap short %i times leaves no row doubled, behind the next repair',
    async (times) => {
      for (const [more, count] of [
        ['', 0],
        [`INSERT INTO dr.events VALUES ('2026-01-01', 4000000000, 'only here')`, 1],
      ] as const) {
        await spoil();
        let [left, swaps] = [0, 0];
        const passive: Server = {
          ...sites.passive,
          async run(statement, options) {
            if (left > 0) throw new ServerError(sites.passive.node, undefined, 'killed');
            const swap = /REPLACE PARTITION ID '20260101'/.test(statement);
            if (!swap) return sites.passive.run(statement, options);
            left = 1;
            swaps++;
            return sites.passive.run(halfSwap(statement), options);
          },
        };
        for (let time = 0; time < times; time++) {
          left = 0;
          await repairTables({ active: sites.active, passive }, ['events']);
        }
        expect(swaps).toBe(times);
        if (more) await sites.passive.run(more);
        await sites.repair(['events']);
        const [active, after] = await Promise.all([sites.active.rows(ALL), sites.passive.rows(ALL)]);
        // Rows that came since are nobody's to remove.
        if (count === 0) expect(after).toEqual(active);
        else
          expect(
            await sites.passive.rows('SELECT toUInt8(count()) FROM dr.events WHERE k = 4000000000'),
          ).toEqual([[1]]);
        expect(await sites.stagings()).toEqual([]);
      }
    },
  );

  const runs = points();

  it.each(runs)(
    'of the $victim, $after ms after the statement $at, with $concurrency at a time',
    async (run) => {
      const { victim, at, after, concurrency } = run;
      await spoil();
      if (victim === 'tool') await runTool(at, after, concurrency);
      else {
        const before = async (statement: number): Promise<void> => {
          if (statement !== at) return;
          const kill = sleep(after).then(() => sites.kill(victim));
          if (after === 0) await kill;
        };
        await sites.repair(['events'], { before, concurrency }).catch(() => {});
      }
      await sites.revive();
      await awaitStatements();
      const { errors, refused } = await sites.repair(['events']);
      expect([errors, refused]).toEqual([{}, []]);
      const [active, passive] = await Promise.all([sites.active.rows(ALL), sites.passive.rows(ALL)]);
      expect(passive).toEqual(active);
      const again = await sites.repair(['events']);
      expect(again.compared.map(({ verdict }) => verdict)).toEqual(['equal', 'equal', 'equal']);
      expect(await sites.stagings()).toEqual([]);
    },
  );
});
