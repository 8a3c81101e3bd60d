/** What a comparison of two sites comes out as: per table and partition a verdict with its reason, as plain data. */

/** How deep to look: `rows` counts what a reader would see, `digest` hashes every value of it. */
export type Depth = 'rows' | 'digest';

export type PartitionVerdict =
  /** Both sites show the same rows. */
  | 'equal'
  | 'different'
  | 'missing on passive'
  /** The passive site has rows that the active one lacks; nothing may repair that unasked. */
  | 'only on passive'
  /** Written to, or merged, too recently to be compared. */
  | 'hot'
  /** A mutation or patch parts wait to be written into the partition, so that it can't be repaired, or not even be read, now. */
  | 'pending mutations'
  /** The sites can't be told equal or different, as the reason says. */
  | 'not comparable';

export type TableVerdict =
  | 'compared'
  /** The passive site has no such table. */
  | 'missing on passive'
  | 'only on passive'
  /** The schema plan comes first. */
  | 'structure differs'
  /** A replica is read-only or behind. */
  | 'lagging'
  | 'not comparable';

/** Rows as a reader sees them: merged, without the deleted and the expired ones. */
export interface Content {
  readonly rows: number;
  /** Sum and exclusive or of the rows' hashes; empty where only rows were counted. */
  readonly digest: string;
}

/** What one site's disk holds of a partition. */
export interface PartSet {
  /** Changes with every part that comes, goes or is rewritten, patch parts included. */
  readonly fingerprint: string;
  /** Rows in the parts: those that are deleted or not yet merged are among them. */
  readonly storedRows: number;
  readonly bytes: number;
  readonly parts: number;
  readonly patchParts: number;
  /** Seconds since a part of it was written or merged last, on that server's clock. */
  readonly age: number;
}

/** A part of a partition in which the sites differ. */
export interface Difference {
  /** A condition on the table's columns that holds for exactly these rows, on both sites. */
  readonly where: string;
  /** The key range, for people: `tenant 'a', ts 17000000 to 17000060`. */
  readonly range: string;
  readonly active: Content;
  readonly passive: Content;
}

export interface PartitionComparison {
  /** `_partition_id`. */
  readonly partition: string;
  readonly verdict: PartitionVerdict;
  /** Empty where the verdict says it all. */
  readonly reason: string;
  /** Absent where the site has no part of the partition. */
  readonly activeParts?: PartSet;
  readonly passiveParts?: PartSet;
  /** Absent where nothing was read in this run: proven equal before, hot, pending. */
  readonly active?: Content;
  readonly passive?: Content;
  /** Where the sites differ. Together they hold every row that differs. */
  readonly differences: readonly Difference[];
  /** Rows that the passive site alone has; absent where that is not known. */
  readonly passiveOnlyRows?: number;
  /** Proven equal in an earlier run, and untouched on both sites since. */
  readonly remembered: boolean;
}

export interface TableComparison {
  /** Database and table. */
  readonly path: readonly string[];
  readonly verdict: TableVerdict;
  readonly reason: string;
  readonly partitions: readonly PartitionComparison[];
}

export interface SiteComparison {
  readonly depth: Depth;
  readonly tables: readonly TableComparison[];
}

/** Whether nothing was found that a repair, a person or a later look would have to see to. */
export function isInSync(table: TableComparison): boolean {
  return table.verdict === 'compared' && table.partitions.every(({ verdict }) => verdict === 'equal');
}
