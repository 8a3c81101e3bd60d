/** One side of a pair: a server and its state go in, what decides how its rows are read comes out. */
import type { RequestOptions, Server } from '../live/server.ts';
import type { State } from '../model/state.ts';
import { literal } from '../sql/quote.ts';

export interface Site {
  readonly server: Server;
  readonly state: State;
}

export interface SiteFacts {
  readonly version: string;
  readonly timezone: string;
  /** The server's clock, in seconds. */
  readonly now: number;
  /** When that was, by this machine's clock, in milliseconds. */
  readonly readAt: number;
  readonly settings: NonNullable<RequestOptions['settings']>;
}

/**
 * What a query must see, whatever the profile of the user says: every row that a reader sees, all of them, and nothing that an
 * earlier query left in a cache.
 */
const EXACT: Readonly<Record<string, string>> = {
  additional_table_filters: '{}',
  apply_deleted_mask: '1',
  apply_patch_parts: '1',
  // Duplicates in several partitions stay apart, so that each partition can be compared, and repaired, by itself.
  do_not_merge_across_partitions_select_final: '1',
  empty_result_for_aggregation_by_empty_set: '0',
  enable_parallel_replicas: '0',
  enable_positional_arguments: '0',
  final: '0',
  group_by_overflow_mode: 'throw',
  group_by_use_nulls: '0',
  optimize_use_implicit_projections: '0',
  optimize_use_projections: '0',
  read_overflow_mode: 'throw',
  result_overflow_mode: 'throw',
  select_sequential_consistency: '0',
  session_timezone: '',
  timeout_overflow_mode: 'throw',
  use_query_cache: '0',
  use_skip_indexes_if_final: '0',
  use_query_condition_cache: '0',
  // An error in the middle of an answer comes instead of it, never behind half of it.
  wait_end_of_query: '1',
};

const NAMES = Object.keys(EXACT).map(literal).join(', ');

/** Older servers know fewer settings, and have fewer ways to show a row wrongly. */
export async function readSiteFacts({ server }: Pick<Site, 'server'>): Promise<SiteFacts> {
  const [[facts], known] = await Promise.all([
    server.rows<[string, string, number]>('SELECT version(), serverTimezone(), toUnixTimestamp(now())'),
    server.rows<[string]>(`SELECT name FROM system.settings WHERE name IN (${NAMES})`),
  ]);
  const [version = '', timezone = '', now = 0] = facts ?? [];
  const settings = Object.fromEntries([
    ['wait_end_of_query', '1'],
    ...known.map(([name]) => [name, EXACT[name]]),
  ]) as SiteFacts['settings'];
  return { version, timezone, now: Number(now), readAt: Date.now(), settings };
}

/** A part may lose its expired rows between the question and the answer; those that are about to expire are left out too. */
const EXPIRING_SECONDS = 60;

/** Seconds since 1970 by the clock that is ahead, and a little more. */
export function soon(sides: readonly [SiteFacts, SiteFacts]): number {
  const clocks = sides.map(({ now, readAt }) => now + Math.ceil((Date.now() - readAt) / 1000));
  return Math.max(...clocks) + EXPIRING_SECONDS;
}

const HOUR = 3_600_000;

/** Conditions are looked at block by block: with 8 MiB in each instead of 1, a digest costs a tenth less. */
const LARGE_BLOCKS = { preferred_block_size_bytes: '8388608' };

/** For every query that reads rows. */
export function exactly({ settings }: SiteFacts): RequestOptions {
  return { settings: { ...LARGE_BLOCKS, ...settings }, timeout: HOUR };
}

/** Both answers, asked for at the same time. */
export async function both<S, T>(sides: readonly [S, S], ask: (side: S) => Promise<T>): Promise<[T, T]> {
  const [active, passive] = sides;
  return Promise.all([ask(active), ask(passive)]);
}
