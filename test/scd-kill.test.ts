/** Loads whose process or server is killed at seeded points: whatever comes next, histories are what the finished loads make of them. */
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { LockedError } from '../src/apply/lock.ts';
import { type AnyBatch, anyBatches } from './support/any-events.ts';
import { type FaultEstate, startFaultEstate } from './support/faults-estate.ts';
import { type Random, randomOf } from './support/faults-random.ts';
import { startCli } from './support/kill-cli.ts';
import { openScdEstate, type ScdEstate, VALUES } from './support/scd-estate.ts';
import { History } from './support/scd-oracle.ts';
import { size } from './support/size.ts';

const SEED = 20_261_121;
const KILLS = size(2, 110);
const KEYS = 20;
const BATCHES = size(2, 5);
/** A load sends about so many requests. */
const REQUESTS = 30;

let estate: FaultEstate;
let shop: ScdEstate;
beforeAll(async () => {
  estate = await startFaultEstate(1);
  shop = await openScdEstate(estate);
});
afterAll(() => estate.stop());

/** Runs a load as a process of its own, and kills it or the server at a request; whether that was reached comes out. */
async function killLoad(tenant: string, { feed, time }: AnyBatch, random: Random): Promise<string> {
  const at = 4 + random.below(REQUESTS - 3);
  const [isServer, isLost] = [random.chance(0.4), random.chance(0.5)];
  const [proxy] = estate.proxies;
  if (!proxy) throw new Error('no proxy');
  const run = startCli([
    ...['scd', 'load', '--estate', estate.folder, '--tenant', tenant, '--feed', feed],
    ...['--at', new Date(time).toISOString(), '--lock-seconds', '1'],
  ]);
  let count = 0;
  let killed = '';
  let restarted: Promise<void> | undefined;
  proxy.decide = async ({ text }) => {
    if (++count !== at) return 'pass';
    killed = `${isServer ? 'server' : 'process'} at request ${at} (${text.trim().slice(0, 40).replace(/\s+/g, ' ')})`;
    if (!isServer) {
      run.signal('SIGKILL');
      if (isLost) await run.ended;
      return isLost ? 'lost' : 'pass';
    }
    if (isLost) await estate.kill(0);
    else setTimeout(() => void estate.kill(0), random.below(40));
    restarted = sleep(60).then(() => estate.start(0));
    return 'pass';
  };
  await run.ended;
  proxy.decide = () => 'pass';
  await restarted;
  return killed;
}

/** Again and again until the lock of the killed one has expired. */
async function loadSurely(tenant: string, { feed, time }: AnyBatch): Promise<void> {
  for (;;) {
    try {
      await shop.load(tenant, { feed: shop.feed(feed), time });
      return;
    } catch (error) {
      if (!(error instanceof LockedError)) throw error;
      await sleep(100);
    }
  }
}

/** What the ledger says of the last load but `back`. */
async function outcomeOf(tenant: string, back: number): Promise<string> {
  const rows = await shop.server.rows<[string]>(
    `SELECT outcome FROM plumbline.scd_loads FINAL WHERE tenant = '${tenant}' ORDER BY started DESC, batch DESC LIMIT 1 OFFSET ${back}`,
  );
  return rows[0]?.[0] ?? '';
}

const countLoads = async (tenant: string): Promise<number> => {
  const tables = await shop.server.rows(
    `SELECT 1 FROM system.tables WHERE database = 'plumbline' AND name = 'scd_loads'`,
  );
  if (tables.length === 0) return 0;
  const rows = await shop.server.rows<[string]>(
    `SELECT toString(count()) FROM plumbline.scd_loads FINAL WHERE tenant = '${tenant}'`,
  );
  return Number(rows[0]?.[0] ?? 0);
};

interface Case {
  readonly name: string;
  readonly tenant: string;
  readonly random: Random;
  readonly oracle: History;
}

/** Loads a batch, killed or not, and then either the same batch or one that is empty; what was killed comes out. */
async function loadBatch({ name, tenant, random, oracle }: Case, batch: AnyBatch): Promise<string> {
  await shop.deliver(tenant, batch.events);
  const before = await countLoads(tenant);
  const killed = random.chance(0.7) ? await killLoad(tenant, batch, random) : '';
  const wasBegun = (await countLoads(tenant)) > before;
  const isNext = random.chance(0.5);
  if (isNext) await shop.deliver(tenant, []);
  await loadSurely(tenant, isNext ? { ...batch, events: [], feed: 'changes' } : batch);
  // Delivered once more, a batch is the same as once; before an empty one it counts where the ledger says so.
  const isDone = wasBegun && (await outcomeOf(tenant, 1)) === 'done';
  if (isDone || !isNext) {
    if (batch.feed === 'changes') oracle.load(batch.events);
    else oracle.loadAll(batch.events, batch.time);
  }
  expect(await shop.versions(tenant), `${name}: ${killed}`).toEqual(oracle.versions());
  expect((await shop.verify(tenant)).violations, `${name}: ${killed}`).toEqual([]);
  return killed === '' ? '' : `${killed}${isDone ? ', finished' : ''}`;
}

test(`${KILLS} kills leave no history in the middle (seed ${SEED})`, async () => {
  const kills: string[] = [];
  for (let number = 0; kills.length < KILLS; number++) {
    const tenant = `tenant-${number}`;
    const random = randomOf(SEED + number);
    const one: Case = { name: `case ${number}`, tenant, random, oracle: new History(shop.rank) };
    for (const batch of anyBatches(random, KEYS, BATCHES, Object.keys(VALUES))) {
      const killed = await loadBatch(one, batch);
      if (killed !== '') kills.push(killed);
    }
  }
  process.stdout.write(`${kills.join('\n')}\n${kills.length} kills\n`);
});
