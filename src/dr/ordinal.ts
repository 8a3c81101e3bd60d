/** A part of a sorting key goes in; how its values map to whole numbers in the same order, and back into SQL, comes out. */

import { typeOf } from '../kinds/type-change.ts';
import { literal } from '../sql/quote.ts';
import type { KeyPart } from './question.ts';

export interface Ordinal {
  /** SQL for the number. */
  readonly sql: string;
  /** A type that has all of the numbers. */
  readonly type: 'Int64' | 'UInt64';
  /** SQL for the value of a number, fit for comparing the key part with. */
  value(number: bigint): string;
  /** The value for people; moments in UTC. */
  show(number: bigint): string;
}

/** The lowest and the highest of some numbers, of which there is at least one. */
export function endsOf(numbers: readonly bigint[]): readonly [bigint, bigint] {
  const sorted = [...numbers].sort((a, b) => (a < b ? -1 : 1));
  return [sorted[0] ?? 0n, sorted.at(-1) ?? 0n];
}

/** Milliseconds since 1970 as far as JavaScript's dates go, else the number alone. */
function moment(milliseconds: bigint): string {
  const date = new Date(Number(milliseconds));
  return Number.isNaN(date.getTime()) ? String(milliseconds) : date.toISOString().replace(/\.000Z$/, 'Z');
}

const day = (days: bigint): string => moment(days * 86_400_000n).slice(0, -10);

const INTEGER = /^U?Int(?:8|16|32|64)$/;

const IN_ORDER: Readonly<Record<string, (expression: string, type: string) => Ordinal>> = {
  Date: (expression) => ({
    sql: `toInt32(${expression})`,
    type: 'Int64',
    value: (number) => `CAST(${number} AS Date)`,
    show: day,
  }),
  Date32: (expression) => ({
    sql: `toInt32(${expression})`,
    type: 'Int64',
    value: (number) => `CAST(toInt32(${number}) AS Date32)`,
    show: day,
  }),
  DateTime: (expression) => ({
    sql: `toUInt32(${expression})`,
    type: 'UInt64',
    value: (number) => `toDateTime(${number})`,
    show: (number) => moment(number * 1000n),
  }),
  DateTime64: (expression, type) => ({
    sql: `reinterpretAsInt64(${expression})`,
    type: 'Int64',
    value: (number) => `reinterpret(toInt64(${number}), ${literal(type)})`,
    show: (number) => moment((number * 1000n) / 10n ** BigInt(typeOf(type).parameters[0] ?? 3)),
  }),
};

/** Undefined for values that are not whole numbers in any natural order: strings, decimals, NULLs … */
export function ordinalOf({ expression, type }: KeyPart): Ordinal | undefined {
  if (type === undefined) return undefined;
  const { name: family } = typeOf(type);
  if (INTEGER.test(family))
    return {
      sql: expression,
      type: family.startsWith('U') ? 'UInt64' : 'Int64',
      value: String,
      show: String,
    };
  return IN_ORDER[family]?.(expression, type);
}

/** Whether values of the key part are strings, whose bounds can be written down byte by byte. */
export function isText({ type = '' }: KeyPart): boolean {
  return /^(?:LowCardinality\()?(?:String|FixedString\(\d+\))\)?$/.test(type);
}
