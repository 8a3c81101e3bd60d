/** A setting's type and a value as written go in; the value comes out as servers keep it in users, roles and profiles. */
import { ParseError } from '../sql/cursor.ts';

const SIZES: ReadonlyMap<string, bigint> = new Map(
  Object.entries({
    '': 1n,
    K: 1000n,
    M: 1000n ** 2n,
    G: 1000n ** 3n,
    T: 1000n ** 4n,
    Ki: 1024n,
    Mi: 1024n ** 2n,
    Gi: 1024n ** 3n,
    Ti: 1024n ** 4n,
  }),
);

function wholeNumber(text: string): string {
  const [, digits, size = ''] = /^([+-]?\d+)(K|M|G|T|Ki|Mi|Gi|Ti)?$/.exec(text) ?? [];
  if (digits === undefined) throw new ParseError(`\`${text}\` is no whole number, such as 4, 10G or 1Mi`);
  return String(BigInt(digits.replace('+', '')) * (SIZES.get(size) ?? 1n));
}

/** Servers wrap what is too large for 64 bits, to what nobody meant. */
function unsigned(text: string): string {
  const number = wholeNumber(text);
  if (number.startsWith('-') || BigInt(number) >= 1n << 64n)
    throw new ParseError(`\`${text}\` does not lie between 0 and ${(1n << 64n) - 1n}`);
  return number;
}

function fraction(text: string): number {
  const number = Number(text);
  if (!/^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/.test(text) || !Number.isFinite(number))
    throw new ParseError(`\`${text}\` is no number`);
  return number;
}

/** The shortest digits that mean the same 32-bit number. */
function single(number: number): number {
  const rounded = Math.fround(number);
  for (let digits = 1; digits < 9; digits++) {
    const shorter = Number(rounded.toPrecision(digits));
    if (Math.fround(shorter) === rounded) return shorter;
  }
  return rounded;
}

const MICROSECONDS = 1e6;

function truth(text: string): string {
  if (/^(1|true)$/i.test(text)) return '1';
  if (/^(0|false)$/i.test(text)) return '0';
  throw new ParseError(`\`${text}\` is neither true nor false`);
}

const orAuto =
  (canonical: (text: string) => string) =>
  (text: string): string =>
    text === 'auto' ? text : canonical(text);

function threads(text: string): string {
  if (/^(auto.*|0+)$/.test(text))
    throw new ParseError(`every server would store its own number of cores for \`${text}\`; write a number`);
  return unsigned(text);
}

/** Lists of algorithms come back without blanks, and without what is said twice. */
const list = (text: string): string => [...new Set(text.split(',').map((item) => item.trim()))].join(',');

const CANONICAL: ReadonlyMap<string, (text: string) => string> = new Map(
  Object.entries({
    UInt64: unsigned,
    NonZeroUInt64: unsigned,
    Milliseconds: unsigned,
    Int64: wholeNumber,
    Int32: wholeNumber,
    UInt64Auto: orAuto(unsigned),
    MaxThreads: threads,
    Bool: truth,
    BoolAuto: orAuto(truth),
    Float: (text: string): string => String(single(fraction(text))),
    FloatAuto: orAuto((text) => String(single(fraction(text)))),
    Double: (text: string): string => String(fraction(text)),
    Seconds: (text: string): string => String(Math.trunc(fraction(text) * MICROSECONDS) / MICROSECONDS),
    JoinAlgorithm: list,
    MySQLDataTypesSupport: list,
  }),
);

/**
 * `type` as system.settings names it; of the types that are not listed, servers take one spelling only and store that. Throws
 * `ParseError` for a value that no server would take for this type.
 */
export function canonicalSetting(type: string, text: string): string {
  return CANONICAL.get(type)?.(text) ?? text;
}
