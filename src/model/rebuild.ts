/** A rebuild as data: which tables stand in for each other while rows are copied, and how each column gets over. */

/** Names beside the table, in its database. */
export interface RebuildNames {
  /** Eight hexadecimal digits; the same for the same live and desired definition, so that a plan made again agrees. */
  readonly id: string;
  /** The new table until it takes the table's name, and the old one until its last rows are copied. */
  readonly shadow: string;
  /** Where rows that came after the exchange are gathered before they are moved, so that no view sees them twice. */
  readonly late: string;
  /** What the old table is called in the end. */
  readonly old: string;
}

/**
 * How the rows that came before a moment are told from later ones: by block numbers that merges keep (`numbered`), by block
 * numbers while merges stand still (`still`), or not at all (`whole`).
 */
export type Cut = 'numbered' | 'still' | 'whole';

export interface CopiedColumn {
  readonly name: string;
  /** What the new column is made of, over the columns of the old table. */
  readonly expression: string;
}

export interface Rebuild extends RebuildNames {
  /** What stands behind `CREATE TABLE name`. */
  readonly definition: string;
  /** Columns of the new table that get their values from the old one; the others get their defaults. */
  readonly columns: readonly CopiedColumn[];
  /** Of the old table; `whole` also where the new one has no parts that rows could be moved into. */
  readonly from: Cut;
  /** Of the new table. */
  readonly to: Cut;
  /** Of the settings that a rebuild borrows, those that the old and the new table set themselves, as SQL. */
  readonly settings: Readonly<Record<'from' | 'to', Readonly<Record<string, string>>>>;
  /**
   * A SELECT over the new table `{table}` and the old one `{live}` of one text for every reason why the rows can't stand in the
   * new one; absent where all that fit can.
   */
  readonly proof?: string;
  /** Refreshable views that write into the table, quoted: they stand still meanwhile. */
  readonly stopped: readonly string[];
}

/** What a run that is no more has left of a rebuild. */
export interface LeftRebuild {
  /** The table's. */
  readonly path: readonly string[];
  readonly rebuild: Rebuild;
  /** Whether the new table has the name already, so that only late rows may be missing. */
  readonly exchanged: boolean;
}
