/** Queries of one cluster that were asked of another one as well, and how the answers compare. */

/**
 * `same`; `order`: the same rows in another order than ORDER BY may leave open; `result`, `schema`, `error`, `slower`: what differs.
 * `not repeatable`: other rows, as it may be. `not compared`: it fails, or is too large, where it comes from too.
 */
export const REPLAY_CLASSES = [
  'error',
  'schema',
  'result',
  'order',
  'slower',
  'not repeatable',
  'not compared',
  'same',
] as const;
export type ReplayClass = (typeof REPLAY_CLASSES)[number];

/** A query as it stood in a log or a file. */
export interface LoggedQuery {
  /** By which queries that differ in literals alone are one. */
  readonly shape: string;
  /** The query with `?` in place of literals. */
  readonly normal: string;
  readonly text: string;
  readonly database: string;
  /** How often it was asked, where that is known. */
  readonly count?: number;
}

/** It holds no literal of the query, unless that was asked for. */
export interface ReplayedQuery {
  readonly shape: string;
  readonly query: string;
  readonly count?: number;
  readonly became: ReplayClass;
  /** What was seen. */
  readonly seen?: string;
  /** What would be right. */
  readonly fix?: string;
  /** Milliseconds of the faster of the runs. */
  readonly here?: number;
  readonly there?: number;
}

export interface Replay {
  readonly federation: string;
  /** The node that was asked in place of the cluster that reads, and as which version. */
  readonly member: string;
  readonly compatibility: string;
  readonly queries: readonly ReplayedQuery[];
}

/** Whether the member would not do as the other one does. */
export function isDifference({ became }: Pick<ReplayedQuery, 'became'>): boolean {
  return !['same', 'not repeatable', 'not compared'].includes(became);
}
