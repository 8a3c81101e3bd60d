/** Keys whose values lie far apart, or are mostly one, on two real sites: what differs is found in a few rows all the same. */
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startSites, type TestSites } from './support/dr-sites.ts';
import { size } from './support/size.ts';

const SEED = 20_261_121;
const ROWS = 70_000;

let sites: TestSites;
beforeAll(async () => {
  sites = await startSites();
});
afterAll(() => sites.stop());

interface Shape {
  readonly type: string;
  readonly order: string;
  /** SQL for the values of most rows, by `number`. */
  readonly most: string;
  /** SQL for those that lie elsewhere. */
  readonly far: readonly string[];
}

const SHAPES: readonly Shape[] = [
  { type: 'UInt64', order: 'k', most: '5 + number * 3', far: ['0', '18446744073709551615'] },
  {
    type: 'Int64',
    order: 'k',
    most: 'toInt64(number) - 60000',
    far: ['-9223372036854775808', '9223372036854775807'],
  },
  { type: 'UInt64', order: 'k', most: 'if(number % 2, number, 9223372036854775808 + number)', far: ['77'] },
  { type: 'Date', order: 'k', most: `toDate('2026-01-01') + number % 90`, far: [`toDate('1970-01-01')`] },
  {
    type: 'Date',
    order: '(k, v)',
    most: `toDate('2026-01-01')`,
    far: [`toDate('1970-01-01')`, `toDate('2149-06-06')`],
  },
  {
    type: 'DateTime64(3)',
    order: 'k',
    most: 'fromUnixTimestamp64Milli(1767225600000 + toInt64(number))',
    far: ['fromUnixTimestamp64Milli(toInt64(0))', 'fromUnixTimestamp64Milli(toInt64(-2208988800000))'],
  },
  { type: 'DateTime', order: '(k, u)', most: 'toDateTime(1767225600)', far: ['toDateTime(0)'] },
  { type: 'UInt8', order: '(k, v)', most: '7', far: ['0', '255'] },
  { type: 'String', order: '(k, v)', most: `'acme'`, far: [`''`, `'zeta'`] },
  {
    type: 'LowCardinality(String)',
    order: '(k, u, v)',
    most: `if(number % 2, 'acme', 'beta')`,
    far: [`'c'`],
  },
  { type: 'Decimal(18, 3)', order: '(k, v)', most: 'toDecimal64(1, 3)', far: ['toDecimal64(-99999999, 3)'] },
];

interface Case {
  readonly shape: Shape;
  /** The `v` of rows that lie elsewhere, and of those that differ. */
  readonly outliers: readonly number[];
  readonly differing: readonly number[];
}

const anyRow = fc.integer({ min: 0, max: ROWS - 1 });

const anyCase: fc.Arbitrary<Case> = fc
  .record({
    shape: fc.constantFrom(...SHAPES),
    outliers: fc.uniqueArray(anyRow, { minLength: 1, maxLength: 3 }),
    others: fc.uniqueArray(anyRow, { minLength: 0, maxLength: 4 }),
    outlierDiffers: fc.boolean(),
  })
  .map(({ shape, outliers, others, outlierDiffers }) => ({
    shape,
    outliers,
    differing: [
      ...new Set([...(outlierDiffers || others.length === 0 ? outliers.slice(0, 1) : []), ...others]),
    ],
  }));

async function prepare({ shape, outliers, differing }: Case, table: string): Promise<void> {
  const { type, order, most, far } = shape;
  await sites.run(
    `CREATE TABLE dr.${table} (k ${type}, u UInt64, v UInt32, w UInt32) ENGINE = MergeTree ORDER BY ${order}`,
  );
  const elsewhere = outliers.map((row, at) => `number = ${row}, CAST(${far[at % far.length]} AS ${type})`);
  const rows = (w: string): string =>
    `INSERT INTO dr.${table} SELECT multiIf(${elsewhere.join(', ')}, CAST(${most} AS ${type})), sipHash64(number), number, ${w} FROM numbers(${ROWS})`;
  await sites.active.run(rows('1'));
  await sites.passive.run(rows(`if(number IN (${differing.join(', ')}), 2, 1)`));
}

async function check(one: Case, table: string): Promise<void> {
  await prepare(one, table);
  const [partition] = (await sites.table(table)).partitions;
  expect(partition).toMatchObject({ verdict: 'different', active: { rows: ROWS }, passiveOnlyRows: 0 });
  const differences = partition?.differences ?? [];
  const where = differences.map((difference) => `(${difference.where})`).join(' OR ') || '0';
  const [row] = await sites.active.rows<[number, number]>(
    `SELECT toUInt32(countIf(v IN (${one.differing.join(', ')}))), toUInt32(count()) FROM dr.${table} WHERE ${where}`,
  );
  const found = differences.reduce((sum, { active }) => sum + active.rows, 0);
  expect(row).toEqual([one.differing.length, found]);
  expect(found).toBeLessThan(one.differing.length * 300);
  await sites.run(`DROP TABLE dr.${table} SYNC`);
}

describe('one row that lies far from all others', () => {
  it.each(SHAPES.map((shape, at) => ({ ...shape, at })))('$type by $order', async ({ at, ...shape }) => {
    await check({ shape, outliers: [9, 50_000], differing: [9, 60_000] }, `shape${at}`);
  });
});

describe('generated outliers and differences', () => {
  it(`are found in a few rows (seed ${SEED})`, async () => {
    let number = 0;
    await fc.assert(
      fc.asyncProperty(anyCase, (one) => check(one, `any${number++}`)),
      { seed: SEED, numRuns: size(2, 400), endOnFailure: true },
    );
  });
});
