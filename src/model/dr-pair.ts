/** A pair of sites as declared: two clusters that hold the same tables, how the active one is known, and how far repairs may go. */
import { fitsPattern } from './pieces.ts';
import type { Place } from './place.ts';

export interface DrSite {
  readonly cluster: string;
  /** What the DNS record resolves to while this site is active: addresses, or names of them. Empty where no record is asked. */
  readonly addresses: readonly string[];
}

/** How the active site is known. */
export type ActiveBy = { readonly dns: string } | { readonly fixed: string };

/**
 * How a node of the passive site reads the active one: a named collection or a cluster of its server's configuration. In the
 * name, `{site}` stands for the cluster that is read and `{shard}` for the number of the shard; a cluster whose name does without
 * has all shards, in order.
 */
export type CopyBy = { readonly namedCollection: string } | { readonly cluster: string };

/** What one run may repair. */
export interface RepairLimits {
  /** Bytes on the active site's disk. */
  readonly maxBytes: number;
  readonly maxPartitions: number;
  /** Bytes per second over the wire, of all repairs of the pair together; undefined where nothing limits them. */
  readonly bandwidth: number | undefined;
  /** Partitions that are repaired at the same time. */
  readonly concurrency: number;
}

export interface DrPair {
  readonly name: string;
  /** Shard n of one is paired with shard n of the other. */
  readonly sites: readonly [DrSite, DrSite];
  readonly active: ActiveBy;
  /** Patterns such as `telemetry.*`. */
  readonly tables: readonly string[];
  readonly except: readonly string[];
  readonly autoCreate: boolean;
  readonly compare: 'rows' | 'digest';
  /** Seconds: partitions that were written to more recently are hot. */
  readonly hotAfter: number;
  /** Clean checks in a row after which the pair is ready for failback. */
  readonly cleanChecks: number;
  /** Absent where nothing is to be repaired. */
  readonly copy: CopyBy | undefined;
  readonly repair: RepairLimits;
  /** Whether the apply after a merge repairs the pair, behind the changes of the schemas. */
  readonly repairOnApply: boolean;
  readonly place?: Place;
}

/** Whether `database.table`, divided at the pattern's first dot, names a table. */
export function fitsTable(pattern: string, [database = '', table = '']: readonly string[]): boolean {
  const dot = pattern.indexOf('.');
  return fitsPattern(database, pattern.slice(0, dot)) && fitsPattern(table, pattern.slice(dot + 1));
}

/** Whether a table is one of a pair's. */
export function isPaired(
  { tables, except }: Pick<DrPair, 'tables' | 'except'>,
  path: readonly string[],
): boolean {
  return tables.some((one) => fitsTable(one, path)) && !except.some((one) => fitsTable(one, path));
}
