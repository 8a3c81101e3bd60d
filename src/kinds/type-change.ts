/** Says what a column's new type does to the values that are there, from the two types' texts. */
import { Cursor } from '../sql/cursor.ts';
import { converts } from './type-conversions.ts';

/**
 * `metadata` touches no value, `widening` rewrites all of them and changes none, `narrowing` can lose or refuse some, and
 * `impossible` is what ClickHouse converts in no way.
 */
export type TypeChange = 'metadata' | 'widening' | 'narrowing' | 'impossible';

export interface Type {
  readonly name: string;
  readonly parameters: readonly string[];
}

/** Splits `Map(String, UInt8)`. */
export function typeOf(text: string): Type {
  const cursor = new Cursor(text);
  const name = cursor.name();
  return { name, parameters: cursor.ended ? [] : new Cursor(cursor.parenthesized()).list() };
}

/** The type inside `Nullable(…)`, `LowCardinality(…)` and both; the type itself when there is nothing around it. */
export function unwrap(text: string, wrappers: readonly string[]): string {
  const { name, parameters } = typeOf(text);
  const [inner] = parameters;
  return wrappers.includes(name) && inner !== undefined ? unwrap(inner, wrappers) : text;
}

/** Whether a column of this type can hold NULL. */
export function isNullable(type: string): boolean {
  return typeOf(unwrap(type, ['LowCardinality'])).name === 'Nullable';
}

/** `U`, 32 out of `UInt32`. */
function integerOf(name: string): { readonly unsigned: boolean; readonly bits: number } | undefined {
  const [, sign, bits] = /^(U?)Int(\d+)$/.exec(name) ?? [];
  return bits === undefined ? undefined : { unsigned: sign === 'U', bits: Number(bits) };
}

function widensInteger(from: string, to: string): boolean {
  const [a, b] = [integerOf(from), integerOf(to)];
  if (!a || !b) return false;
  return a.unsigned === b.unsigned ? b.bits >= a.bits : a.unsigned && b.bits > a.bits;
}

const AS_TEXT =
  /^(U?Int\d+|Float\d+|BFloat16|Decimal|Date|Date32|DateTime|DateTime64|UUID|IPv4|IPv6|Bool|Enum8|Enum16|FixedString)$/;

/** Pairs of types of which the second holds every value of the first. */
const WIDER = new Set([
  'Float32 Float64',
  'Date Date32',
  'Date DateTime64',
  'DateTime DateTime64',
  'IPv4 IPv6',
  'Enum8 Enum16',
]);

/** Pairs that are stored alike, so that only the way in which they are shown changes. */
const ALIKE = new Set([
  'UInt8 Bool',
  'Bool UInt8',
  'DateTime DateTime',
  'DateTime64 DateTime64',
  'Enum8 Enum8',
  'Enum16 Enum16',
]);

const keepsAll = (from: readonly string[], to: readonly string[]): boolean =>
  from.every((value) => to.includes(value));

const precision = (type: Type): number => Number(type.parameters[0] ?? 3);

/** Whether the parameters of two types of the same or a wider family let every value through. */
function parametersHold(from: Type, to: Type): boolean {
  const pair = `${from.name} ${to.name}`;
  const [[a = 0, b = 0], [c = 0, d = 0]] = [from.parameters.map(Number), to.parameters.map(Number)];
  if (/^Enum/.test(from.name) && /^Enum/.test(to.name)) return keepsAll(from.parameters, to.parameters);
  if (pair === 'DateTime64 DateTime64')
    return precision(to) === precision(from) || (precision(to) > precision(from) && precision(to) < 9);
  if (to.name === 'DateTime64') return precision(to) < 9;
  if (pair === 'Decimal Decimal') return d >= b && c - d >= a - b;
  if (pair === 'FixedString FixedString') return c >= a;
  return true;
}

function changeOfInner(from: readonly string[], to: readonly string[]): TypeChange {
  if (from.length !== to.length) return 'narrowing';
  const changes = from.map((text, at): TypeChange => {
    const inner = to[at] ?? '';
    return isNullable(text) && !isNullable(inner) ? 'narrowing' : typeChange(text, inner);
  });
  for (const worst of ['impossible', 'narrowing'] as const) if (changes.includes(worst)) return worst;
  return changes.includes('widening') ? 'widening' : 'metadata';
}

/** Names and types of a tuple's elements; an element without a name has an empty one. */
export function elementsOf(type: Type): [string, string][] {
  return type.parameters.map((element) => {
    const cursor = new Cursor(element);
    const name = cursor.name();
    return cursor.ended || cursor.sees('(') ? ['', element] : [name, cursor.rest()];
  });
}

/** Tuples are converted by the names of their elements, or by position where one of them has no names. */
function changeOfTuple(from: Type, to: Type): TypeChange {
  const [a, b] = [elementsOf(from), elementsOf(to)];
  const named = [...a, ...b].every(([name]) => name !== '');
  if (!named && a.length !== b.length) return 'impossible';
  if (a.some(([name], at) => name !== b[at]?.[0])) return 'narrowing';
  return changeOfInner(
    a.map(([, type]) => type),
    b.map(([, type]) => type),
  );
}

function changeOfNested(from: Type, to: Type): TypeChange {
  if (from.name === 'AggregateFunction') return 'impossible';
  if (from.name === 'Variant') return keepsAll(from.parameters, to.parameters) ? 'widening' : 'impossible';
  if (from.name === 'Array' || from.name === 'Map') return changeOfInner(from.parameters, to.parameters);
  if (from.name === 'SimpleAggregateFunction') {
    return from.parameters[0] === to.parameters[0]
      ? changeOfInner(from.parameters.slice(1), to.parameters.slice(1))
      : 'narrowing';
  }
  return from.name === 'Tuple' ? changeOfTuple(from, to) : 'narrowing';
}

/** `T` for `SimpleAggregateFunction(f, T)`, of which the values are. */
export function summed(text: string): string {
  const { name, parameters } = typeOf(text);
  return name === 'SimpleAggregateFunction' ? (parameters[1] ?? text) : text;
}

function changeOfBare(fromText: string, toText: string): TypeChange {
  if (fromText === toText) return 'metadata';
  const [from, to] = [typeOf(fromText), typeOf(toText)];
  const pair = `${from.name} ${to.name}`;
  if (widensInteger(from.name, to.name)) return 'widening';
  const same = from.name === to.name;
  if (ALIKE.has(pair) && parametersHold(from, to)) {
    return from.name === 'DateTime64' && precision(from) !== precision(to) ? 'widening' : 'metadata';
  }
  if ((WIDER.has(pair) || (same && /^(Decimal|FixedString)$/.test(from.name))) && parametersHold(from, to))
    return 'widening';
  if (to.name === 'String' && AS_TEXT.test(from.name)) return 'widening';
  if (same) return changeOfNested(from, to);
  const isMember = to.name !== 'Variant' || to.parameters.includes(fromText);
  return isMember && converts(typeOf(summed(fromText)).name, typeOf(summed(toText)).name)
    ? 'narrowing'
    : 'impossible';
}

/**
 * What changes when values of one canonical type become values of another. NULL is left out of it: a type that no longer
 * takes NULL is judged by its other values.
 */
export function typeChange(from: string, to: string): TypeChange {
  const wrappers = ['Nullable', 'LowCardinality'];
  const change = changeOfBare(unwrap(from, wrappers), unwrap(to, wrappers));
  const wrapped = (type: string): string => `${isNullable(type)} ${typeOf(type).name === 'LowCardinality'}`;
  return change === 'metadata' && wrapped(from) !== wrapped(to) ? 'widening' : change;
}

/** Whether the types differ in LowCardinality alone, which even a key column may change. */
export function onlyCardinality(from: string, to: string): boolean {
  return unwrap(from, ['LowCardinality']) === unwrap(to, ['LowCardinality']);
}
