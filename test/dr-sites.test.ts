/** Compares two real sites by partitions: what is missing, what is too new, what was proven before, and servers in two time zones. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Server } from '../src/live/server.ts';
import { openSettled } from '../src/live/settled.ts';
import { startSites, type TestSites, verdictsOf } from './support/dr-sites.ts';

let sites: TestSites;
beforeAll(async () => {
  sites = await startSites('America/New_York');
});
afterAll(() => sites.stop());

const byDay = (name: string): string =>
  `CREATE TABLE dr.${name} (day Date, k UInt32, v String) ENGINE = MergeTree PARTITION BY day ORDER BY (day, k)`;

const rows = (name: string, from: number, days: number): string =>
  `INSERT INTO dr.${name} SELECT toDate('2026-01-01') + ${from} + number % ${days}, number, 'x' FROM numbers(${days * 10})`;

/** Rows that queries of the table have read. */
async function readOf(server: Server, table: string): Promise<number> {
  await server.run('SYSTEM FLUSH LOGS');
  const [row] = await server.rows<[string]>(
    `SELECT toString(sum(read_rows)) FROM system.query_log
     WHERE type = 'QueryFinish' AND query_kind = 'Select' AND has(tables, 'dr.${table}')`,
  );
  return Number(row?.[0]);
}

describe('partitions', () => {
  it('may be on one site only', async () => {
    await sites.run(byDay('days'), rows('days', 0, 2));
    await sites.active.run(rows('days', 2, 1));
    await sites.passive.run(rows('days', 3, 1));
    const { partitions } = await sites.table('days');
    expect(partitions.map(({ partition, verdict }) => [partition, verdict])).toEqual([
      ['20260101', 'equal'],
      ['20260102', 'equal'],
      ['20260103', 'missing on passive'],
      ['20260104', 'only on passive'],
    ]);
    expect(partitions[2]).toMatchObject({ active: { rows: 10 }, passive: { rows: 0 }, passiveOnlyRows: 0 });
    expect(partitions[2]?.passiveParts).toBeUndefined();
    expect(partitions[3]).toMatchObject({ active: { rows: 0 }, passive: { rows: 10 }, passiveOnlyRows: 10 });
  });

  it('are left alone while they are hot', async () => {
    await sites.run(byDay('hot'), rows('hot', 0, 2));
    const { partitions } = await sites.table('hot', { hotSeconds: 3600 });
    expect(partitions.map(({ verdict }) => verdict)).toEqual(['hot', 'hot']);
    expect(partitions[0]?.reason).toMatch(
      /^the (active|passive) site wrote or merged a part of it \d+ s ago$/,
    );
    expect(await readOf(sites.active, 'hot')).toBe(0);
  });

  it('are counted only, where that is enough', async () => {
    await sites.run(byDay('counted'));
    await sites.active.run(`INSERT INTO dr.counted SELECT '2026-01-01', number, 'a' FROM numbers(10)`);
    await sites.passive.run(`INSERT INTO dr.counted SELECT '2026-01-01', number, 'b' FROM numbers(10)`);
    expect(await sites.verdicts('counted', { depth: 'rows' })).toEqual(['equal']);
    expect(await sites.verdicts('counted')).toEqual(['different']);
  });
});

describe('what was proven equal', () => {
  it('is not read again until a part changes', async () => {
    await sites.run(byDay('proven'), rows('proven', 0, 20));
    const file = sites.fresh();
    const compare = async (): Promise<ReturnType<typeof sites.table>> =>
      sites.table('proven', { proven: openSettled(file) });
    expect((await compare()).partitions.every(({ remembered }) => !remembered)).toBe(true);
    const before = await Promise.all([sites.active, sites.passive].map((site) => readOf(site, 'proven')));
    expect(before).toEqual([200, 200]);

    const again = await compare();
    expect(verdictsOf(again)).toEqual(Array(20).fill('equal'));
    expect(again.partitions.every(({ remembered }) => remembered)).toBe(true);
    const after = await Promise.all([sites.active, sites.passive].map((site) => readOf(site, 'proven')));
    expect(after).toEqual(before);

    await sites.passive.run(`DELETE FROM dr.proven WHERE day = '2026-01-07' AND k = 6`);
    const third = await compare();
    expect(third.partitions.filter(({ verdict }) => verdict !== 'equal')).toMatchObject([
      { partition: '20260107', verdict: 'different', active: { rows: 10 }, passive: { rows: 9 } },
    ]);
    expect(third.partitions.filter(({ remembered }) => !remembered).length).toBe(1);
  });

  it('was proven for a definition, and by what was compared', async () => {
    const file = sites.fresh();
    await sites.run(byDay('defined'), rows('defined', 0, 1));
    const compare = async (depth: 'rows' | 'digest'): Promise<boolean | undefined> =>
      (await sites.table('defined', { depth, proven: openSettled(file) })).partitions[0]?.remembered;
    expect(await compare('rows')).toBe(false);
    expect(await compare('digest')).toBe(false);
    expect(await compare('digest')).toBe(true);
    // Old parts take the value of a new column from its default, without any part changing.
    await sites.run(`ALTER TABLE dr.defined ADD COLUMN w UInt8 DEFAULT 1`);
    expect(await compare('digest')).toBe(false);
    expect(await compare('digest')).toBe(true);
  });
});

describe('servers in two time zones', () => {
  it.each([
    ['days_of_moments', 'at DateTime', 'toDate(at)', 'at', 'the partition key (toDate(at))'],
    ['hours', 'at DateTime64(3)', 'tuple()', 'toStartOfHour(at)', 'the sorting key (toStartOfHour(at))'],
    [
      'made',
      'at DateTime, day Date MATERIALIZED toDate(at)',
      'tuple()',
      'at',
      'the column day (MATERIALIZED toDate(at))',
    ],
  ])('%s: what depends on them is not compared', async (table, columns, partition, order, why) => {
    await sites.run(
      `CREATE TABLE dr.${table} (${columns}) ENGINE = MergeTree PARTITION BY ${partition} ORDER BY ${order}`,
      `INSERT INTO dr.${table} (at) SELECT 1767225600 + number * 3600 FROM numbers(48)`,
    );
    expect(await sites.table(table)).toMatchObject({
      verdict: 'not comparable',
      reason: `the servers' time zones differ (UTC and America/New_York), and ${why} depends on them`,
    });
  });

  it('compare moments all the same', async () => {
    await sites.run(
      `CREATE TABLE dr.moments (at DateTime, v UInt8) ENGINE = MergeTree PARTITION BY toDate(at, 'UTC') ORDER BY at`,
      'INSERT INTO dr.moments SELECT toDateTime(1767225600 + number * 3600), 1 FROM numbers(48)',
    );
    expect(await sites.verdicts('moments')).toEqual(['not comparable']);
    await sites.run(
      `CREATE TABLE dr.plain (at DateTime('UTC'), moment DateTime, v UInt8) ENGINE = MergeTree PARTITION BY toDate(at) ORDER BY (at, moment)`,
      'INSERT INTO dr.plain SELECT toDateTime(1767225600 + number * 3600), toDateTime(1767225600 + number), 1 FROM numbers(48)',
    );
    expect(await sites.verdicts('plain')).toEqual(['equal', 'equal']);
  });
});
