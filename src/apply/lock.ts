/** One writer per cluster: a lock that is a table on the cluster's first node, so it needs no Keeper and survives its holder. */
import type { Server } from '../live/server.ts';
import { ServerError } from '../live/server.ts';
import { PlumblineError } from '../model/errors.ts';
import { identifier, literal } from '../sql/quote.ts';

/*
 * The table has one column. Its name is the lock: `free`, or who holds it until when by the server's clock; its comment
 * says who that is for people. One statement changes it, and all of the protocol stands on that one:
 *   ALTER TABLE lock ADD COLUMN next, DROP COLUMN seen
 * ClickHouse runs the ALTERs of a table one after the other, each whole or not at all, so it fails unless the lock is
 * still as it was seen: take, renew, take over and release can meet in any order, and one of them wins.
 */
const DATABASE = '`plumbline`';
const TABLE = 'lock';
const FREE = 'free';
const HELD = /^(.+) until (\d+)$/;
/** The column to drop is gone, the one to add is there, or the table was dropped. */
const NOT_AS_SEEN: ReadonlySet<number | undefined> = new Set([10, 15, 60]);
/** A server that takes longer for a statement about metadata is taken for one that does not answer. */
const TIMEOUT = { timeout: 30_000 } as const;

/** What is locked: a cluster, by its name, or something on it that has a lock of its own, in a table whose name begins with `lock `. */
export type Locked = string | { readonly table: string; readonly what: string };

const tableOf = (locked: Locked): string => (typeof locked === 'string' ? TABLE : locked.table);
const pathOf = (table: string): string => `${DATABASE}.${identifier(table)}`;
const nameOf = (locked: Locked): string => (typeof locked === 'string' ? `cluster ${locked}` : locked.what);

export interface Holder {
  readonly run: string;
  /** Who, where and since when, for people. */
  readonly owner: string;
  /** Seconds until the lock can be taken over; not positive when it already can. */
  readonly expiresIn: number;
}

export interface Lock {
  /** Seconds for which the lock is still ours for sure. Throws when it is somebody else's: then nothing may be written. */
  verify(): Promise<number>;
  /** Extends the lock. Throws when it is somebody else's. */
  renew(): Promise<void>;
  release(): Promise<void>;
}

/** Somebody else is at work on it. */
export class LockedError extends PlumblineError {
  override readonly name = 'LockedError';

  constructor(locked: Locked, holder: Holder) {
    const wait = Math.max(1, Math.ceil(holder.expiresIn));
    const what = nameOf(locked);
    super(
      `${what.charAt(0).toUpperCase()}${what.slice(1)} is locked by ${holder.owner} (run ${holder.run}). ` +
        `The lock expires in ${wait} s unless it is renewed; \`plumbline unlock\` removes it at once.`,
    );
  }
}

/** The lock as it was at one moment. */
interface Seen {
  readonly column: string;
  readonly holder: Holder | undefined;
  /** Milliseconds of the server's clock. */
  readonly now: number;
}

/** Undefined where no lock has ever been taken. */
async function look(server: Server, table: string): Promise<Seen | undefined> {
  const [row] = await server.rows<[string, string, string]>(
    `SELECT name, comment, toString(toUnixTimestamp64Milli(now64(3))) FROM system.columns
     WHERE database = 'plumbline' AND table = ${literal(table)}`,
    TIMEOUT,
  );
  if (!row) return undefined;
  const [column, owner, clock] = row;
  const now = Number(clock);
  const [, run, expires] = HELD.exec(column) ?? [];
  const holder = run === undefined ? undefined : { run, owner, expiresIn: (Number(expires) - now) / 1000 };
  return { column, holder, now };
}

/** Whether the lock was still as seen, and now is as wanted. */
async function swap(
  server: Server,
  table: string,
  seen: Seen,
  column: string,
  owner: string,
): Promise<boolean> {
  try {
    await server.run(
      `ALTER TABLE ${pathOf(table)} ADD COLUMN ${identifier(column)} UInt8 COMMENT ${literal(owner)}, DROP COLUMN ${identifier(seen.column)}`,
      TIMEOUT,
    );
    return true;
  } catch (error) {
    if (error instanceof ServerError && NOT_AS_SEEN.has(error.code)) return false;
    throw error;
  }
}

async function create(server: Server, table: string): Promise<void> {
  await server.run(`CREATE DATABASE IF NOT EXISTS ${DATABASE}`, TIMEOUT);
  await server.run(`CREATE TABLE IF NOT EXISTS ${pathOf(table)} (${FREE} UInt8) ENGINE = Null`, TIMEOUT);
}

/** Who holds the lock, or undefined when nobody does. Needs no right to write. */
export async function readHolder(server: Server): Promise<Holder | undefined> {
  return (await look(server, TABLE))?.holder;
}

/** Takes a lock for so many seconds. Throws {@link LockedError} at once when somebody else holds it. */
export async function takeLock(
  server: Server,
  locked: Locked,
  { run, owner, seconds }: { readonly run: string; readonly owner: string; readonly seconds: number },
): Promise<Lock> {
  if (!(seconds > 0))
    throw new PlumblineError(`A lock is held for a number of seconds, found \`${seconds}\`.`);
  const table = tableOf(locked);
  const mine = (seen: Seen): string => `${run} until ${seen.now + Math.ceil(seconds * 1000)}`;
  const lost = (holder: Holder | undefined): PlumblineError =>
    holder
      ? new LockedError(locked, holder)
      : new PlumblineError(`The lock of ${nameOf(locked)} was removed while this run held it.`);
  /** The lock as it is, which must be ours. */
  const own = async (): Promise<Seen & { holder: Holder }> => {
    const seen = await look(server, table);
    if (!seen || seen.holder?.run !== run) throw lost(seen?.holder);
    return { ...seen, holder: seen.holder };
  };
  const renew = async (): Promise<void> => {
    const seen = await own();
    // What came between may have been a renewal of our own.
    if (!(await swap(server, table, seen, mine(seen), owner))) await own();
  };
  const verify = async (): Promise<number> => (await own()).holder.expiresIn;
  for (;;) {
    const seen = await look(server, table);
    // Two declared clusters can live on one server: their lock is one lock, kept by the one that took it.
    if (seen?.holder?.run === run) return { verify, renew: async () => {}, release: async () => {} };
    if (seen?.holder && seen.holder.expiresIn > 0) throw new LockedError(locked, seen.holder);
    if (!seen) await create(server, table);
    else if (await swap(server, table, seen, mine(seen), owner)) break;
  }
  return {
    verify,
    renew,
    async release() {
      // A renewal of our own may come in between.
      for (;;) {
        const seen = await look(server, table);
        if (seen?.holder?.run !== run || (await swap(server, table, seen, FREE, ''))) return;
      }
    },
  };
}

/** Removes a lock whoever holds it, and says who did; undefined when nobody does. */
export async function breakLock(server: Server, table = TABLE): Promise<Holder | undefined> {
  const seen = await look(server, table);
  if (!seen?.holder) return undefined;
  return (await swap(server, table, seen, FREE, '')) ? seen.holder : breakLock(server, table);
}

/** The tables of the locks that somebody holds, beside the cluster's own. */
export async function heldLocks(server: Server): Promise<readonly string[]> {
  const rows = await server.rows<[string]>(
    `SELECT table FROM system.columns WHERE database = 'plumbline' AND startsWith(table, 'lock ') AND name != ${literal(FREE)} ORDER BY table`,
    TIMEOUT,
  );
  return rows.map(([table]) => table);
}
