/** A value and two types go in; its conversion comes out, and what finds out whether another value is made of it. */
import { literal } from '../sql/quote.ts';
import { enumValues } from './enum-values.ts';
import { summed, typeOf, unwrap } from './type-change.ts';
import { converts, type Family, familyOf } from './type-conversions.ts';

const TIMES = new Set<Family>(['day', 'moment', 'precise', 'clock']);
const WHOLES = new Set<Family>(['number', 'wide', 'decimal']);
const COMPOUND = new Set<Family>(['array', 'map', 'tuple']);
const TEXTS = new Set<Family>(['text', 'fixed', 'variant', 'dynamic']);

interface Bare {
  readonly name: string;
  readonly parameters: readonly string[];
  readonly family: Family | undefined;
}

function bare(text: string): Bare {
  const type = typeOf(summed(unwrap(text, ['Nullable', 'LowCardinality'])));
  return { ...type, family: familyOf(type.name) };
}

const inSet = (set: ReadonlySet<Family>, family: Family | undefined): boolean =>
  family !== undefined && set.has(family);

const converted = (value: string, type: string): string => `accurateCast(${value}, ${literal(type)})`;

/** A text that was read otherwise than it stands there; `accurateCast` takes a time out of range for another one. */
function readsOtherwise(value: string, cast: string, to: Bare): string | undefined {
  const [before, after] = [`toString(${value})`, `toString(${cast})`];
  if (inSet(TIMES, to.family)) {
    const text = `replaceOne(${before}, 'T', ' ')`;
    return `NOT (startsWith(${text}, ${after}) OR startsWith(${after}, ${text}))`;
  }
  const plain = (text: string): string => `replaceAll(${text}, ' ', '')`;
  return to.family === 'wide' || inSet(COMPOUND, to.family)
    ? `${plain(before)} != ${plain(after)}`
    : undefined;
}

/** Whether `accurateCast` alone stops at every element of an array or a map that would change. */
function elementsAreSafe(from: Bare, to: Bare): boolean {
  if (from.name !== to.name || !/^(Array|Map)$/.test(from.name)) return false;
  return from.parameters.every((type, at) => {
    const other = to.parameters[at] ?? '';
    return type === other || (!differs('x', type, other) && !cutBy(type, other));
  });
}

function numberDiffers(value: string, cast: string, to: Bare): string {
  // ClickHouse takes any number for a value of another Enum, and fails when somebody reads it.
  const numbers = enumValues(to).map(({ number }) => number);
  return numbers.length > 0
    ? `toInt16(${value}) NOT IN (${numbers.join(', ')})`
    : `toInt64(${cast}) != toInt64(${value})`;
}

function elementsDiffer(value: string, back: string, cast: string, to: string): string {
  const differ = `cityHash64(tuple(${back})) != cityHash64(tuple(${value}))`;
  // The text is never empty, but can't be made of an Enum's value that does not exist.
  return /\bEnum/.test(to) ? `${differ} OR toString(${cast}) = ''` : differ;
}

/** The condition under which the converted value, converted back, is another one by more than what is told beforehand. */
function differs(value: string, fromText: string, toText: string): string | undefined {
  const [from, to] = [bare(fromText), bare(toText)];
  const cast = converted(value, toText);
  if (inSet(TEXTS, from.family)) return readsOtherwise(value, cast, to);
  if (from.family === 'enum' && /^(enum|day|moment|precise|clock)$/.test(to.family ?? ''))
    return numberDiffers(value, cast, to);
  if (!converts(to.name, from.name)) return undefined;
  // A day before 1970 must not become a large number again.
  const isCount = from.name.startsWith('UInt') && inSet(TIMES, to.family);
  const original = isCount ? 'Nullable(Int64)' : summed(unwrap(fromText, ['LowCardinality']));
  const back = `CAST(${cast}, ${literal(original)})`;
  if (elementsAreSafe(from, to)) return undefined;
  if (inSet(COMPOUND, from.family)) return elementsDiffer(value, back, cast, toText);
  const inTime = inSet(TIMES, from.family) || inSet(TIMES, to.family);
  if (!inTime && to.name !== 'Bool' && from.family !== 'enum') return undefined;
  if (/^(moment|precise)$/.test(from.family ?? '') && to.family === 'day')
    return `dateDiff('day', ${back}, ${value}) != 0`;
  // Before 1970 ClickHouse cuts fractions towards the later second.
  if (from.family === 'precise' && to.family !== 'clock')
    return `abs(dateDiff('second', ${back}, ${value})) > 1`;
  return `${back} != ${value}`;
}

/** What a conversion cuts without stopping; undefined where it cuts nothing. */
export function cutBy(fromText: string, toText: string): string | undefined {
  const [from, to] = [bare(fromText), bare(toText)];
  if (/^(moment|precise|text|fixed|variant|dynamic)$/.test(from.family ?? '') && to.family === 'day')
    return 'times of day are cut';
  if (inSet(TEXTS, from.family) && /^(moment|precise)$/.test(to.family ?? ''))
    return 'fractions of a second are cut';
  if (from.family === 'precise' && /^(moment|precise|number|wide|decimal)$/.test(to.family ?? '')) {
    const finer = to.family === 'precise' && Number(to.parameters[0]) >= Number(from.parameters[0]);
    return finer ? undefined : 'fractions of a second are cut';
  }
  const decimal = from.family === 'decimal' || to.family === 'decimal';
  const digits = from.name === 'String' || inSet(WHOLES, from.family);
  return decimal && digits && from.name !== 'Bool' ? 'digits that it has no room for are cut' : undefined;
}

export interface ExactCast {
  readonly value: string;
  /** Fails at a value that does not fit. */
  readonly guard: string;
}

/** Converts to a narrower type. `accurateCast` alone lets days and times out of range pass as others. */
export function exactCast(value: string, from: string, to: string): ExactCast {
  const cast = converted(value, to);
  const difference = differs(value, from, to);
  if (difference === undefined) return { value: cast, guard: cast };
  const guard = `throwIf(ifNull(${difference}, 0), ${literal(`a value does not fit into ${to}: it would become another one`)})`;
  // The second branch is there for its type: with two alike, ClickHouse would not look at the condition.
  return { value: `if(${guard} = 0, ${cast}, CAST(${value}, ${literal(to)}))`, guard };
}
