/** One writer per cluster: a lock that is a table on the cluster's first node, so it needs no Keeper and survives its holder. */
import type { Cluster } from '../model/estate.ts';
import { PlumblineError } from '../model/errors.ts';
import { identifier, literal } from '../sql/quote.ts';
import type { Server } from '../live/server.ts';
import { ServerError } from '../live/server.ts';

/*
 * The table has one column, named after the run that holds the lock; the column's comment is when the lock expires, in
 * seconds of the server's clock. Three statements are atomic in ClickHouse, and all of the protocol stands on them:
 *   take      CREATE TABLE lock            fails when somebody holds it
 *   renew     COMMENT COLUMN <run>         fails when the lock is no longer ours, because the column is not there
 *   take over RENAME lock TO lock_of_<run> succeeds once for each expired run: the name is taken from then on
 */
const DATABASE = '`plumbline`';
const LOCK = `${DATABASE}.\`lock\``;
const TABLE_EXISTS = 57;
const UNKNOWN_TABLE = 60;
const KEEP_TOMBSTONES = 'INTERVAL 1 DAY';

export interface Holder {
  readonly run: string;
  /** Who, where and since when, for people. */
  readonly owner: string;
  /** Seconds until the lock can be taken over; not positive when it already can. */
  readonly expiresIn: number;
}

export interface Lock {
  /** Extends the lock. Throws when it is no longer ours: then nothing may be written any more. */
  renew(): Promise<void>;
  release(): Promise<void>;
}

/** Somebody else is applying. */
export class LockedError extends PlumblineError {
  override readonly name = 'LockedError';

  constructor(cluster: string, holder: Holder) {
    const wait = Math.max(1, Math.ceil(holder.expiresIn));
    super(
      `Cluster ${cluster} is locked by ${holder.owner} (run ${holder.run}). ` +
        `The lock expires in ${wait} s unless it is renewed; \`plumbline unlock\` removes it at once.`,
    );
  }
}

const tombstone = (run: string): string => `${DATABASE}.${identifier(`lock_of_${run}`)}`;

function hasCode(error: unknown, code: number): boolean {
  return error instanceof ServerError && error.code === code;
}

/** Who holds the lock, or undefined when nobody does. Needs no right to write. */
export async function readHolder(server: Server): Promise<Holder | undefined> {
  const [row] = await server.rows<[string, string, number]>(
    `SELECT c.name, t.comment, toInt64OrZero(c.comment) - toInt64(toUnixTimestamp(now()))
     FROM system.columns AS c INNER JOIN system.tables AS t ON t.database = c.database AND t.name = c.table
     WHERE c.database = 'plumbline' AND c.table = 'lock'`,
  );
  return row && { run: row[0], owner: row[1], expiresIn: Number(row[2]) };
}

async function create(server: Server, run: string, owner: string, seconds: number): Promise<boolean> {
  const [now] = await server.rows<[number]>('SELECT toUnixTimestamp(now())');
  const expires = String(Number(now?.[0]) + seconds);
  try {
    await server.run(
      `CREATE TABLE ${LOCK} (${identifier(run)} UInt8 COMMENT ${literal(expires)}) ENGINE = Memory COMMENT ${literal(owner)}`,
    );
    return true;
  } catch (error) {
    if (hasCode(error, TABLE_EXISTS)) return false;
    throw error;
  }
}

/** Moves the lock of a run out of the way; false when somebody was faster. */
async function bury(server: Server, run: string): Promise<boolean> {
  try {
    await server.run(`RENAME TABLE ${LOCK} TO ${tombstone(run)}`);
    return true;
  } catch (error) {
    if (hasCode(error, TABLE_EXISTS) || hasCode(error, UNKNOWN_TABLE)) return false;
    throw error;
  }
}

async function dropTombstones(server: Server): Promise<void> {
  const old = await server.rows<[string]>(
    `SELECT name FROM system.tables WHERE database = 'plumbline' AND startsWith(name, 'lock_of_')
     AND metadata_modification_time < now() - ${KEEP_TOMBSTONES}`,
  );
  for (const [name] of old) await server.run(`DROP TABLE IF EXISTS ${DATABASE}.${identifier(name)}`);
}

/** Takes the lock of a cluster for so many seconds. Throws {@link LockedError} at once when somebody else holds it. */
export async function takeLock(
  server: Server,
  cluster: Cluster['name'],
  { run, owner, seconds }: { readonly run: string; readonly owner: string; readonly seconds: number },
): Promise<Lock> {
  await server.run(`CREATE DATABASE IF NOT EXISTS ${DATABASE}`);
  while (!(await create(server, run, owner, seconds))) {
    const holder = await readHolder(server);
    // Two declared clusters can live on one server: their lock is one lock.
    if (holder?.run === run) return { renew: async () => {}, release: async () => {} };
    if (holder && holder.expiresIn > 0) throw new LockedError(cluster, holder);
    if (holder) await bury(server, holder.run);
  }
  await dropTombstones(server);
  let renewed = Date.now();
  const lapsed = (): boolean => Date.now() - renewed > seconds * 1000;
  return {
    async renew() {
      const [now] = await server.rows<[number]>('SELECT toUnixTimestamp(now())');
      if (lapsed()) throw new PlumblineError(`The lock of cluster ${cluster} expired while this run held it.`);
      const expires = String(Number(now?.[0]) + seconds);
      await server.run(`ALTER TABLE ${LOCK} COMMENT COLUMN ${identifier(run)} ${literal(expires)}`);
      renewed = Date.now();
    },
    async release() {
      const inTime = !lapsed();
      if ((await bury(server, run)) && inTime) await server.run(`DROP TABLE IF EXISTS ${tombstone(run)}`);
    },
  };
}

/** Removes the lock whoever holds it, and says who did; undefined when nobody does. */
export async function breakLock(server: Server): Promise<Holder | undefined> {
  const holder = await readHolder(server);
  if (!holder) return undefined;
  return (await bury(server, holder.run)) ? holder : breakLock(server);
}
