/** Compares tables of two real sites in every way in which counting rows of parts, or a careless digest, would be wrong. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { SiteComparison } from '../src/dr/comparison.ts';
import { CASES, type DrCase } from './support/dr-cases.ts';
import { startSites, type TestSites, verdictsOf } from './support/dr-sites.ts';
import { naivelyEqual } from './support/naive-dr.ts';

let sites: TestSites;
beforeAll(async () => {
  sites = await startSites();
});
afterAll(() => sites.stop());

const TELEMETRY = `
CREATE TABLE dr.telemetry (tenant String, device String, ts DateTime64(3), value Float64, note Nullable(String))
ENGINE = MergeTree PARTITION BY toYYYYMM(ts, 'UTC') ORDER BY (tenant, device, ts)`;

describe('a difference', () => {
  it('comes with where it is', async () => {
    await sites.run(
      TELEMETRY,
      `INSERT INTO dr.telemetry SELECT concat('t', toString(number % 7)), concat('d', toString(number % 501)),
        toDateTime64('2026-01-01 00:00:00', 3, 'UTC') + number, number, NULL FROM numbers(200000)`,
    );
    expect(await sites.verdicts('telemetry')).toEqual(['equal']);
    await sites.passive.run(
      `ALTER TABLE dr.telemetry UPDATE note = '' WHERE value = 77777 SETTINGS mutations_sync = 2`,
    );
    const [found] = (await sites.table('telemetry')).partitions;
    expect(found?.verdict).toBe('different');
    expect(found?.passiveOnlyRows).toBe(0);
    const [where, ...more] = found?.differences ?? [];
    expect(more).toEqual([]);
    expect(where?.range).toMatch(/^tenant 't\d', device 'd\d+', ts 2026-01-01T.*Z to 2026-01-03T.*Z$/);
    expect(where?.active.rows).toBeLessThan(100);
    const count = `SELECT toUInt32(countIf(value = 77777)), toUInt32(count()) FROM dr.telemetry WHERE ${where?.where}`;
    expect(await sites.active.rows(count)).toEqual([[1, where?.active.rows]]);
    expect(await sites.passive.rows(count)).toEqual([[1, where?.passive.rows]]);
  });
});

/** Key columns that are split in ways of their own: SQL for 100,000 different values. */
const KEYS: readonly (readonly [type: string, order: string, value: string])[] = [
  ['UInt64', 'k', '18446744073709551615 - number * 7'],
  ['Int64', 'k', 'toInt64(number) - 50000'],
  ['Date', 'k', 'toDate(number % 1000)'],
  ['DateTime', 'k DESC', 'toDateTime(1767225600 + number)'],
  ['DateTime64(9)', 'k', 'fromUnixTimestamp64Nano(1767225600000000000 + toInt64(number))'],
  ['String', 'k', `concat('\\xff', toString(number))`],
  ['FixedString(9)', 'k', 'leftPad(toString(number), 9)'],
  ['LowCardinality(String)', '(k, v)', 'toString(number % 3)'],
  ['UUID', 'k', `toUUID(concat('00000000-0000-0000-0000-', leftPad(toString(number), 12, '0')))`],
  ['Nullable(UInt32)', 'k', 'if(number % 2 = 0, NULL, number)'],
  ['Decimal(18, 3)', 'k', 'number / 1000'],
  ['UInt32', '(intDiv(k, 10), k)', 'number'],
  ['UInt32', 'tuple()', 'number'],
];

describe('keys of all sorts', () => {
  const tables = KEYS.map(([type, order, value], at) => ({ type, order, value, table: `key${at}` }));
  let compared: SiteComparison;
  beforeAll(async () => {
    for (const { type, order, value, table } of tables) {
      await sites.run(
        `CREATE TABLE dr.${table} (k ${type}, v UInt32, w UInt32) ENGINE = MergeTree ORDER BY ${order}
         SETTINGS allow_nullable_key = 1, allow_experimental_reverse_key = 1`,
      );
      const rows = (other: string): string =>
        `INSERT INTO dr.${table} SELECT ${value}, number, ${other} FROM numbers(100000)`;
      await Promise.all([sites.active.run(rows('1')), sites.passive.run(rows('if(number = 777, 2, 1)'))]);
    }
    compared = await sites.compare(tables.map(({ table }) => table));
  });

  it.each(tables)('$type by $order: few rows are left, on both sites', async ({ table }) => {
    const [partition] = compared.tables.find(({ path }) => path[1] === table)?.partitions ?? [];
    expect(partition).toMatchObject({ verdict: 'different', active: { rows: 100_000 }, passiveOnlyRows: 0 });
    const differences = partition?.differences ?? [];
    expect(differences.length).toBeGreaterThan(0);
    const where = differences.map((one) => `(${one.where})`).join(' OR ');
    const count = `SELECT toUInt32(countIf(v = 777)), toUInt32(count()) FROM dr.${table} WHERE ${where}`;
    for (const site of ['active', 'passive'] as const) {
      const rows = differences.reduce((sum, one) => sum + one[site].rows, 0);
      expect(rows).toBeLessThan(500);
      expect(await sites[site].rows(count)).toEqual([[1, rows]]);
    }
  });
});

/** The case's statements, with its own table in place of `dr.t`. */
async function prepare({ both = [], active = [], passive = [] }: DrCase, table: string): Promise<void> {
  const named = (statements: readonly string[]): string[] =>
    statements.map((text) => text.replaceAll('dr.t', `dr.${table}`));
  await sites.run(...named(both));
  for (const statement of named(active)) await sites.active.run(statement);
  for (const statement of named(passive)) await sites.passive.run(statement);
}

describe('what counting rows of parts gets wrong', () => {
  const tables = CASES.map((one, at) => ({ ...one, table: `case${at}` }));
  let compared: SiteComparison;
  beforeAll(async () => {
    await Promise.all(tables.map((one) => prepare(one, one.table)));
    compared = await sites.compare(tables.map(({ table }) => table));
  });

  it.each(tables)('$name', async ({ table, verdicts }) => {
    const found = compared.tables.find(({ path }) => path[1] === table);
    expect(found && verdictsOf(found)).toEqual(verdicts);
    expect(await naivelyEqual(sites, table)).toBe(verdicts.some((verdict) => verdict !== 'equal'));
  });
});
