/** Intervals of quotas: declarations and rows of a server go in, `INTERVAL 3600 second MAX queries = 10` comes out, and back. */
import { Cursor, ParseError } from '../sql/cursor.ts';
import { type AccessRow, textOf } from './access-row.ts';
import { said } from './said.ts';
import { canonicalSetting } from './setting-value.ts';

export interface IntervalDeclaration {
  /** `1 HOUR`. */
  readonly every: string;
  readonly randomized?: boolean;
  readonly limits?: Readonly<Record<string, string>>;
  readonly track_only?: boolean;
}

export interface QuotaInterval {
  readonly seconds: number;
  readonly randomized: boolean;
  /** By what is limited, as servers keep it; empty where it is only counted. */
  readonly limits: Readonly<Record<string, string>>;
}

/** Months, quarters and years are as long as they are on average. */
const SECONDS: Readonly<Record<string, number>> = {
  SECOND: 1,
  MINUTE: 60,
  HOUR: 3600,
  DAY: 86_400,
  WEEK: 604_800,
  MONTH: 2_629_746,
  QUARTER: 7_889_238,
  YEAR: 31_556_952,
};

/** The longest first, so that an interval reads as people say it. */
const UNITS = Object.entries(SECONDS).reverse();

const NANOSECONDS = 1e9;

/** Seconds are the only limit with a fraction. */
function limitText([what, most]: readonly [string, string]): [string, string] {
  if (what !== 'execution_time') return [what, canonicalSetting('UInt64', most)];
  const seconds = Number(canonicalSetting('Double', most));
  return [what, String(Math.round(seconds * NANOSECONDS) / NANOSECONDS)];
}

const sorted = (limits: Readonly<Record<string, string>>): Record<string, string> =>
  Object.fromEntries(Object.entries(limits).sort(([a], [b]) => (a < b ? -1 : 1)));

/** Limits stay as they are written. */
export function declareInterval({ every, randomized, limits = {} }: IntervalDeclaration): QuotaInterval {
  const [count = '', unit = ''] = every.toUpperCase().split(' ');
  const seconds = Number(count) * (SECONDS[unit.replace(/S$/, '')] ?? 1);
  return { seconds, randomized: randomized ?? false, limits: sorted(limits) };
}

/** With limits as servers keep them: `10G` is 10000000000. Throws {@link ParseError} for what is no number. */
export function canonicalInterval(interval: QuotaInterval): QuotaInterval {
  return { ...interval, limits: Object.fromEntries(Object.entries(interval.limits).map(limitText)) };
}

/** From a row of `system.quota_limits`. */
export function intervalOfRow(row: AccessRow): QuotaInterval {
  const limits = Object.keys(row).flatMap((column): [string, string][] => {
    const most = column.startsWith('max_') ? textOf(row, column) : undefined;
    return most === undefined ? [] : [[column.slice('max_'.length), most]];
  });
  return {
    seconds: Number(row.duration),
    randomized: Number(row.is_randomized_interval) === 1,
    limits: sorted(Object.fromEntries(limits)),
  };
}

export function intervalText({ seconds, randomized, limits }: QuotaInterval): string {
  const list = Object.entries(limits).map(([what, most]) => `${what} = ${most}`);
  const most = list.length > 0 ? `MAX ${list.join(', ')}` : 'TRACKING ONLY';
  return `${randomized ? 'RANDOMIZED ' : ''}INTERVAL ${seconds} second ${most}`;
}

/** Takes what {@link intervalText} writes. */
export function readInterval(cursor: Cursor): QuotaInterval {
  const randomized = cursor.takes('RANDOMIZED');
  cursor.expect('INTERVAL');
  const seconds = Number(cursor.expression(() => cursor.peek()?.text === 'second'));
  if (!Number.isInteger(seconds) || cursor.name() !== 'second')
    throw new ParseError('it has no interval in whole seconds');
  const limits: Record<string, string> = {};
  if (!cursor.takes('TRACKING ONLY')) {
    cursor.expect('MAX');
    do {
      const what = cursor.name();
      cursor.expect('=');
      limits[what] = cursor.expression(() => cursor.sees('TO') || cursor.sees('FOR'));
    } while (cursor.peek(1)?.text !== 'FOR' && cursor.takes(','));
  }
  return { seconds, randomized, limits };
}

export const parseInterval = (text: string): QuotaInterval => readInterval(new Cursor(text));

/** What {@link declareInterval} reads. */
export function describeInterval({ seconds, randomized, limits }: QuotaInterval): IntervalDeclaration {
  const [unit, length] = UNITS.find(([, length]) => seconds % length === 0) ?? ['SECOND', 1];
  const hasLimits = Object.keys(limits).length > 0;
  return {
    every: `${seconds / length} ${unit}`,
    ...said({
      randomized: randomized ? true : undefined,
      limits: hasLimits ? limits : undefined,
      track_only: hasLimits ? undefined : true,
    }),
  };
}
