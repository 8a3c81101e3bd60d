/** What one replica of a table says of itself. */

export interface Replica {
  /** In Keeper, macros written out: what the replicas of one table share. */
  readonly path: string;
  /** How many ALTERs it has followed. */
  readonly version: number;
  readonly isReadOnly: boolean;
  /** Entries of the log that it has yet to follow. */
  readonly queue: number;
}
