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
