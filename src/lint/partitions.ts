/** A table's partition key goes in; an estimate of how many partitions it will have comes out. */
import { isInstant, type LintColumn } from './column.ts';
import { callOf, columnOf, intervalDays } from './expression.ts';
import type { Table } from './subject.ts';

/** How many values an expression takes. */
export type Spread =
  /** So many more each year. */
  | { readonly perYear: number }
  /** So many in all; a guess where the type does not say it. */
  | { readonly values: number }
  | 'unbounded'
  | 'unknown';

/** Functions of time, and how many values of theirs a year has. */
const PER_YEAR: ReadonlyMap<string, number> = new Map([
  ...['toYear', 'toISOYear', 'toStartOfYear', 'toStartOfISOYear'].map((name) => [name, 1] as const),
  ['toStartOfQuarter', 4],
  ...['toYYYYMM', 'toStartOfMonth', 'toLastDayOfMonth'].map((name) => [name, 12] as const),
  ...['toMonday', 'toStartOfWeek', 'toLastDayOfWeek', 'toYearWeek'].map((name) => [name, 52] as const),
  ...['toDate', 'toDate32', 'toYYYYMMDD', 'toStartOfDay'].map((name) => [name, 365] as const),
  ['toStartOfHour', 8760],
  ['toStartOfFifteenMinutes', 35_040],
  ['toStartOfTenMinutes', 52_560],
  ['toStartOfFiveMinutes', 105_120],
  ['toStartOfMinute', 525_600],
  ...['toYYYYMMDDhhmmss', 'toUnixTimestamp', 'toDateTime', 'toStartOfSecond'].map(
    (name) => [name, 31_536_000] as const,
  ),
]);

/** Functions of time that come round again. */
const VALUES: ReadonlyMap<string, number> = new Map([
  ['toQuarter', 4],
  ['toMonth', 12],
  ['toDayOfWeek', 7],
  ['toDayOfMonth', 31],
  ['toHour', 24],
  ['toMinute', 60],
]);

const HASHES = /^(cityHash64|sipHash64|xxHash\d+|murmurHash\w+|farmHash64|intHash\d+|MD5|SHA\d+)$/;

/** How many values a column of few values is taken to have. */
export const FEW = 20;

function spreadOfColumn(column: LintColumn): Spread {
  const { base, parameters } = column;
  if (base === 'Date' || base === 'Date32') return { perYear: 365 };
  if (isInstant(column)) return { perYear: 31_536_000 };
  if (base === 'Bool') return { values: 2 };
  if (base.startsWith('Enum')) return { values: Math.max(1, parameters.length) };
  if (column.lowCardinality) return { values: FEW };
  return /^(UUID|IPv4|IPv6)$/.test(base) ? 'unbounded' : 'unknown';
}

export function spreadOf(text: string, table: Table): Spread {
  const modulo = /(?:%|,)\s*(\d+)\s*\)?$/.exec(text);
  if (modulo && (/%/.test(text) || /^(modulo|positiveModulo|moduloLegacy)\(/.test(text)))
    return { values: Number(modulo[1]) };
  const column = columnOf(text, table);
  if (column) return spreadOfColumn(column);
  const call = callOf(text);
  if (!call) return 'unknown';
  if (HASHES.test(call.name)) return 'unbounded';
  if (call.name === 'toStartOfInterval') {
    const days = intervalDays(text);
    return days ? { perYear: 365 / days } : 'unknown';
  }
  const [perYear, values] = [PER_YEAR.get(call.name), VALUES.get(call.name)];
  if (perYear !== undefined) return { perYear };
  return values === undefined ? 'unknown' : { values };
}

/** Years that are looked ahead where no TTL ends them. */
const HORIZON = 2;

/** Rules of the TTL that delete whole rows, whatever is in them. */
export function deletingTtl({ ttl }: Table): string[] {
  return ttl.filter((rule) => !/\b(TO (DISK|VOLUME)|RECOMPRESS|GROUP BY|WHERE)\b/i.test(rule));
}

/** Years for which rows are kept, and whether the TTL says so. */
export function horizon(table: Table): { readonly years: number; readonly declared: boolean } {
  const days = deletingTtl(table).flatMap((rule) => intervalDays(rule) ?? []);
  return days.length > 0
    ? { years: Math.min(...days) / 365, declared: true }
    : { years: HORIZON, declared: false };
}

export function countOf(spread: Spread, years: number): number {
  if (spread === 'unknown') return 1;
  if (spread === 'unbounded') return Number.POSITIVE_INFINITY;
  return Math.max(1, 'values' in spread ? spread.values : spread.perYear * years);
}
