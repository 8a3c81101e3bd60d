/** What ended before a tenant's retention goes, and nothing else: with parts that are not merged, and with kills in between. */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { loadEstate } from '../src/commands/estate-options.ts';
import { newRun } from '../src/commands/identity.ts';
import { type ScdExpireOptions, scdExpire } from '../src/commands/scd.ts';
import { type ExpireJob, type ExpireResult, expireJobs, expireVersions } from '../src/scd/expire.ts';
import { readExpired } from '../src/scd/expired.ts';
import { anyBatches } from './support/any-events.ts';
import { type FaultEstate, startFaultEstate } from './support/faults-estate.ts';
import { type Random, randomOf } from './support/faults-random.ts';
import { startCli } from './support/kill-cli.ts';
import { openScdEstate, type ScdEstate, VALUES } from './support/scd-estate.ts';
import type { OracleVersion } from './support/scd-oracle.ts';
import { size } from './support/size.ts';

const SEED = 20_261_120;
const [CASES, KILLS] = [size(2, 60), size(2, 50)];
const [HOUR, DAY] = [3_600_000, 86_400_000];
const START = Date.UTC(2026, 0, 1);

let estate: FaultEstate;
let shop: ScdEstate;
beforeAll(async () => {
  estate = await startFaultEstate(1);
  shop = await openScdEstate(estate);
  const days = Math.floor((Date.now() - START) / DAY);
  const tenants = Array.from(
    { length: CASES + KILLS },
    (_, number) => `---\nkind: Tenant\nname: tenant-${number}\non: test\nretention: ${days} days\n`,
  );
  await mkdir(join(estate.folder, 'tenants'));
  await writeFile(join(estate.folder, 'tenants', 't.yaml'), tenants.join(''));
});
afterAll(() => estate.stop());

async function jobOf(tenant: string, milliseconds?: number): Promise<ExpireJob> {
  const [job] = expireJobs(await loadEstate(estate.folder), { tenants: [tenant] });
  if (!job) throw new Error('no job');
  return milliseconds === undefined ? job : { ...job, retention: `INTERVAL ${milliseconds} MILLISECOND` };
}

async function expire(job: ExpireJob): Promise<Extract<ExpireResult, { limit: number }>> {
  for (;;) {
    const [result] = await expireVersions([job], { identify: () => newRun('.'), lockSeconds: 60 });
    if (result && 'limit' in result) return result;
    // The lock of a killed one expires by itself.
    if (!result?.error.includes(' is locked by ')) throw new Error(result?.error);
    await sleep(100);
  }
}

async function fill(tenant: string, random: Random, batches: number): Promise<OracleVersion[]> {
  for (const { events, feed, time } of anyBatches(random, 12, batches, Object.keys(VALUES))) {
    await shop.deliver(tenant, events);
    await shop.load(tenant, { feed: shop.feed(feed), time });
  }
  return shop.versions(tenant);
}

const staying = (versions: readonly OracleVersion[], limit: number): OracleVersion[] =>
  versions.filter(({ to }) => to >= limit);

test(`histories keep what ended since the moment, and loads go on (seed ${SEED})`, async () => {
  let shadowing = 0;
  for (let number = 0; number < CASES; number++) {
    const tenant = `tenant-${number}`;
    const random = randomOf(SEED + number);
    if (number % 2 === 0) await shop.server.run('SYSTEM STOP MERGES shop.customers');
    const before = await fill(tenant, random, 3);
    await shop.server.run('SYSTEM START MERGES shop.customers');
    const middle = START + (4.5 + random.below(8)) * HOUR;
    shadowing += (await readExpired(shop.server, shop.scd, tenant, middle)).shadowing;
    const job = await jobOf(tenant, Date.now() - middle);
    const { limit, expired, removed } = await expire(job);
    const after = await shop.versions(tenant);
    expect(after, tenant).toEqual(staying(before, limit));
    expect(expired.versions, tenant).toBe(before.length - after.length);
    expect(removed).toBe(before.length > after.length);
    expect((await shop.verify(tenant)).violations, tenant).toEqual([]);
    const again = await expireVersions(
      [{ ...job, retention: `INTERVAL ${Date.now() - limit} MILLISECOND` }],
      {
        lockSeconds: 60,
      },
    );
    expect(again[0]).toMatchObject({ expired: { versions: 0 }, removed: false });
    await fill(tenant, random, size(2, 5));
    expect((await shop.verify(tenant)).violations, tenant).toEqual([]);
  }
  // Without a merge these would have held again.
  expect(shadowing).toBeGreaterThan(0);
});

/** Ends the process, or the server, when the process sends the request of this number. */
async function killExpire(tenant: string, at: number, isServer: boolean): Promise<string> {
  const [proxy] = estate.proxies;
  if (!proxy) throw new Error('no proxy');
  const run = startCli([
    ...['scd', 'expire', '--yes', '--estate', estate.folder, '--tenant', tenant, '--lock-seconds', '1'],
  ]);
  let count = 0;
  let killed = '';
  let restarted: Promise<void> | undefined;
  proxy.decide = ({ text }) => {
    const isDelete = text.startsWith('ALTER TABLE `shop`');
    if (++count !== at && !(at === 0 && isDelete && killed === '')) return 'pass';
    killed = text.trim().slice(0, 40).replace(/\s+/g, ' ');
    if (!isServer) run.signal('SIGKILL');
    else {
      setTimeout(() => void estate.kill(0), 10);
      restarted = sleep(100).then(() => estate.start(0));
    }
    return 'pass';
  };
  await run.ended;
  proxy.decide = () => 'pass';
  await restarted;
  return killed;
}

test(`${KILLS} kills leave histories that hold (seed ${SEED})`, async () => {
  for (let number = 0; number < KILLS; number++) {
    const tenant = `tenant-${CASES + number}`;
    const random = randomOf(SEED + CASES + number);
    await shop.server.run('SYSTEM STOP MERGES shop.customers');
    const before = await fill(tenant, random, size(3, 6));
    await shop.server.run('SYSTEM START MERGES shop.customers');
    // The first two are killed while they remove.
    const at = number < 2 ? 0 : 4 + random.below(16);
    const killed = await killExpire(tenant, at, number % 2 === 1);
    const between = await shop.versions(tenant);
    const { limit } = await expire(await jobOf(tenant));
    const what = `${tenant}: ${number % 2 === 1 ? 'server' : 'process'} killed at ${killed}`;
    const known = new Set(before.map((version) => JSON.stringify(version)));
    expect(
      between.filter((version) => !known.has(JSON.stringify(version))),
      what,
    ).toEqual([]);
    expect(staying(between, limit), what).toEqual(staying(before, limit));
    expect(await shop.versions(tenant), what).toEqual(staying(before, limit));
    expect((await shop.verify(tenant)).violations, what).toEqual([]);
    if (number < 2) expect(killed).toContain('ALTER TABLE');
  }
});

async function command(more: Partial<ScdExpireOptions> = {}) {
  let text = '';
  const add = (said: string): void => {
    text += said;
  };
  const options = { estate: estate.folder, tenant: ['tenant-0'], connectTimeout: 60, lockSeconds: 60 };
  const output = { result: add, note: add, colour: false, live: false };
  return { code: await scdExpire({ ...options, format: 'text', ...more }, output), text };
}

test('the command shows first, and removes with --yes', async () => {
  await shop.server.run(
    `INSERT INTO shop.customers (tenant_id, region, id, row, seen, effective_date, expiry_date, is_current)
     VALUES ('tenant-0', 'old', 1, 1, '', '2019-01-01', '2020-01-01', false), ('tenant-0', 'old', 1, 2, '', '2020-01-01', '2999-12-31 23:59:59', true)`,
  );
  const shown = await command();
  expect(shown.text).toMatch(
    /shop.customers tenant-0: \d+ versions? that ended before 20\d\d-\d\d-\d\d would be removed \(/,
  );
  expect(shown.text).toContain('Nothing was changed; say --yes');
  expect(shown.code).toBe(2);
  const done = await command({ yes: true, format: 'json' });
  expect(JSON.parse(done.text)).toMatchObject({
    expired: [{ tenant: 'tenant-0', table: 'shop.customers', removed: true }],
  });
  expect(done.code).toBe(0);
  const rows = await shop.server.rows<[string, string]>(
    `SELECT toString(row), outcome FROM shop.customers FINAL, (SELECT outcome FROM plumbline.scd_loads FINAL WHERE mode = 'expire' AND tenant = 'tenant-0' ORDER BY started DESC LIMIT 1) AS ledger WHERE region = 'old'`,
  );
  expect(rows).toEqual([['2', 'done']]);
  expect(await command()).toMatchObject({ code: 0 });
  await expect(command({ tenant: ['tenant-9999'] })).rejects.toThrow('No tenant is called `tenant-9999`');
});
