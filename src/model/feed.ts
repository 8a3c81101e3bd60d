/** A feed as declared: where rows of a table with history come from, and how a source's row becomes one of the table's. */
import type { Place } from './place.ts';

/** Where a server reads the rows. In every text `{tenant}` stands for the tenant that is loaded. */
export type FeedSource =
  | {
      readonly from: 's3' | 'gcs' | 'azure' | 'url';
      /** The named collection that holds address and credentials; absent for a public `url`. */
      readonly collection: string | undefined;
      /** What stands behind the collection's address, or the whole URL. */
      readonly path: string;
    }
  | { readonly from: 'file'; readonly path: string }
  | {
      readonly from: 'table';
      /** A cluster of the server's configuration; absent for a table of the server itself. */
      readonly cluster: string | undefined;
      readonly database: string;
      readonly table: string;
    };

export type FeedMode =
  | {
      readonly as: 'full';
      /** Whether a source without rows closes every version. */
      readonly allowEmpty: boolean;
      /** The share of the keys that hold now, from 0 to 1, that one load may close because they vanished. */
      readonly maxClosedShare: number;
    }
  | {
      readonly as: 'incremental';
      /** Seconds before the last good load began from which on the source is read again; undefined: all of it, every time. */
      readonly window: number | undefined;
    };

export interface Feed {
  readonly name: string;
  /** Database and name of a table with history. */
  readonly table: readonly string[];
  readonly source: FeedSource;
  /** Undefined for tables. */
  readonly format: string | undefined;
  /** SQL over the source's columns by column of the table; the others are taken from the column of the same name. */
  readonly mapping: Readonly<Record<string, string>>;
  /** SQL that names whose the row is; absent where the source holds one tenant's rows only. */
  readonly tenant: string | undefined;
  /** SQL for since when the row is so; absent where only the load's own time is known. */
  readonly validFrom: string | undefined;
  /** SQL that says whether the row was deleted. */
  readonly deleted: string | undefined;
  readonly mode: FeedMode;
  /** The share of bad rows, from 0 to 1, over which a load fails. */
  readonly maxBadShare: number;
  readonly place?: Place;
}
