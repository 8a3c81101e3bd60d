/** Applies killed at seeded points: one more apply always makes the servers as declared, and no row is ever lost. */
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { objections } from '../src/apply/gate.ts';
import { breakLock, readHolder } from '../src/apply/lock.ts';
import { runningStatements } from '../src/apply/statements.ts';
import { survey } from '../src/apply/survey.ts';
import { loadEstate } from '../src/commands/estate-options.ts';
import { unlock } from '../src/commands/unlock.ts';
import type { Server } from '../src/live/server.ts';
import { openSettled } from '../src/live/settled.ts';
import { plannedSteps } from '../src/model/plan.ts';
import { type FaultEstate, startFaultEstate } from './support/faults-estate.ts';
import { type Random, randomOf } from './support/faults-random.ts';
import { type CliRun, startApply } from './support/kill-cli.ts';
import { digests, fill, killState } from './support/kill-states.ts';
import { size } from './support/size.ts';

const SEED = 20_240_607;
const CASES = size(3, 60);

/** Stops every mutation before it begins; its ALTER waits. */
const PAUSE = 'mt_mutate_task_pause_in_prepare';

const print = (text: string): void => void process.stdout.write(`${text}\n`);

interface Measure {
  readonly requests: number;
  readonly milliseconds: number;
  readonly steps: number;
}

type Kill = {
  readonly at: string;
  readonly reached: (seen: { count: number; text: string }) => 'lost' | 'pass' | undefined;
};

/** One place for each case: spread over the whole run, at a request, at a row of the journal or at a moment. */
function killAt(random: Random, number: number, measure: Measure): Kill & { readonly after?: number } {
  const share = (number + random.below(1000) / 1000) / CASES;
  if (number % 4 === 1) {
    const after = Math.round(share * measure.milliseconds);
    return { at: `after ${after} ms`, after, reached: () => undefined };
  }
  const fate = random.chance(0.5) ? 'lost' : 'pass';
  if (number % 4 === 2) {
    const row = 1 + Math.floor(share * (measure.steps + 1));
    let rows = 0;
    return {
      at: `at row ${row} of the journal (${fate})`,
      reached: ({ text }) => (/^INSERT INTO `plumbline`/.test(text) && ++rows === row ? fate : undefined),
    };
  }
  const request = 1 + Math.floor(share * measure.requests);
  return {
    at: `at request ${request} (${fate})`,
    reached: ({ count }) => (count === request ? fate : undefined),
  };
}

async function runUntilKilled(
  estate: FaultEstate,
  kill: ReturnType<typeof killAt>,
  lockSeconds: number,
): Promise<CliRun> {
  const run = startApply(estate.folder, lockSeconds);
  let count = 0;
  let timer: NodeJS.Timeout | undefined;
  for (const proxy of estate.proxies) {
    proxy.decide = async ({ text }) => {
      count++;
      if (count === 1 && kill.after !== undefined)
        timer = setTimeout(() => run.signal('SIGKILL'), kill.after);
      const fate = kill.reached({ count, text });
      if (!fate) return 'pass';
      run.signal('SIGKILL');
      if (fate === 'lost') await run.ended;
      return fate;
    };
  }
  await run.ended;
  clearTimeout(timer);
  for (const proxy of estate.proxies) proxy.decide = () => 'pass';
  return run;
}

describe('an apply that is killed', () => {
  let estate: FaultEstate;
  let before: readonly unknown[];
  let measure: Measure;
  const caught: string[] = [];
  let midway = 0;

  const rowsOf = () => Promise.all(estate.sql.map(digests));

  beforeAll(async () => {
    estate = await startFaultEstate(2);
    await estate.write(killState(0));
    await estate.apply();
    await Promise.all(estate.sql.map(fill));
    before = await rowsOf();
  });
  afterAll(() => estate.stop());

  test('is measured by one that is not', async () => {
    await estate.write(killState(1));
    const steps = plannedSteps(await estate.plan()).length;
    let requests = 0;
    let began = 0;
    for (const proxy of estate.proxies) {
      proxy.decide = () => {
        began ||= Date.now();
        requests++;
        return 'pass';
      };
    }
    const run = startApply(estate.folder);
    expect(await run.ended, run.output()).toBe(0);
    measure = { requests, steps, milliseconds: Date.now() - began };
    expect(await rowsOf()).toEqual(before);
    print(`seed ${SEED}; a whole apply: ${JSON.stringify(measure)}`);
  });

  test.each(Array.from({ length: CASES }, (_, number) => number))(
    'leaves nothing behind: case %i',
    async (number) => {
      const random = randomOf(SEED + number);
      const kill = killAt(random, number, measure);
      const expires = number % 2 === 1;
      await estate.write(killState(number + 2));
      const run = await runUntilKilled(estate, kill, expires ? 1 : 60);

      const journal = await estate.sql[0]?.rows<[string, number]>(
        `SELECT outcome, toUInt32(count()) FROM plumbline.journal FINAL WHERE endsWith(actor, '(process ${run.pid})') GROUP BY outcome`,
      );
      const outcomes = Object.fromEntries(journal ?? []);
      const { done = 0, running = 0 } = outcomes;
      if (running > 0 || (done > 0 && done < measure.steps)) midway++;
      caught.push(`${number}: ${kill.at}: ${done} done, ${running} running of ${measure.steps}`);

      const first = estate.sql[0];
      const holder = first && (await readHolder(first));
      if (holder && !expires) {
        expect(holder.owner).toContain(`(process ${run.pid})`);
        if (plannedSteps(await estate.plan()).length > 0) {
          await expect(estate.apply()).rejects.toThrow(`(process ${run.pid}) (run ${holder.run})`);
        }
        let said = '';
        const output = {
          result: (text: string) => (said += text),
          note: () => {},
          colour: false,
          live: false,
        };
        await unlock({ estate: estate.folder, connectTimeout: 10 }, output);
        expect(said).toContain(`was locked by ${holder.owner} (run ${holder.run})`);
      } else if (holder) {
        await sleep(Math.max(0, holder.expiresIn * 1000) + 5);
      }

      const report = await estate.apply();
      expect(report.results.filter(({ outcome }) => outcome !== 'done')).toEqual([]);
      const plan = await estate.plan();
      expect(plannedSteps(plan)).toEqual([]);
      const nodes = plan.clusters.flatMap((cluster) => cluster.nodes);
      const left = nodes.flatMap(({ findings, unmanaged, unreadable }) => [findings, unmanaged, unreadable]);
      expect(left.flat().filter((found) => found !== undefined)).toEqual([]);
      expect(await rowsOf()).toEqual(before);
    },
  );

  test('was in the middle of its steps most of the time', () => {
    print(caught.join('\n'));
    expect(midway).toBeGreaterThanOrEqual(CASES / 3);
  });

  /** Kills an apply while the server is busy with a statement of its, and takes its lock away. */
  async function killAtWork(state: number): Promise<void> {
    const [first] = estate.sql;
    await estate.write(killState(state));
    await first?.run(`SYSTEM ENABLE FAILPOINT ${PAUSE}`);
    const run = startApply(estate.folder);
    let ended = false;
    run.ended.then(() => {
      ended = true;
    });
    // Only the one that waits for the fail point takes so long.
    const isBusy = async (server: Server): Promise<boolean> =>
      (await runningStatements(server, 5000)).some(({ seconds }) => seconds > 1);
    while (first && !ended && !(await isBusy(first))) await sleep(20);
    expect(ended, run.output()).toBe(false);
    run.signal('SIGKILL');
    await run.ended;
    if (first) await breakLock(first);
  }

  test('has its last statement waited for by the next apply', async () => {
    await killAtWork(CASES + 2);
    const next = estate.apply();
    await sleep(700);
    await estate.sql[0]?.run(`SYSTEM DISABLE FAILPOINT ${PAUSE}`);
    const { results, remaining } = await next;
    expect(results.filter(({ outcome }) => outcome !== 'done')).toEqual([]);
    expect(plannedSteps(remaining)).toEqual([]);
    expect(await rowsOf()).toEqual(before);
  });

  test('blocks the next one for as long as its last statement runs, which is named', async () => {
    await killAtWork(CASES + 3);
    const impatient = { settled: openSettled(join(estate.folder, 'settled.json')), connectTimeout: 1000 };
    const { plan, close } = await survey(await loadEstate(estate.folder), impatient);
    await close();
    const reasons = objections(plan, new Set(['destructive', 'rebuild']));
    expect(reasons).toEqual([
      expect.stringContaining('a statement of an apply that was killed is still at work'),
    ]);
    const [advice] = /KILL QUERY WHERE query_id = '[^']+'/.exec(reasons[0] ?? '') ?? [];
    await estate.sql[0]?.run(`SYSTEM DISABLE FAILPOINT ${PAUSE}`);
    await estate.sql[0]?.run(advice ?? '');
    const { remaining } = await estate.apply();
    expect(plannedSteps(remaining)).toEqual([]);
    expect(await rowsOf()).toEqual(before);
  });
});
