/** What a narrower type makes of values at the edges: what it held before but for what the plan says is cut, or a stop. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { cutBy, exactCast } from '../src/kinds/exact-cast.ts';
import { typeChange } from '../src/kinds/type-change.ts';
import { type Server, ServerError } from '../src/live/server.ts';
import { literal } from '../src/sql/quote.ts';
import { startTestEstate, type TestEstate } from './support/test-estate.ts';

let estate: TestEstate;
beforeAll(async () => {
  estate = await startTestEstate();
});
afterAll(() => estate?.stop());

const DAYS = ['1970-01-01', '2020-02-29', '2149-01-01'];
const MOMENTS = ['1970-01-01 00:00:01', '2020-02-29 10:11:12', '2106-02-07 06:28:15'];
const FAR = [
  '1925-01-01 10:11:12.125',
  '1969-12-31 23:59:58.5',
  '2020-02-29 10:11:12.875',
  '2200-01-01 00:00:00',
];

/** Each with values from its edges. */
const TYPES: Readonly<Record<string, readonly string[]>> = {
  UInt8: ['0', '255'],
  Int32: ['-1', '70000', '2147483647'],
  UInt64: ['65535', '65536', '70000', '5000000000', '16777217', '18446744073709551615'],
  UInt256: ['12', '1000000000000'],
  Float64: ['0.5', '-1', '70000', '1e20'],
  'Decimal(18, 2)': ['1.25', '-1', '300', '5000000000.5'],
  'Decimal(9, 1)': ['1.5', '-1'],
  Bool: ['true', 'false'],
  Date: DAYS,
  Date32: ['1925-01-01', ...DAYS, '2200-01-01'],
  "DateTime('UTC')": MOMENTS,
  "DateTime64(3, 'UTC')": FAR,
  "DateTime64(1, 'UTC')": FAR.map((text) => text.replace(/\.(\d)\d+/, '.$1')),
  "Enum16('1925' = 300, '2' = 2)": ['1925', '2'],
  "Enum16('1925' = 300)": ['1925'],
  "Enum8('2' = 2)": ['2'],
  String: ['1', '300', '1.25', '1850-01-01', '2020-02-29', '2020-02-29T10:11:12', ...FAR],
};

const isTime = (type: string): boolean => type.startsWith('Date');
const isDay = (type: string): boolean => /^Date(32)?$/.test(type);

/** As a number: of a time the seconds since 1970, of a day the days when it stands beside a number. */
function meaning(text: string, type: string, other: string): number {
  if (type === 'Bool') return text === 'true' ? 1 : 0;
  if (type.startsWith('Enum')) return text === '2' ? 2 : 300;
  const reads = isTime(type) || (type === 'String' && isTime(other));
  if (!reads) return Number(text);
  const seconds = Date.parse(`${text.replace(' ', 'T')}${/[ T]/.test(text) ? '' : 'T00:00:00'}Z`) / 1000;
  return isDay(type) && !isTime(other) && other !== 'String' ? seconds / 86_400 : seconds;
}

/** By how much the plan says that a value may differ. */
function tolerance(from: string, to: string): number {
  const cut = cutBy(from, to);
  if (cut === undefined) return 0;
  return cut.startsWith('times of day') ? 86_399.999 : 1;
}

const pairs = Object.keys(TYPES).flatMap((from) =>
  Object.keys(TYPES)
    .filter((to) => to !== 'String' && typeChange(from, to) === 'narrowing')
    .map((to) => [from, to] as const),
);

async function convert(server: Server, from: string, to: string, text: string): Promise<string | undefined> {
  const { value, guard } = exactCast('x', from, to);
  const source = `(SELECT materialize(CAST(${literal(text)}, ${literal(from)})) AS x)`;
  const ask = (what: string): Promise<string | undefined> =>
    server.rows<[string]>(`SELECT toString(${what}) FROM ${source}`).then(
      ([row]) => row?.[0],
      (error: unknown) => {
        if (error instanceof ServerError && error.code !== undefined) return undefined;
        throw error;
      },
    );
  const [converted, guarded] = await Promise.all([ask(value), ask(`sum(ignore(${guard}))`)]);
  expect(guarded === undefined, `${text}: ${from} to ${to}, the guard`).toBe(converted === undefined);
  return converted;
}

test(`${pairs.length} pairs of types`, async () => {
  const server = estate.sql[0] as Server;
  const wrong: string[] = [];
  let kept = 0;
  for (const [from, to] of pairs) {
    await Promise.all(
      (TYPES[from] ?? []).map(async (text) => {
        const converted = await convert(server, from, to, text);
        if (converted === undefined) return;
        kept++;
        const change = Math.abs(meaning(text, from, to) - meaning(converted, to, from));
        if (!(change <= tolerance(from, to))) wrong.push(`${text}: ${from} to ${to} became ${converted}`);
      }),
    );
  }
  expect(wrong).toEqual([]);
  expect(kept).toBeGreaterThan(100);
}, 60_000);

test.each([
  ["Array(Enum8('a' = 1, 'b' = 2))", "Array(Enum8('a' = 1))", "['a']", "['b']"],
  ["Nullable(Enum8('a' = 1, 'b' = 2))", "Nullable(Enum8('a' = 1))", 'NULL', "'b'"],
  ["Tuple(e Enum8('a' = 1, 'b' = 2))", "Tuple(e Enum16('a' = 1))", "tuple('a')", "tuple('b')"],
])('an Enum that loses a value, inside another type: %s', async (from, to, fits, unfit) => {
  const { guard } = exactCast('x', from, to);
  const ask = (value: string): Promise<unknown> =>
    (estate.sql[0] as Server).rows(
      `SELECT sum(ignore(${guard})) FROM (SELECT materialize(CAST(${value}, ${literal(from)})) AS x)`,
    );
  await ask(fits);
  await expect(ask(unfit)).rejects.toThrow(/Enum|enum/);
});
