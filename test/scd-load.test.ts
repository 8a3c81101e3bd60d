/** Single loads on a real server: what sources do to them, what they refuse, and that a killed one is finished. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { keepLocked } from '../src/apply/keep-locked.ts';
import { scdCheck, scdLoad } from '../src/commands/scd.ts';
import type { Feed } from '../src/model/feed.ts';
import type { ScdTable } from '../src/model/scd.ts';
import { insertFirst, verifyFirst } from '../src/scd/first-load.ts';
import { insertLanded } from '../src/scd/land.ts';
import { landRows } from '../src/scd/land-rows.ts';
import { openLedger, unfinishedLoads } from '../src/scd/ledger.ts';
import { type Load, newRecord } from '../src/scd/load.ts';
import { dropLanded } from '../src/scd/publish.ts';
import { queryIdStart } from '../src/scd/statements.ts';
import { type ScdEstate, startScdEstate } from './support/scd-estate.ts';
import type { OracleEvent } from './support/scd-oracle.ts';

const HOUR = 3_600_000;
const START = Date.UTC(2026, 0, 1);

let shop: ScdEstate;
beforeAll(async () => {
  shop = await startScdEstate();
});
afterAll(() => shop.estate.stop());

let count = 0;
const newTenant = (): string => `t${++count}`;

const event = (hour: number, value: string, more: Partial<OracleEvent> = {}): OracleEvent => ({
  key: 'eu/1',
  at: START + hour * HOUR,
  deleted: false,
  value,
  note: 'n0',
  ...more,
});

const full = (more: object = {}): Feed => {
  const feed = shop.feed('everything');
  return { ...feed, mode: { as: 'full', allowEmpty: false, maxClosedShare: 0.5, ...more } };
};

async function history(tenant: string): Promise<string[]> {
  const hours = (time: number): number | string =>
    time === Number.POSITIVE_INFINITY ? '…' : (time - START) / HOUR;
  return (await shop.versions(tenant)).map(
    ({ key, from, to, value }) => `${key} ${hours(from)}–${hours(to)} ${value}`,
  );
}

/** A load of which a test runs the parts. */
const underWay = (tenant: string): Load => ({
  cluster: 'test',
  server: shop.server,
  scd: shop.scd,
  feed: shop.feed('changes'),
  tenant,
  identity: { run: `killed-${tenant}`, actor: 'x', commit: '' },
  lockSeconds: 9,
  watch: () => {},
  lock: { check: async () => {}, release: async () => {} },
  statements: { id: () => `x-${++count}` },
});

async function loaded(tenant: string, events: readonly OracleEvent[], options = {}): Promise<string[]> {
  await shop.deliver(tenant, events);
  await shop.load(tenant, options);
  return history(tenant);
}

describe('a load', () => {
  test('tells NULL, an empty text and 0 apart, and lets ignored columns pass', async () => {
    const tenant = newTenant();
    await loaded(tenant, [event(0, 'null'), event(1, 'empty'), event(2, 'zero')]);
    const report = await shop
      .deliver(tenant, [event(3, 'zero', { note: 'n2' })])
      .then(() => shop.load(tenant));
    expect(report.record).toMatchObject({ read: 1, written: 0, outcome: 'done' });
    expect(await history(tenant)).toEqual(['eu/1 0–1 null', 'eu/1 1–2 empty', 'eu/1 2–… zero']);
  });

  test('of a tenant without history writes its rows as they stand, and looks whether all are there', async () => {
    const [tenant, before] = [newTenant(), { version: '1', good: 3 }];
    const three = [
      event(0, 'null'),
      event(1, 'a', { key: 'eu/2' }),
      event(2, 'b', { key: 'us/2', deleted: true }),
    ];
    await shop.deliver(tenant, three);
    await openLedger(shop.server);
    const load = underWay(tenant);
    const record = newRecord(load, START);
    await landRows(load, record);
    const first = await insertFirst(load, record.batch, before);
    expect(first?.rows).toBe('3');
    expect(await history(tenant)).toEqual(['eu/1 0–… null', 'eu/2 1–… a']);
    expect((await shop.verify(tenant)).violations).toEqual([]);
    expect(first && (await verifyFirst(load, first))).toBeUndefined();
    expect(await verifyFirst(load, { rows: '4', digest: '1' })).toBe(
      'of 4 landed rows 3 are there, 3 of them open',
    );
    await dropLanded(shop, record.batch);
  });

  test('is refused where a column has another type than the source was said to have', async () => {
    const tenant = newTenant();
    await shop.deliver(tenant, [event(0, 'a')]);
    const types = new Map(shop.scd.columns.map(({ name, type }) => [name, type]));
    const said = {
      split_region: 'String',
      number: 'UInt32',
      state_text: 'String',
      row: 'Int64',
      kind: 'Float64',
      seen: 'String',
    };
    const statement = (columns: object): string =>
      insertLanded(shop.scd, shop.feed('changes'), {
        ...{ batch: { id: 'stale', tenant }, types, time: 'now64(3)', since: undefined },
        columns: new Map(Object.entries({ ...said, ...columns })),
      });
    await expect(shop.server.run(statement({}))).rejects.toThrow(/other columns than a moment ago/);
    await shop.server.run(statement({ state_text: 'Nullable(String)' }));
    await dropLanded(shop, 'stale');
  });

  test('puts late rows where they belong, and forgets versions that end as they begin', async () => {
    const tenant = newTenant();
    await loaded(tenant, [event(4, 'a'), event(8, 'b')]);
    expect(await loaded(tenant, [event(6, 'c'), event(1, 'zero')])).toEqual([
      'eu/1 1–4 zero',
      'eu/1 4–6 a',
      'eu/1 6–8 c',
      'eu/1 8–… b',
    ]);
    expect(await loaded(tenant, [event(6, 'a')])).toEqual(['eu/1 1–4 zero', 'eu/1 4–8 a', 'eu/1 8–… b']);
    expect((await shop.verify(tenant)).violations).toEqual([]);
  });

  test('remembers a deletion of what it never saw', async () => {
    const tenant = newTenant();
    expect(await loaded(tenant, [event(5, 'a', { deleted: true })])).toEqual([]);
    expect(await loaded(tenant, [event(3, 'b')])).toEqual(['eu/1 3–5 b']);
    expect((await shop.verify(tenant)).violations).toEqual([]);
  });

  test('of everything deletes what is gone and brings back what returns', async () => {
    const tenant = newTenant();
    const other = { key: 'us/2' };
    await loaded(tenant, [event(0, 'a'), event(0, 'b', other)]);
    await loaded(tenant, [event(0, 'a')], { feed: full(), time: START + 5 * HOUR });
    expect(await history(tenant)).toEqual(['eu/1 0–… a', 'us/2 0–5 b']);
    await loaded(tenant, [event(0, 'a'), event(0, 'b', other)], { feed: full(), time: START + 9 * HOUR });
    expect(await history(tenant)).toEqual(['eu/1 0–… a', 'us/2 0–5 b', 'us/2 9–… b']);
  });

  test('of everything is refused where it would delete too much', async () => {
    const tenant = newTenant();
    await loaded(tenant, [event(0, 'a'), event(0, 'b', { key: 'us/2' })]);
    await shop.deliver(tenant, []);
    await expect(shop.load(tenant, { feed: full() })).rejects.toThrow('has no good row, and 2 keys hold now');
    await shop.deliver(tenant, [event(0, 'a', { key: 'us/3' })]);
    await expect(shop.load(tenant, { feed: full() })).rejects.toThrow(
      '2 of 2 keys are not in the source any more',
    );
    expect(await history(tenant)).toHaveLength(2);
    const landed = await shop.server.rows('SELECT 1 FROM shop.customers_landing');
    expect(landed).toEqual([]);
  });

  test('merges a partition that is no larger than said', async () => {
    const tenant = newTenant();
    const partsOf = async (): Promise<number> => {
      const [row] = await shop.server.rows<[number]>(
        `SELECT toUInt32(count()) FROM system.parts WHERE active AND database = 'shop' AND table = 'customers' AND partition = '${tenant}'`,
      );
      return row?.[0] ?? 0;
    };
    await shop.server.run('SYSTEM STOP MERGES shop.customers');
    await loaded(tenant, [event(0, 'a'), event(0, 'b', { key: 'us/2' })]);
    const events = [event(4, 'b'), event(5, 'b', { key: 'us/2', deleted: true })];
    const stopped = { scd: { ...shop.scd, mergeAfterLoad: 1_000_000 } };
    await shop.deliver(tenant, events);
    const { notes, record } = await shop.load(tenant, stopped);
    expect([record.outcome, notes.length, await partsOf()]).toEqual(['done', 1, 2]);
    expect(notes[0]).toContain('The partition was not merged: ');
    await shop.server.run('SYSTEM START MERGES shop.customers');
    await loaded(tenant, [event(6, 'c')], { scd: { ...shop.scd, mergeAfterLoad: 100 } });
    expect(await partsOf()).toBeGreaterThan(1);
    const expected = ['eu/1 0–4 a', 'eu/1 4–6 b', 'eu/1 6–7 c', 'eu/1 7–… a', 'us/2 0–5 b'];
    expect(await loaded(tenant, [event(7, 'a')], stopped)).toEqual(expected);
    expect(await partsOf()).toBe(1);
    expect(await loaded(tenant, [event(7, 'a')], stopped)).toEqual(expected);
    expect((await shop.verify(tenant)).violations).toEqual([]);
  });

  test('is refused by name while another one of the tenant runs', async () => {
    const tenant = newTenant();
    await shop.deliver(tenant, [event(0, 'a')]);
    const table = `lock ${queryIdStart(shop.scd, tenant).slice(0, -1)}`;
    const lock = await keepLocked(
      shop.server,
      { table, what: 'x' },
      { run: 'other', owner: 'somebody', seconds: 9 },
    );
    await expect(shop.load(tenant)).rejects.toThrow(
      `Loading shop.customers for tenant ${tenant} is locked by somebody (run other)`,
    );
    await lock.release();
    const both = await Promise.allSettled([shop.load(tenant), shop.load(tenant)]);
    expect(both.map(({ status }) => status)).toContain('fulfilled');
    expect(await history(tenant)).toEqual(['eu/1 0–… a']);
  });

  test('that was killed when all was landed is finished by the next one, from what it landed', async () => {
    const tenant = newTenant();
    await shop.deliver(tenant, [event(0, 'a'), event(1, 'b')]);
    await openLedger(shop.server);
    const load = underWay(tenant);
    await landRows(load, newRecord(load, START));
    expect(await unfinishedLoads(shop.server, shop.scd, tenant)).toHaveLength(1);
    await shop.deliver(tenant, [event(2, 'c')]);
    const report = await shop.load(tenant);
    expect(report.notes[0]).toContain(
      `Load killed-${tenant} had been killed while it wrote; it is finished, with 2 rows more.`,
    );
    expect(await history(tenant)).toEqual(['eu/1 0–1 a', 'eu/1 1–2 b', 'eu/1 2–… c']);
    expect(await unfinishedLoads(shop.server, shop.scd, tenant)).toEqual([]);
  });

  test('that was killed before its table got another name is finished, too', async () => {
    const tenant = newTenant();
    await shop.deliver(tenant, [event(0, 'a')]);
    const load = underWay(tenant);
    await landRows(load, newRecord(load, START));
    const rename = (from: string, to: string): Promise<void> =>
      shop.server.run(`RENAME TABLE shop.${from} TO shop.${to}, shop.${from}_landing TO shop.${to}_landing`);
    await rename('customers', 'clients');
    const names = { ...shop.scd.names, landing: 'clients_landing' };
    const scd: ScdTable = { ...shop.scd, name: 'clients', names, renamedFrom: ['shop', 'customers'] };
    const { notes } = await shop
      .deliver(tenant, [event(2, 'b')])
      .then(() => shop.load(tenant, { scd }))
      .finally(() => rename('clients', 'customers'));
    expect(notes[0]).toContain('had been killed while it wrote; it is finished, with 1 rows more.');
    expect(await history(tenant)).toEqual(['eu/1 0–2 a', 'eu/1 2–… b']);
  });
});

test('the commands load, check, and find a history that somebody broke', async () => {
  const tenant = newTenant();
  await shop.deliver(tenant, [event(0, 'a'), event(4, 'b')]);
  const said: string[] = [];
  const output = {
    result: (text: string) => void said.push(text),
    note: (text: string) => void said.push(text),
    colour: false,
    live: false,
  };
  const options = {
    estate: shop.estate.folder,
    connectTimeout: 10,
    format: 'text' as const,
    tenant: [tenant],
  };
  expect(await scdLoad({ ...options, feed: ['changes'], lockSeconds: 60 }, output)).toBe(0);
  expect(said.join('\n')).toContain(
    `✓ test  shop.customers ${tenant} (changes): 2 rows read, 1 opened, 1 closed`,
  );
  expect(await scdCheck(options, output)).toBe(0);
  expect(said.at(-1)).toBe(`✓ test  shop.customers ${tenant}: 1 key, 1 of them live, 2 versions\n`);
  await shop.server.run(
    `INSERT INTO shop.customers (tenant_id, region, id, effective_date, record_version) VALUES ('${tenant}', 'eu', 1, '2026-01-01 02:00:00', 1)`,
  );
  expect(await scdCheck(options, output)).toBe(2);
  expect(said.at(-1)).toContain('2 versions: ends behind the beginning of the next version (key eu, 1)');
});
