/** What every part of a repair works with, and the reasons for which one stops. */
import type { Server } from '../live/server.ts';
import { PlumblineError } from '../model/errors.ts';
import { showPath } from '../model/object.ts';
import type { Repair } from '../model/repair.ts';

/** Why a partition is left as it is. docs/dr.md says what to do about each. */
export type RepairRefusal =
  /** Another site is active than when the repair was planned, or nobody knows which. */
  | 'direction'
  /** Somebody asked to stop. */
  | 'stopped'
  /** A replica is read-only or behind. */
  | 'lagging'
  /** A mutation or a lightweight update is still to be written into the partition. */
  | 'pending mutations'
  /** The partition was written to, or merged, since it was compared. */
  | 'moved'
  /** What was put together is not what the active site has. */
  | 'not verified'
  /** The passive site has rows that the active one lacks. */
  | 'only on passive'
  /** Rows came in the very moment in which the partition was replaced, and are gone with the old parts. */
  | 'raced';

/** The repair can't go on; the message says why. The partition is as it was, unless the refusal is `raced`. */
export class RepairError extends PlumblineError {
  override readonly name = 'RepairError';
  readonly refusal: RepairRefusal;

  constructor(refusal: RepairRefusal, order: Pick<RepairOrder, 'path' | 'repair'>, reason: string) {
    super(`${refusal}: partition ${order.repair.partition} of ${showPath(order.path)}: ${reason}`);
    this.refusal = refusal;
  }
}

export interface RepairOrder {
  /** Of the table, the same on both sites. */
  readonly path: readonly string[];
  readonly repair: Repair;
  /** A node of the passive site. */
  readonly target: Server;
  /** The node of the active site that has the same shard. */
  readonly source: Server;
  /** What the ids of the statements begin with. */
  readonly queryId: string;
  /** Asked before every statement that changes anything; throws when the lock is lost. */
  readonly keepLock: () => Promise<void>;
  /** Why the source is not the active site any more; undefined while it is. */
  readonly turned: () => Promise<string | undefined>;
  /** Whether somebody asked to stop. */
  readonly shouldStop: () => boolean;
}
