/** Writers that know what they sent, and readers that never look away, for a table that is rebuilt under them. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Server } from '../../src/live/server.ts';
import { connectLocal } from './connect-local.ts';

interface Extra {
  /** A column beside those that the writers send. */
  readonly column: string;
  /** What the view finds true of every row. */
  readonly condition: string;
}

/** The table that is rebuilt, with these keys, and a view that notes every row which passes. */
export const eventsWith = (keys: string, extra?: Extra): string => `
kind: Database
name: shop
on: test
---
kind: Table
database: shop
name: events
columns: { id: UInt64, writer: UInt8, day: Date, value: String${extra ? `, ${extra.column}` : ''} }
${keys}
---
kind: Table
database: shop
name: seen
columns: { id: UInt64, writer: UInt8 }
order_by: [writer, id]
---
kind: MaterializedView
database: shop
name: to_seen
to: seen
columns: { id: UInt64, writer: UInt8 }
query: SELECT id, writer FROM shop.events${extra ? ` WHERE ${extra.condition}` : ''}
`;

/** The rows that a writer has sent after so many of them; writer 0 is the table's filling. */
export const rowsOf = (writer: number, count: number): string =>
  `SELECT number AS id, toUInt8(${writer}) AS writer, toDate('2024-01-01') + number % 90 AS day,
     concat('v', toString(number % 1000)) AS value FROM numbers(${count})`;

export const BATCH = 200;

export interface Traffic {
  /** Ends all of it; gives how many rows each writer had acknowledged. Throws what went wrong for anybody. */
  stop(): Promise<TrafficReport>;
}

export interface TrafficReport {
  readonly sent: readonly number[];
  /** Milliseconds that the slowest INSERT took. */
  readonly slowest: number;
  readonly reads: number;
}

const connection = (port: number): Server => connectLocal(port, { name: 'traffic', cluster: 'test' });

export interface TrafficOptions {
  readonly port: number;
  readonly table: string;
  readonly writers: number;
  readonly readers: number;
  /** Of the writers, so many insert asynchronously. */
  readonly asynchronous?: number;
  /** Milliseconds between two batches of a writer. */
  readonly pause?: number;
}

/** Writers insert one batch after the other; readers count every 20 ms. */
export function startTraffic(options: TrafficOptions): Traffic {
  const { port, table, writers, readers, asynchronous = 0, pause = 10 } = options;
  const server = connection(port);
  const errors: unknown[] = [];
  const sent = Array.from({ length: writers }, () => 0);
  let [stopped, slowest, reads] = [false, 0, 0];
  const write = async (writer: number): Promise<void> => {
    const isAsync = writer <= asynchronous;
    const settings = { async_insert: isAsync ? 1 : 0, wait_for_async_insert: 1 } as const;
    while (!stopped) {
      const from = sent[writer - 1] ?? 0;
      const lines = Array.from({ length: BATCH }, (_, at) => {
        const id = from + at;
        const day = new Date(Date.UTC(2024, 0, 1 + (id % 90))).toISOString().slice(0, 10);
        return JSON.stringify({ id, writer, day, value: `v${id % 1000}` });
      });
      const began = Date.now();
      await server.run(
        `INSERT INTO ${table} (id, writer, day, value) FORMAT JSONEachRow ${lines.join('\n')}`,
        {
          settings,
        },
      );
      slowest = Math.max(slowest, Date.now() - began);
      sent[writer - 1] = from + BATCH;
      await sleep(pause);
    }
  };
  const read = async (): Promise<void> => {
    let most = 0;
    while (!stopped) {
      const [row] = await server.rows<[number, number]>(
        `SELECT toUInt32(count()), toUInt32(countIf(writer = 0)) FROM ${table}`,
      );
      const seen = row?.[0] ?? 0;
      if (seen < most) throw new Error(`a reader saw ${most} rows and then ${seen}`);
      most = seen;
      reads++;
      await sleep(20);
    }
  };
  const tasks = [
    ...Array.from({ length: writers }, (_, at) => write(at + 1)),
    ...Array.from({ length: readers }, () => read()),
  ].map((task) => task.catch((error) => errors.push(error)));
  return {
    async stop() {
      stopped = true;
      await Promise.all(tasks);
      await server.close();
      if (errors.length > 0) throw errors[0];
      return { sent, slowest, reads };
    },
  };
}

/** Count and digest of everything that was filled in and sent. */
export function expectedRows(filled: number, sent: readonly number[]): string {
  const all = [filled, ...sent].map((count, writer) => rowsOf(writer, count));
  return `SELECT toString(count()), toString(sum(cityHash64(tuple(id, writer, day, value)))) FROM (${all.join(' UNION ALL ')})`;
}

export const foundRows = (table: string): string =>
  `SELECT toString(count()), toString(sum(cityHash64(tuple(id, writer, day, value)))) FROM ${table}`;
