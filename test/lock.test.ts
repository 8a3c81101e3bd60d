/** The lock's protocol under every attack: whoever is slow, late, paused or gone, nobody believes to hold what another holds. */

import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { keepLocked } from '../src/apply/keep-locked.ts';
import { breakLock, type Lock, LockedError, readHolder, takeLock } from '../src/apply/lock.ts';
import { connect, type Server } from '../src/live/server.ts';
import { PlumblineError } from '../src/model/errors.ts';
import { type FaultEstate, startFaultEstate } from './support/faults-estate.ts';
import { type Fate, type FaultProxy, isLook, isSwap } from './support/faults-proxy.ts';
import { randomOf } from './support/faults-random.ts';
import { size } from './support/size.ts';

const SEED = 51_966;
const print = (text: string): void => void process.stdout.write(`${text}\n`);

let estate: FaultEstate;
let direct: Server;
const connections: Server[] = [];

/** A connection of its own, through the proxy, as another process would have. */
function newServer(): Server {
  const server = connect({ ...direct.node, httpPort: estate.ports[0] ?? 0 });
  connections.push(server);
  return server;
}

const take = (run: string, seconds = 60, server = newServer()): Promise<Lock> =>
  takeLock(server, 'test', { run, owner: `owner of ${run}`, seconds });

const holder = async (): Promise<string | undefined> => (await readHolder(direct))?.run;

function setFate(decide: FaultProxy['decide']): void {
  for (const proxy of estate.proxies) proxy.decide = decide;
}

/** Holds the lock like a process that will be killed: it never renews, and never lets go. */
const holdAndDie: typeof keepLocked = async (server, cluster, holder) => {
  const lock = await takeLock(server, cluster, holder);
  return {
    async check() {
      const asked = Date.now();
      const left = (await lock.verify()) * 1000;
      if (Date.now() - asked >= left) throw new PlumblineError('too late');
    },
    release: async () => {},
  };
};

/** A promise, and what settles it. */
function gate(): [Promise<void>, () => void] {
  let open = (): void => {};
  const opened = new Promise<void>((done) => {
    open = done;
  });
  return [opened, open];
}

beforeAll(async () => {
  estate = await startFaultEstate(1);
  direct = estate.sql[0] as Server;
});
afterEach(async () => {
  setFate(() => 'pass');
  await breakLock(direct);
  await Promise.all(connections.splice(0).map((server) => server.close()));
});
afterAll(() => estate.stop());

describe('the lock', () => {
  test('is nobody’s, somebody’s and nobody’s again', async () => {
    expect(await readHolder(direct)).toBeUndefined();
    const lock = await take('a');
    expect(await readHolder(direct)).toMatchObject({ run: 'a', owner: 'owner of a' });
    expect(await lock.verify()).toBeGreaterThan(59);
    await expect(take('b')).rejects.toThrow(/locked by owner of a \(run a\).*expires in \d+ s/);
    await lock.release();
    expect(await readHolder(direct)).toBeUndefined();
    await (await take('b')).release();
  });

  test('is refused for no time at all', async () => {
    await expect(take('a', 0)).rejects.toThrow('number of seconds');
    await expect(take('a', Number.NaN)).rejects.toThrow('number of seconds');
  });

  test('keeps names that look like its own words', async () => {
    for (const run of ['free', 'a until 5', "it's `quoted` \\ too"]) {
      const lock = await take(run);
      expect(await readHolder(direct)).toMatchObject({ run, owner: `owner of ${run}` });
      await lock.renew();
      await lock.release();
      expect(await readHolder(direct)).toBeUndefined();
    }
  });

  test('is one lock for two clusters on one server, and lost by both at once', async () => {
    const first = await take('a');
    const second = await take('a');
    await second.release();
    expect(await holder()).toBe('a');
    await breakLock(direct);
    await take('b');
    await expect(first.verify()).rejects.toThrow(LockedError);
    await expect(second.verify()).rejects.toThrow(LockedError);
  });

  test('goes to exactly one of five who find it expired, however old it is', async () => {
    const rounds = size(15, 300);
    for (let round = 0; round < rounds; round++) {
      await take(`dead-${round}`, 0.001);
      await sleep(5);
      const takers = await Promise.allSettled(Array.from({ length: 5 }, (_, n) => take(`${round}-${n}`)));
      const winners = takers.flatMap((taker, n) => (taker.status === 'fulfilled' ? [`${round}-${n}`] : []));
      expect(winners).toEqual([await holder()]);
      for (const taker of takers) {
        if (taker.status === 'rejected') expect(taker.reason).toBeInstanceOf(LockedError);
      }
      await breakLock(direct);
    }
  });

  test('is not taken by one who saw it expired and was slow, when another was faster', async () => {
    await take('dead', 0.001);
    await sleep(5);
    const [held, release] = gate();
    setFate(async (seen): Promise<Fate> => {
      if (isSwap(seen) && seen.text.includes('slow')) await held;
      return 'pass';
    });
    const slow = take('slow');
    await sleep(100);
    const fast = await take('fast', 0.2);
    await fast.release();
    const third = await take('third');
    release();
    await expect(slow).rejects.toThrow('(run third)');
    expect(await third.verify()).toBeGreaterThan(0);
  });

  test('is not taken from one who renews it in the last moment', async () => {
    const late = await take('late', 0.3);
    await sleep(350);
    const [held, release] = gate();
    setFate(async (seen): Promise<Fate> => {
      if (isSwap(seen) && seen.text.includes('taker')) await held;
      return 'pass';
    });
    const taker = take('taker');
    await sleep(100);
    await late.renew();
    release();
    await expect(taker).rejects.toThrow('(run late)');
    expect(await holder()).toBe('late');
  });

  test('is released although a renewal of its own comes in between', async () => {
    const lock = await take('a');
    let renewed: Promise<void> | undefined;
    setFate(async (seen): Promise<Fate> => {
      if (isSwap(seen) && seen.text.includes('ADD COLUMN `free`')) {
        renewed ??= lock.renew();
        await renewed;
      }
      return 'pass';
    });
    await lock.release();
    await renewed;
    expect(renewed).toBeDefined();
    expect(await holder()).toBeUndefined();
  });

  test('that was lost is neither renewed, extended nor released by who held it', async () => {
    const lost = await take('lost', 0.05);
    await sleep(60);
    const next = await take('next');
    await expect(lost.renew()).rejects.toThrow('(run next)');
    await expect(lost.verify()).rejects.toThrow('(run next)');
    await lost.release();
    expect(await holder()).toBe('next');
    await next.release();
    await expect(lost.verify()).rejects.toThrow('was removed');
  });

  test('survives a renewal whose answer is lost', async () => {
    const kept = await keepLocked(newServer(), 'test', { run: 'a', owner: 'a', seconds: 0.6 });
    setFate((seen) => (isSwap(seen) ? 'unanswered' : 'pass'));
    await sleep(700);
    setFate(() => 'pass');
    await kept.check();
    expect(await holder()).toBe('a');
    await kept.release();
    expect(await holder()).toBeUndefined();
  });

  test('never has two who believe they hold it, whatever is slow', { timeout: 600_000 }, async () => {
    const random = randomOf(SEED);
    print(`seed ${SEED}`);
    setFate(async (seen): Promise<Fate> => {
      if ((isLook(seen) || isSwap(seen)) && random.chance(0.15)) await sleep(random.below(400));
      return 'pass';
    });
    const writes: string[] = [];
    let taken = 0;
    const wanted = size(8, 200);
    const contend = async (name: string): Promise<void> => {
      const server = newServer();
      while (new Set(writes).size < wanted) {
        const run = `${name}${taken++}`;
        try {
          const held = await (random.chance(0.5) ? keepLocked : holdAndDie)(server, 'test', {
            run,
            owner: run,
            seconds: 0.3,
          });
          for (let write = 0; write < 12; write++) {
            await held.check().catch(async (error) => {
              await held.release();
              throw error;
            });
            writes.push(run);
            await sleep(random.below(50));
          }
          await held.release();
        } catch (error) {
          if (!(error instanceof PlumblineError)) throw error;
          await sleep(random.below(30));
        }
      }
    };
    await Promise.all(['a', 'b', 'c', 'd', 'e'].map(contend));
    const turns = writes.filter((run, at) => writes[at - 1] !== run);
    print(`${writes.length} writes in ${turns.length} turns`);
    expect(new Set(turns).size).toBe(turns.length);
  });
});
