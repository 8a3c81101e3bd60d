/** A table with the history of its rows (slowly changing dimension, type 2) as plain data: what loaders and policies need of it. */
import type { Place } from './place.ts';

/** When `expiry_date` of a version that holds now ends, as SQL. */
export const OPEN_END = "toDateTime64('2999-12-31 23:59:59', 3)";

/** Columns of the table in which a load gathers its rows, beside those of the rows. */
export const LANDING = {
  batch: 'load_batch',
  deleted: 'load_deleted',
  /** Why the row can't be taken; empty for a good one. */
  problem: 'load_problem',
  /** A bad row as it came. */
  row: 'load_row',
  landed: 'load_time',
} as const;

/** Columns of the table of rows that no load could take, beside that of the tenant. */
export const QUARANTINE = {
  batch: 'load_batch',
  feed: 'load_feed',
  reason: 'load_reason',
  row: 'load_row',
  time: 'load_time',
} as const;

/** Names of the columns that say when a version holds and how it came about. */
export interface ScdValidity {
  readonly from: string;
  readonly to: string;
  readonly current: string;
  /** Computed by the server from the tracked columns; never inserted. */
  readonly hash: string;
  /** Of two rows of one version the higher number counts. */
  readonly version: string;
  /** 1 where the row was not there: deleted at its source, or a version that a later load took back. */
  readonly retracted: string;
}

/** Names in the same database. */
export interface ScdNames {
  readonly current: string;
  readonly asOf: string;
  readonly landing: string;
  readonly quarantine: string;
}

export interface ScdColumn {
  readonly name: string;
  /** As declared, which the server may write otherwise. */
  readonly type: string;
}

export interface ScdTable {
  readonly clusters: ReadonlySet<string>;
  readonly database: string;
  /** Of the history table. */
  readonly name: string;
  readonly names: ScdNames;
  readonly tenant: string;
  readonly key: readonly string[];
  /** Columns of which a change makes a new version. */
  readonly tracked: readonly string[];
  /** Columns that are stored but make no new version. */
  readonly ignored: readonly string[];
  /** Tenant, key, tracked and ignored columns in the order of the table. */
  readonly columns: readonly ScdColumn[];
  readonly validity: ScdValidity;
  /** SQL over the tracked columns, in which NULL and an empty text differ. */
  readonly hash: string;
  /** Database and name under which it may have been loaded before. */
  readonly renamedFrom?: readonly [database: string, name: string];
  /** Bytes up to which a load merges the tenant's partition; absent where no load does. */
  readonly mergeAfterLoad?: number;
  readonly place?: Place;
}
