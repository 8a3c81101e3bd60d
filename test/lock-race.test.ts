/** One writer per cluster: whole applies that race for the lock, are paused while they hold it, or lose it. */
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { applyPlan } from '../src/apply/apply.ts';
import { breakLock, readHolder } from '../src/apply/lock.ts';
import type { Survey } from '../src/apply/survey.ts';
import { loadEstate } from '../src/commands/estate-options.ts';
import { newRun } from '../src/commands/identity.ts';
import { unlock } from '../src/commands/unlock.ts';
import type { Server } from '../src/live/server.ts';
import { openSettled } from '../src/live/settled.ts';
import { plannedSteps } from '../src/model/plan.ts';
import type { ApplyReport } from '../src/model/report.ts';
import { type FaultEstate, startFaultEstate } from './support/faults-estate.ts';
import { type Fate, type FaultProxy, isLook, isSwap, type SeenRequest } from './support/faults-proxy.ts';
import { type CliRun, startApply } from './support/kill-cli.ts';
import { size } from './support/size.ts';

let estate: FaultEstate;
let direct: Server;

function setFate(decide: FaultProxy['decide']): void {
  for (const proxy of estate.proxies) proxy.decide = decide;
}

beforeAll(async () => {
  estate = await startFaultEstate(1);
  direct = estate.sql[0] as Server;
  await estate.write(state(0));
  await estate.apply();
});
afterEach(async () => {
  setFate(() => 'pass');
  await breakLock(direct);
});
afterAll(() => estate.stop());

/** The n-th declaration: every object of it differs from the one before. */
const state = (n: number): Readonly<Record<string, string>> => ({
  'race.yaml': [
    `kind: Database\nname: race\non: test\ncomment: state ${n}`,
    ...['one', 'two', 'three', 'four'].map(
      (name) =>
        `kind: Table\ndatabase: race\nname: ${name}\ncomment: state ${n}\ncolumns: { k: UInt8 }\norder_by: k`,
    ),
  ].join('\n---\n'),
});

/** Steps that a process wrote down. */
async function stepsOf(run: CliRun): Promise<number> {
  const [row] = await direct.rows<[number]>(
    `SELECT toUInt32(count()) FROM plumbline.journal FINAL WHERE endsWith(actor, '(process ${run.pid})')`,
  );
  return row?.[0] ?? 0;
}

let pauses = 0;

/** Requests at whose sight the process is stopped, by their number: the answer finds it asleep. */
const PAUSES: readonly {
  readonly when: string;
  readonly is: (seen: SeenRequest) => boolean;
  readonly nth: number;
}[] = [
  { when: 'as it takes the lock', is: isSwap, nth: 1 },
  { when: 'as it asks whether the lock is still its own', is: isLook, nth: 3 },
  {
    when: 'as it writes down that a step begins',
    is: ({ text }) => /^INSERT INTO .*"running"/s.test(text),
    nth: 2,
  },
  { when: 'as it runs a statement', is: ({ text }) => text.startsWith('ALTER TABLE `race`'), nth: 2 },
];

async function applyAgreed(agreed: Survey): Promise<ApplyReport> {
  return applyPlan(await loadEstate(estate.folder), agreed, {
    settled: openSettled(join(estate.folder, 'other.json')),
    connectTimeout: 10_000,
    identity: await newRun(estate.folder),
    allowed: new Set(),
    lockSeconds: 60,
    progress: { started: () => {}, ended: () => {} },
    shouldStop: () => false,
  });
}

describe('two applies', () => {
  test('that start from the same plan: one writes, the other names it within five seconds', {
    timeout: 600_000,
  }, async () => {
    const rounds = size(2, 20);
    let slowest = 0;
    for (let round = 1; round <= rounds; round++) {
      await estate.write(state(round));
      let waiting: (() => void)[] = [];
      let raced = 0;
      let began = 0;
      setFate((seen) => {
        if (!isLook(seen) || ++raced > 2) return 'pass';
        return new Promise((done) => {
          waiting.push(() => done('pass'));
          if (raced < 2) return;
          began = Date.now();
          for (const go of waiting) go();
          waiting = [];
        });
      });
      const runs = [startApply(estate.folder), startApply(estate.folder)];
      const ends = await Promise.all(
        runs.map(async (run) => ({ run, code: await run.ended, milliseconds: Date.now() - began })),
      );
      expect(began, runs.map((run) => run.output()).join('\n')).toBeGreaterThan(0);
      const [winner, loser] = ends.sort((a, b) => (a.code ?? 9) - (b.code ?? 9));
      expect(winner?.code, winner?.run.output()).toBe(0);
      expect(loser?.code, loser?.run.output()).toBe(1);
      expect(loser?.run.output()).toMatch(
        new RegExp(`is locked by .*\\(process ${winner?.run.pid}\\) \\(run `),
      );
      expect(loser?.milliseconds).toBeLessThan(5000);
      slowest = Math.max(slowest, loser?.milliseconds ?? 0);
      expect(winner && (await stepsOf(winner.run))).toBe(5);
      expect(loser && (await stepsOf(loser.run))).toBe(0);
      expect(plannedSteps(await estate.plan())).toEqual([]);
    }
    process.stdout.write(`${rounds} races; the slowest refusal took ${slowest} ms\n`);
  });

  test('one after the other: the second finds that the plan moved', async () => {
    await estate.write(state(100));
    const [first, second] = [await estate.survey(), await estate.survey()];
    expect(second.plan.digest).toBe(first.plan.digest);
    await estate.apply();
    await expect(applyAgreed(second)).rejects.toMatchObject({
      reasons: expect.arrayContaining(['database race on test needs nothing any more']),
    });
    await Promise.all([first.close(), second.close()]);
    expect(await readHolder(direct)).toBeUndefined();
  });

  test.each(PAUSES)(
    'the first is paused $when until the second is through: it writes nothing more',
    async ({ is, nth }) => {
      await estate.write(state(++pauses + 200));
      const run = startApply(estate.folder, 1);
      await new Promise<void>((paused) => {
        let count = 0;
        setFate((seen) => {
          if (is(seen) && ++count === nth) {
            run.signal('SIGSTOP');
            paused();
          }
          return 'pass';
        });
      });
      await sleep(1100);
      const report = await estate.apply();
      expect(report.results.filter(({ outcome }) => outcome !== 'done')).toEqual([]);
      expect(plannedSteps(report.remaining)).toEqual([]);
      const after: string[] = [];
      setFate(({ text }) => {
        if (/^(CREATE|ALTER|DROP) (?!TEMPORARY)/.test(text) && !text.includes('`plumbline`'))
          after.push(text);
        return 'pass';
      });
      run.signal('SIGCONT');
      expect(await run.ended, run.output()).toBe(1);
      expect(after).toEqual([]);
      expect(plannedSteps(await estate.plan())).toEqual([]);
    },
  );

  test('and an unlock in between: it names the holder, who stops before its next statement', async () => {
    await estate.write(state(400));
    const run = startApply(estate.folder);
    let said = '';
    let looks = 0;
    setFate(async (seen): Promise<Fate> => {
      if (isLook(seen) && ++looks === 4) {
        const output = {
          result: (text: string) => (said += text),
          note: () => {},
          colour: false,
          live: false,
        };
        await unlock({ estate: estate.folder, connectTimeout: 10 }, output);
      }
      return 'pass';
    });
    expect(await run.ended).toBe(1);
    expect(said).toMatch(
      new RegExp(`^Cluster test was locked by .*\\(process ${run.pid}\\) \\(run .*\\); the lock is removed`),
    );
    expect(run.output()).toContain(
      'nothing was run: The lock of cluster test was removed while this run held it.',
    );
    expect(plannedSteps(await estate.plan()).length).toBeGreaterThan(0);
    await estate.apply();
  });
});
