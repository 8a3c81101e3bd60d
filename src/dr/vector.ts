/** A type goes in; SQL that makes many values of it out of numbers comes out, so that two servers can be asked to hash the same. */

import { typeOf } from '../kinds/type-change.ts';
import { Cursor } from '../sql/cursor.ts';
import { literal } from '../sql/quote.ts';

type Maker = (seed: string, type: string, parameters: readonly string[], depth: number) => string;

const cast = (value: string, type: string): string => `CAST(${value} AS ${type})`;
const padded = (seed: string): string => `leftPad(lower(hex(${seed})), 16, '0')`;
const point = (seed: string): string => `(toFloat64(${seed} % 181), toFloat64(${seed} % 91) / 2)`;
const number: Maker = (seed, type) => cast(seed, type);
const floating: Maker = (seed, type) => cast(`(toInt64(${seed} % 20001) - 10000) / 8`, type);
const clock: Maker = (seed, type, [digits]) =>
  cast(`concat('0', toString(${seed} % 10), ':00:59'${digits ? `, '.', toString(${seed} % 10)` : ''})`, type);

function scaleOf(family: string, parameters: readonly string[]): number {
  return Number((family === 'Decimal' ? parameters[1] : parameters[0]) ?? 0);
}

const decimal: Maker = (seed, type, parameters) => {
  const scale = scaleOf(typeOf(type).name, parameters);
  const digits = Math.min(scale, 9);
  return cast(
    scale === 0
      ? `toString(${seed} % 10)`
      : `concat('0.', leftPad(toString(${seed} % ${10 ** digits}), ${digits}, '0'))`,
    type,
  );
};

const names: Maker = (seed, type, parameters) => {
  const values = parameters.map((parameter) => splitName(parameter));
  return cast(`[${values.join(', ')}][1 + ${seed} % ${values.length}]`, type);
};

/** The string in front of `= 1`. */
function splitName(parameter: string): string {
  return parameter.replace(/\s*=\s*-?\d+$/, '');
}

const array = (element: (seed: string, depth: number) => string, seed: string, depth: number): string => {
  const item = `item${depth}`;
  return `arrayMap(${item} -> ${element(`cityHash64(${seed}, ${item})`, depth + 1)}, range(${seed} % 4))`;
};

const map: Maker = (seed, type, [key = '', value = ''], depth) => {
  const keys = array((inner, deeper) => make(inner, key, deeper), seed, depth);
  const values = array((inner, deeper) => make(`bitNot(${inner})`, value, deeper), seed, depth);
  return cast(`mapFromArrays(${keys}, ${values})`, type);
};

/** The type of a tuple's element, which may have a name in front: `a Nullable(String)`. */
function elementType(parameter: string): string {
  const cursor = new Cursor(parameter);
  cursor.name();
  if (cursor.ended || cursor.sees('(')) return parameter;
  return cursor.rest();
}

const tuple: Maker = (seed, type, parameters, depth) =>
  cast(
    `tuple(${parameters.map((one, at) => make(`cityHash64(${seed}, ${at})`, elementType(one), depth + 1)).join(', ')})`,
    type,
  );

const state: Maker = (seed, type, parameters, depth) => {
  const [name = '', ...values] = /^\d+$/.test(parameters[0] ?? '') ? parameters.slice(1) : parameters;
  const called = typeOf(name);
  const levels = called.parameters.length > 0 ? `(${called.parameters.join(', ')})` : '';
  const given = values.map((value, at) => make(`cityHash64(${seed}, ${at})`, value, depth + 1));
  const list = given.length === 0 ? seed : given.join(', ');
  return cast(`initializeAggregation(${literal(`${called.name}State${levels}`)}, ${list})`, type);
};

const line = (seed: string): string => `[${point(seed)}, ${point(`bitNot(${seed})`)}]`;

const MAKERS: Readonly<Record<string, Maker>> = {
  BFloat16: floating,
  Float32: floating,
  Float64: floating,
  Bool: (seed, type) => cast(`${seed} % 2`, type),
  Int128: (seed, type) => cast(`CAST(${seed} AS Int128) * -1000003`, type),
  Int256: (seed, type) => cast(`CAST(${seed} AS Int256) * -1000003`, type),
  Decimal: decimal,
  Decimal32: decimal,
  Decimal64: decimal,
  Decimal128: decimal,
  Decimal256: decimal,
  String: (seed) => `if(${seed} % 5 = 0, '', hex(${seed}))`,
  FixedString: (seed, type, [length]) => cast(`substring(hex(${seed}), 1, ${length})`, type),
  UUID: (seed) =>
    `toUUID(concat('00000000-0000-0000-', substring(${padded(seed)}, 1, 4), '-', substring(${padded(seed)}, 5)))`,
  IPv4: (seed, type) => cast(`toUInt32(${seed})`, type),
  IPv6: (seed) =>
    `toIPv6(concat('::', substring(${padded(seed)}, 1, 4), ':', substring(${padded(seed)}, 5, 4)))`,
  Date: (seed) => `toDate(toUInt16(${seed} % 40000))`,
  Date32: (seed) => `toDate32(toInt32(${seed} % 40000))`,
  DateTime: (seed, type) => cast(`toUInt32(${seed})`, type),
  DateTime64: (seed, type) => cast(`toDecimal64(toInt64(${seed} % 2000000000000), 3) / 1000`, type),
  Time: clock,
  Time64: clock,
  Enum: names,
  Enum8: names,
  Enum16: names,
  Nullable: (seed, type, [inner = ''], depth) =>
    cast(inner === 'Nothing' ? 'NULL' : `if(${seed} % 4 = 0, NULL, ${make(seed, inner, depth)})`, type),
  LowCardinality: (seed, type, [inner = ''], depth) => cast(make(seed, inner, depth), type),
  SimpleAggregateFunction: (seed, _type, [, inner = ''], depth) => make(seed, inner, depth),
  AggregateFunction: state,
  Array: (seed, type, [inner = ''], depth) =>
    inner === 'Nothing'
      ? cast('[]', type)
      : cast(
          array((one, deeper) => make(one, inner, deeper), seed, depth),
          type,
        ),
  Nested: (seed, type, parameters, depth) =>
    cast(
      array((one, deeper) => tuple(one, `Tuple(${parameters.join(', ')})`, parameters, deeper), seed, depth),
      type,
    ),
  Map: map,
  Tuple: tuple,
  JSON: (seed, type) =>
    cast(
      `concat('{"plumbline":{"a":', toString(${seed} % 100), ',"b":["', hex(${seed}), '",null,1.5]}}')`,
      type,
    ),
  Dynamic: (seed, type) => `if(${seed} % 2 = 0, ${cast(seed, type)}, ${cast(`hex(${seed})`, type)})`,
  Variant: (seed, type, parameters, depth) =>
    `multiIf(${parameters.map((one, at) => `${seed} % ${parameters.length + 1} = ${at}, ${cast(make(seed, one, depth), type)}`).join(', ')}, CAST(NULL AS ${type}))`,
  Point: (seed, type) => cast(point(seed), type),
  Ring: (seed, type) => cast(line(seed), type),
  LineString: (seed, type) => cast(line(seed), type),
  MultiLineString: (seed, type) => cast(`[${line(seed)}]`, type),
  Polygon: (seed, type) => cast(`[${line(seed)}]`, type),
  MultiPolygon: (seed, type) => cast(`[[${line(seed)}]]`, type),
  Geometry: (seed, type) => cast(cast(point(seed), 'Point'), type),
  QBit: (seed, type, [inner = '', length = '1']) =>
    cast(
      `arrayMap(item -> CAST((${seed} + item) % 128 AS ${inner}), range(${Math.min(Number(length), 65536)}))`,
      type,
    ),
};

function make(seed: string, type: string, depth: number): string {
  const { name: family, parameters } = typeOf(type);
  return (MAKERS[family] ?? number)(seed, type, parameters, depth);
}

/** SQL for a value of the type that follows from the seed, an SQL expression of type UInt64. */
export function vectorExpression(seed: string, type: string): string {
  return make(seed, type, 0);
}
