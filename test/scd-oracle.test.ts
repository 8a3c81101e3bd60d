/** Random histories, loaded batch by batch, are what the oracle says, and no version ever breaks a rule. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { anyBatches } from './support/any-events.ts';
import { randomOf } from './support/faults-random.ts';
import { type ScdEstate, startScdEstate, VALUES } from './support/scd-estate.ts';
import { History } from './support/scd-oracle.ts';
import { size } from './support/size.ts';

const SEED = 20_261_120;
const TENANTS = size(2, 24);
const KEYS = size(50, 100);
const BATCHES = size(3, 10);

let shop: ScdEstate;
beforeAll(async () => {
  shop = await startScdEstate();
});
afterAll(() => shop.estate.stop());

test(`${TENANTS * KEYS} sequences of events become the histories they must become (seed ${SEED})`, async () => {
  let versions = 0;
  for (let number = 0; number < TENANTS; number++) {
    const tenant = `tenant-${number}`;
    const oracle = new History(shop.rank);
    const batches = anyBatches(randomOf(SEED + number), KEYS, BATCHES, Object.keys(VALUES));
    for (const [at, { events, feed, time }] of batches.entries()) {
      await shop.deliver(tenant, events);
      // Every other load leaves one part behind, so that merged and unmerged rows meet.
      const scd = at % 2 === 1 ? { ...shop.scd, mergeAfterLoad: 1_000_000_000 } : shop.scd;
      await shop.load(tenant, { scd, feed: shop.feed(feed), time });
      if (feed === 'changes') oracle.load(events);
      else oracle.loadAll(events, time);
      expect(await shop.versions(tenant), `${tenant}, batch ${at}`).toEqual(oracle.versions());
      const again = await shop.load(tenant, { feed: shop.feed(feed), time });
      expect(again.record.written, `${tenant}, batch ${at} again`).toBe(0);
    }
    const verified = await shop.verify(tenant);
    expect(verified.violations).toEqual([]);
    versions += verified.versions;
  }
  process.stdout.write(
    `${TENANTS} tenants, ${TENANTS * KEYS} sequences, ${TENANTS * BATCHES} batches twice each: ${versions} versions\n`,
  );
});
