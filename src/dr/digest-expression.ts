/** A column and its type go in; what is hashed of it comes out, the same for equal values however their parts lie. */
import { typeOf } from '../kinds/type-change.ts';

/** The table or a column of it can't be compared exactly; the message says why. */
export class NotComparable extends Error {
  override readonly name = 'NotComparable';
}

/**
 * Families whose values cityHash64 tells apart, NULLs inside and outside of them included, and whose hash does not depend on how
 * a part stores them. test/dr-generated.test.ts tries each.
 */
const HASHED = new Set(
  (
    'Array BFloat16 Bool Date Date32 DateTime DateTime32 DateTime64 Decimal Decimal32 Decimal64 Decimal128 Decimal256 Dynamic ' +
    'Enum Enum8 Enum16 FixedString Float32 Float64 Geometry IPv4 IPv6 Int8 Int16 Int32 Int64 Int128 Int256 JSON LineString ' +
    'LowCardinality Map MultiLineString MultiPolygon Nested Nothing Nullable Point Polygon QBit Ring String Time Time64 Tuple ' +
    'UInt8 UInt16 UInt32 UInt64 UInt128 UInt256 UUID Variant'
  ).split(' '),
);

/** Functions of which equal values have equal states, in whatever order they were merged. */
const EQUAL_STATES = new Set(
  'sum sumWithOverflow count min max avg groupBitAnd groupBitOr groupBitXor argMin argMax any anyLast'.split(
    ' ',
  ),
);

/** Functions whose whole state can be put in an order that does not depend on merges. */
const ORDERED: Readonly<Record<string, (column: string) => string>> = {
  groupBitmap: (column) => `bitmapToArray(${column})`,
  groupUniqArray: (column) => `arraySort(finalizeAggregation(${column}))`,
};

const FLOAT = /\bB?Float(?:16|32|64)\b/;

/** Functions that add floating-point numbers up, with last digits that depend on the order. */
const ADDS = /^(?:sum|avg)/;

export interface DigestExpression {
  /** Equal exactly when the values are. */
  readonly expression: string;
  /** Present where two sites that hold the same may still show other values. */
  readonly loose?: {
    readonly why: string;
    /** What must be equal even so; nothing where there is no such thing. */
    readonly firm?: string;
  };
}

function checkFamilies(type: string): void {
  const { name: family, parameters } = typeOf(type);
  if (!HASHED.has(family) && !/^Interval[A-Z]/.test(family)) {
    const inside = family === 'AggregateFunction' ? 'inside another type' : 'of which no exact hash is known';
    throw new NotComparable(`has the type ${type}, ${inside}`);
  }
  if (['Array', 'LowCardinality', 'Map', 'Nullable', 'Variant'].includes(family))
    parameters.forEach(checkFamilies);
}

/** Looks for states in tuples, typed paths and wherever else a type may stand. */
const HOLDS_STATE = /\bAggregateFunction\(/;

function ofState(column: string, all: readonly string[]): DigestExpression {
  // A version of the state's form may stand in front: `AggregateFunction(1, sumMap, …)`.
  const [called = '', ...values] = /^\d+$/.test(all[0] ?? '') ? all.slice(1) : all;
  const { name } = typeOf(called);
  const base = name.replace(/If$/, '');
  if (ADDS.test(base) && values.some((type) => FLOAT.test(type))) {
    return { expression: column, loose: { why: added(name) } };
  }
  if (EQUAL_STATES.has(base)) return { expression: column };
  const ordered = ORDERED[base]?.(column);
  if (ordered) return { expression: ordered };
  const why = `the form of a state of ${name} depends on the order of merges`;
  return { expression: column, loose: { why, firm: `finalizeAggregation(${column})` } };
}

const added = (name: string): string => `${name} adds floating-point numbers in the order of merges`;

/**
 * What to hash of a column, given as SQL. Throws {@link NotComparable} with the words behind the column's name for types of
 * which no exact hash is known.
 */
export function digestExpression(column: string, type: string): DigestExpression {
  const { name: family, parameters } = typeOf(type);
  if (family === 'AggregateFunction') return ofState(column, parameters);
  if (family === 'SimpleAggregateFunction') {
    const [name = '', inner = ''] = parameters;
    checkFamilies(inner);
    if (!ADDS.test(name) || !FLOAT.test(inner)) return { expression: column };
    return { expression: column, loose: { why: added(name) } };
  }
  if (HOLDS_STATE.test(type))
    throw new NotComparable(`has the type ${type}, with a state inside another type`);
  checkFamilies(type);
  return { expression: column };
}

/** Whether a type has floating-point numbers in it. */
export function holdsFloat(type: string): boolean {
  return FLOAT.test(type);
}
