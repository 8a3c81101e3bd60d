/** The repair of one partition as data: what both sites had when they were compared, and how the passive one comes to have the same. */

/**
 * How a node of the passive site reads the shard it is paired with: a named collection, or a cluster of its server's
 * configuration; with `shard`, only the shard of that number of the cluster. Credentials stand there, never in a statement.
 */
export type CopyFrom =
  | { readonly namedCollection: string }
  | { readonly cluster: string; readonly shard?: number };

/** What one site showed of the partition. */
export interface ComparedContent {
  /** Of its parts; empty where it had none. */
  readonly fingerprint: string;
  readonly rows: number;
  /** Empty where only rows were counted. */
  readonly digest: string;
}

export interface Repair {
  /** The declared pair. */
  readonly pair: string;
  /** The node of the active site. */
  readonly source: string;
  readonly from: CopyFrom;
  /** `_partition_id`. */
  readonly partition: string;
  /** The name of the table beside all others in which the partition is put together. */
  readonly staging: string;
  /** Its storage: that of the table, kept by this node alone. */
  readonly storage: string;
  /** Columns with values of their own on disk. */
  readonly columns: readonly string[];
  /** SQL for the hash of a row; `{now}` in it stands for the moment until which values have expired, in seconds. */
  readonly row: string;
  /** Conditions that hold for rows which no TTL has deleted; with `{now}`. */
  readonly alive: readonly string[];
  /** Whether rows are counted as the engine would merge them. */
  readonly final: boolean;
  /** Whether they are copied so. */
  readonly merged: boolean;
  /** A kill cut the swap short: the table beside is there, has been proven, and takes the partition's place now. */
  readonly finish?: true;
  /** A condition that holds for the rows that are replaced; absent where the whole partition is copied. */
  readonly where?: string;
  /**
   * SQL for the hash of a row's key; present where it is not known yet whether the passive site has rows that the active one lacks.
   */
  readonly key?: string;
  /** Repairs of the pair that run at the same time, at most. */
  readonly atOnce: number;
  /** Bytes per second over the wire, of this repair alone. */
  readonly bandwidth?: number;
  readonly active: ComparedContent;
  readonly passive: ComparedContent;
}
