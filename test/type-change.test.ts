/** Which changes of a column's type keep every value, from pairs of types whose meaning ClickHouse's documentation gives. */
import { expect, test } from 'vitest';
import { isNullable, onlyCardinality, type TypeChange, typeChange } from '../src/kinds/type-change.ts';

const pairs: Readonly<Record<TypeChange, readonly (readonly [from: string, to: string])[]>> = {
  metadata: [
    ['String', 'String'],
    ["Enum8('a' = 1)", "Enum8('a' = 1, 'b' = 2)"],
    ['DateTime', "DateTime('UTC')"],
    ["DateTime64(3, 'UTC')", 'DateTime64(3)'],
    ['UInt8', 'Bool'],
    ['Array(DateTime)', "Array(DateTime('UTC'))"],
  ],
  widening: [
    ['UInt8', 'UInt64'],
    ['UInt32', 'Int64'],
    ['Float32', 'Float64'],
    ['Decimal(9, 2)', 'Decimal(18, 4)'],
    ['DateTime', 'DateTime64(3)'],
    ['DateTime64(3)', 'DateTime64(6)'],
    ["Enum8('a' = 1)", "Enum16('a' = 1)"],
    ["Enum8('a' = 1)", 'String'],
    ['String', 'LowCardinality(String)'],
    ['LowCardinality(Nullable(String))', 'Nullable(String)'],
    ['String', 'Nullable(String)'],
    ['Nullable(UInt8)', 'UInt16'],
    ['Array(UInt8)', 'Array(Nullable(UInt8))'],
    ['Map(String, UInt8)', 'Map(LowCardinality(String), UInt64)'],
    ['Tuple(x UInt8, y String)', 'Tuple(x UInt16, y String)'],
    ['Tuple(UInt8, Array(String))', 'Tuple(UInt16, Array(String))'],
    ['SimpleAggregateFunction(max, UInt8)', 'SimpleAggregateFunction(max, UInt64)'],
    ['Variant(String, UInt8)', 'Variant(Date, String, UInt8)'],
    ['FixedString(3)', 'FixedString(8)'],
  ],
  narrowing: [
    ['UInt64', 'UInt8'],
    ['UInt32', 'Int32'],
    ['Int8', 'UInt64'],
    ['Float64', 'Float32'],
    ['Float64', 'UInt64'],
    ['String', 'UInt8'],
    ['String', 'FixedString(3)'],
    ['Decimal(18, 4)', 'Decimal(18, 2)'],
    ['Decimal(18, 2)', 'Decimal(18, 4)'],
    ['DateTime64(3)', 'DateTime'],
    ['DateTime64(6)', 'DateTime64(3)'],
    ['DateTime64(3)', 'DateTime64(9)'],
    ["Enum8('a' = 1, 'b' = 2)", "Enum8('a' = 1)"],
    ["Enum8('a' = 1)", "Enum8('a' = 2)"],
    ['Array(Nullable(UInt8))', 'Array(UInt8)'],
    ['Tuple(x UInt8)', 'Tuple(y UInt8)'],
    ['Tuple(x UInt8)', 'Tuple(x UInt8, y UInt8)'],
    ['SimpleAggregateFunction(max, UInt8)', 'SimpleAggregateFunction(min, UInt8)'],
    ['String', 'JSON'],
    ['String', 'UUID'],
    ['IPv4', 'UInt32'],
    ['Array(Tuple(String, UInt8))', 'Map(String, UInt8)'],
    ['SimpleAggregateFunction(sum, UInt64)', 'UInt8'],
    ['UInt64', 'Variant(String, UInt64)'],
  ],
  impossible: [
    ['AggregateFunction(sum, UInt64)', 'AggregateFunction(max, UInt64)'],
    ['Variant(Date, String)', 'Variant(String)'],
    ['Array(Variant(Date, String))', 'Array(Variant(String))'],
    ['UInt64', 'Array(UInt64)'],
    ['Array(UInt64)', 'UInt64'],
    ['Tuple(UInt8, String)', 'Tuple(UInt8)'],
    ['JSON', 'UInt64'],
    ['AggregateFunction(sum, UInt64)', 'UInt64'],
    ['UUID', 'UInt64'],
    ['UInt8', 'IPv4'],
    ['Date', 'Decimal(9, 2)'],
    ['String', 'Map(String, String)'],
    ['UInt64', 'Variant(String, Date)'],
  ],
};

for (const [change, cases] of Object.entries(pairs)) {
  test.each(cases)(`%s to %s is ${change}`, (from, to) => {
    expect(typeChange(from, to)).toBe(change);
  });
}

test('NULL and LowCardinality are seen through each other', () => {
  expect(isNullable('LowCardinality(Nullable(String))')).toBe(true);
  expect(isNullable('Array(Nullable(String))')).toBe(false);
  expect(onlyCardinality('String', 'LowCardinality(String)')).toBe(true);
  expect(onlyCardinality('String', 'LowCardinality(Nullable(String))')).toBe(false);
});
