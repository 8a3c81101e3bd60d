/** A writer that knows what was acknowledged, and readers that never look away, for a federation whose stage changes under them. */
import { setTimeout as sleep } from 'node:timers/promises';
import { ACCESS_DENIED, connect, type Server, ServerError } from '../../src/live/server.ts';
import { type Lack, type Member, startBooks } from './federation-books.ts';
import { BATCH, type FederationEstate, ordersSql } from './federation-estate.ts';
import { size } from './size.ts';

const MEMBERS: Readonly<Record<Member, readonly string[]>> = {
  community: ['community-1', 'community-2'],
  enterprise: ['enterprise'],
};

/** The user that writes; it is let in where the stage says. */
export const WRITER =
  '---\nkind: User\nname: writer\non: [community, enterprise]\nidentified: { with: no_password }\n';

export interface TrafficReport {
  readonly batches: number;
  /** Batches whose answer was lost, so that the writer looked for them. */
  readonly looked: number;
  /** How often the writer was turned away, and went to the other member. */
  readonly turned: number;
  readonly reads: number;
  /** Reads that lacked rows which they might lack. */
  readonly lacking: number;
}

export interface Traffic {
  /**
   * Runs it while nobody reads: embedded servers restart where others reload, and end when the peer that they read from does. The
   * writer goes on.
   */
  still<T>(run: () => Promise<T>): Promise<T>;
  /** Queries may do without all rows of a member, or without so many rows; never without any other. */
  lack(what: Member | number): Lack;
  /** Rows live on another member from now on; all that are there, where no number is given. */
  carry(from: Member, to: Member, rows?: number): void;
  /** Runs it while nobody writes, and no batch is under way; gives it the number behind the last order. */
  rest<T>(run: (end: number) => Promise<T>): Promise<T>;
  /** Throws what went wrong so far. */
  check(): void;
  stop(): Promise<TrafficReport>;
}

/** The days of January are left to those who filled the table. */
const isWritten = (batch: number): boolean => batch % 90 >= 31;

/** All orders that were filled in or written, but of days before this one, as SQL. */
export const allOrders = (filled: number, end: number, since = '2026-01-01'): string =>
  `SELECT * FROM (${ordersSql(0, end)}) WHERE (id < ${filled} OR intDiv(id, ${BATCH}) % 90 >= 31) AND day >= '${since}'`;

/** The orders of one batch, which are of one day. */
function batchText(batch: number): string {
  const day = new Date(Date.UTC(2026, 0, 1 + (batch % 90))).toISOString().slice(0, 10);
  return Array.from({ length: BATCH }, (_, at) => {
    const id = batch * BATCH + at;
    return JSON.stringify({ id, day, total: id, note: id % 3 === 0 ? null : String(id) });
  }).join('\n');
}

/** Whether the node has the batch that the query sent, which must have ended by then; asked until it answers. */
async function isThere(
  server: Server,
  batch: number,
  queryId: string,
  stopped: () => boolean,
): Promise<boolean> {
  for (; ; await sleep(20)) {
    try {
      const [running] = await server.rows<[number]>(
        `SELECT toUInt32(count()) FROM system.processes WHERE query_id = '${queryId}'`,
      );
      if (running?.[0] !== 0) continue;
      const [row] = await server.rows<[number]>(
        `SELECT toUInt32(count()) FROM shop.orders WHERE intDiv(id, ${BATCH}) = ${batch}`,
      );
      if (row?.[0] !== 0 && row?.[0] !== BATCH) throw new Error(`${row?.[0]} rows of a batch`);
      return row[0] === BATCH;
    } catch (error) {
      if (!(error instanceof ServerError) || error.code !== undefined || stopped()) throw error;
    }
  }
}

/** Milliseconds between two batches, and two queries. */
const PAUSE = size(100, 10);

/** What became of a batch on a node. */
type Sent = 'taken' | 'denied' | 'lost';

const COVERED = 'SELECT toUInt32(count()), toUInt32(uniqExact(id)) FROM shop.orders';
const FEDERATED = `${COVERED}_federated`;

export function startTraffic(federation: FederationEstate, filled: number): Traffic {
  const books = startBooks(filled);
  const writers = new Map(
    Object.values(MEMBERS)
      .flat()
      .map((node): [string, Server] => [
        node,
        connect({ ...federation.sql(node).node, user: { plain: 'writer' } }),
      ]),
  );
  const errors: unknown[] = [];
  const counts = { batches: 0, looked: 0, turned: 0, reads: 0, lacking: 0 };
  let [stopped, holds, rests, isResting, end] = [false, 0, 0, false, filled];
  const tryToSend = async (node: string, batch: number, queryId: string): Promise<Sent> => {
    try {
      const text = `INSERT INTO shop.orders FORMAT JSONEachRow ${batchText(batch)}`;
      await writers.get(node)?.run(text, { queryId });
      return 'taken';
    } catch (error) {
      if (!(error instanceof ServerError)) throw error;
      if (error.code === ACCESS_DENIED) return 'denied';
      if (error.code !== undefined) throw error;
      counts.looked++;
      const found = await isThere(federation.sql(node), batch, queryId, () => stopped);
      return found ? 'taken' : 'lost';
    }
  };
  const send = async (node: string, batch: number): Promise<Sent> => {
    for (let attempt = 0; ; attempt++) {
      const sent = await tryToSend(node, batch, `writer-${batch}-${attempt}`);
      if (sent !== 'lost') return sent;
    }
  };
  let member: Member = 'community';
  const writeBatch = async (batch: number): Promise<void> => {
    books.sent(BATCH);
    while ((await send(MEMBERS[member][batch % MEMBERS[member].length] ?? '', batch)) === 'denied') {
      counts.turned++;
      member = member === 'community' ? 'enterprise' : 'community';
      await sleep(20);
    }
    books.on[member] += BATCH;
    end = (batch + 1) * BATCH;
    counts.batches++;
  };
  const write = async (): Promise<void> => {
    for (let batch = filled / BATCH; !stopped; batch++) {
      for (isResting = true; rests > 0 && !stopped; ) await sleep(5);
      isResting = false;
      if (isWritten(batch)) await writeBatch(batch);
      await sleep(PAUSE);
    }
  };
  const readOnce = async (query: string, node: string): Promise<void> => {
    const read = books.begin();
    try {
      const [found] = await federation.sql(node).rows<[number, number]>(query);
      const [rows = 0, unique = 0] = found ?? [];
      if (rows !== unique) throw new Error(`${node} counted ${rows} rows of ${unique} orders: ${query}`);
      if (query === COVERED) books.judgeNode(read, node, rows);
      else if (books.judge(read, rows) === 'lacking') counts.lacking++;
      counts.reads++;
    } finally {
      books.end(read);
    }
  };
  const read = async (query: string): Promise<void> => {
    for (let turn = 0; !stopped; turn++) {
      while (holds > 0) await sleep(5);
      await readOnce(query, MEMBERS.community[turn % 2] ?? '');
      await sleep(PAUSE);
    }
  };
  const tasks = [write(), read(FEDERATED), read(COVERED)].map((task) =>
    task.catch((error: unknown) => void errors.push(error)),
  );
  const check = (): void => {
    if (errors.length > 0) throw errors[0];
  };
  return {
    async still(run) {
      holds++;
      while (!books.isIdle()) await sleep(2);
      return run().finally(() => {
        holds--;
      });
    },
    lack: books.lack,
    carry(from, to, rows = books.on[from]) {
      books.on[from] -= rows;
      books.on[to] += rows;
    },
    async rest(run) {
      rests++;
      while (!isResting && errors.length === 0) await sleep(2);
      return run(end).finally(() => {
        rests--;
      });
    },
    check,
    async stop() {
      stopped = true;
      await Promise.all(tasks);
      await Promise.all([...writers.values()].map((server) => server.close()));
      check();
      return counts;
    },
  };
}
