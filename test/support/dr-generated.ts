/** Tables with a column of every type and a small case in each partition, written by SQL on both sites: the same, or but for one cell. */
import { vectorExpression } from '../../src/dr/vector.ts';

export const TYPES: readonly string[] = [
  ...'UInt8 UInt16 UInt32 UInt64 UInt128 UInt256 Int8 Int16 Int32 Int64 Int128 Int256 Float32 Float64 BFloat16 Bool'.split(
    ' ',
  ),
  ...'String FixedString(5) UUID IPv4 IPv6 Date Date32 DateTime DateTime64(3) DateTime64(0) Time Time64(3)'.split(
    ' ',
  ),
  ...'Decimal(9,2) Decimal(18,18) Decimal(38,0) Decimal(76,10)'.replaceAll(',', ', ').split(/(?<=\)) /),
  ...'Nullable(String) Nullable(UInt8) LowCardinality(String) LowCardinality(Nullable(String)) Array(String)'.split(
    ' ',
  ),
  ...'JSON Dynamic Point Ring LineString MultiLineString Polygon MultiPolygon Geometry Nullable(Float64)'.split(
    ' ',
  ),
  "DateTime('Europe/Berlin')",
  "Enum8('a' = 1, 'b, c' = 2)",
  "Enum16('x' = -5, 'y' = 300)",
  'Array(Array(Nullable(UInt8)))',
  'Tuple(a UInt8, b Nullable(String))',
  'Map(String, Nullable(UInt8))',
  'Map(LowCardinality(String), Array(String))',
  'Array(Tuple(String, Nullable(UInt8)))',
  'JSON(max_dynamic_paths=1)',
  'Dynamic(max_types=2)',
  'Variant(Array(UInt8), Date, String)',
  'QBit(Float32, 8)',
  'SimpleAggregateFunction(sum, UInt64)',
  'AggregateFunction(sum, UInt64)',
  'AggregateFunction(argMax, String, DateTime)',
  'AggregateFunction(groupBitmap, UInt32)',
  'AggregateFunction(uniq, String)',
];

const ROWS = 8;

const columns = TYPES.map((type, at) => `v${at} ${type}`).join(', ');

export const wideTable = (name: string, settings = ''): string =>
  `CREATE TABLE dr.${name} (p UInt32, k UInt32, ${columns}) ENGINE = MergeTree PARTITION BY p ORDER BY k${settings}`;

/** The row that a cell is taken from: in every fourth partition rows come in pairs of equals. */
const SAME = 'if(p % 4 = 2, intDiv(k, 2), k)';

/** A new value, two rows that swap theirs, a pair of equal rows that both get a new one, and the default or NULL. */
const other = (at: number): string => `multiIf(
  intDiv(p, 4) % ${TYPES.length} != ${at}, ${SAME},
  p % 4 = 0 AND k = p % 7, k + 1000,
  p % 4 = 1 AND k = p % 7, k + 1,
  p % 4 = 1 AND k = p % 7 + 1, k - 1,
  p % 4 = 2 AND intDiv(k, 2) = intDiv(p % 7, 2), k + 1000,
  ${SAME})`;

const isDefault = (at: number): string =>
  `p % 4 = 3 AND k = p % 7 AND intDiv(p, 4) % ${TYPES.length} = ${at}`;

/** NULL on the active site and the default of the type inside on the passive one; else the default on the passive one alone. */
function emptied(type: string, value: string, at: number, changed: boolean): string {
  const inner = /^(?:LowCardinality\()?Nullable\((\w+)\)/.exec(type)?.[1];
  if (inner !== undefined) {
    const empty = changed ? `defaultValueOfTypeName('${inner}')` : 'NULL';
    return `if(${isDefault(at)}, CAST(${empty} AS ${type}), ${value})`;
  }
  if (!changed || type.includes('AggregateFunction')) return value;
  return `if(${isDefault(at)}, defaultValueOfArgumentType(${value}), ${value})`;
}

/** Eight rows for each of these partitions; `changed` differs from the rest in one cell of each, or in one pair of cells. */
export function wideRows(partitions: readonly [number, number], changed: boolean, where = '1'): string {
  const seeds = TYPES.map((_type, at) => `cityHash64(p, ${changed ? other(at) : SAME}, ${at}) AS s${at}`);
  const values = TYPES.map((type, at) => emptied(type, vectorExpression(`s${at}`, type), at, changed));
  const [from, count] = partitions;
  return `SELECT p, ${SAME}, ${values.join(', ')} FROM (
    SELECT toUInt32(${from} + intDiv(number, ${ROWS})) AS p, toUInt32(number % ${ROWS}) AS k, ${seeds.join(', ')}
    FROM numbers(${count * ROWS})) WHERE ${where}`;
}

/** What is in each partition, without any of the product's hashes: the MD5 of all rows in their binary form, in order. */
export const wideTruth = (name: string): string =>
  `SELECT toString(p), hex(MD5(arrayStringConcat(arraySort(groupArray(formatRow('RowBinary', k, ${TYPES.map((_type, at) => `v${at}`).join(', ')}))))))
   FROM dr.${name} GROUP BY p`;

/** For the INSERT of many partitions of all types. */
export const LIBERAL = {
  max_partitions_per_insert_block: '0',
  max_query_size: '10000000',
  allow_suspicious_low_cardinality_types: 1,
} as const;
