/** Servers go in; when all that they ran by then has ended, nothing comes out, and else what has not: queries read what was to be read when they began, and INSERTs write with the rights of then. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Server } from '../live/server.ts';
import { literal } from '../sql/quote.ts';

/** What a server asks itself while it starts, as `clickhouse local` does, has no client. */
const WITHOUT_CLIENT = 6;

export interface Waiting {
  readonly only?: 'Insert';
  /** Milliseconds. */
  readonly patience: number;
}

/** What runs send themselves is no surprise. */
async function runningOn(server: Server, { only }: Waiting): Promise<Set<string>> {
  const kind = only ? `AND query_kind = ${literal(only)}` : '';
  const rows = await server.rows<[string]>(
    `SELECT query_id FROM system.processes WHERE is_initial_query AND interface != ${WITHOUT_CLIENT}
       AND query_id != queryID() AND NOT startsWith(query_id, 'plumbline-') ${kind}`,
  );
  return new Set(rows.map(([id]) => id));
}

/** `'5f0c…' on community-1`, of what has not ended in time. Throws a ServerError. */
export async function earlierQueries(servers: readonly Server[], waiting: Waiting): Promise<string[]> {
  const deadline = Date.now() + waiting.patience;
  const left = await Promise.all(
    servers.map(async (server) => {
      let ids = [...(await runningOn(server, waiting))];
      for (let pause = 20; ids.length > 0; pause = Math.min(pause * 2, 1000)) {
        const now = await runningOn(server, waiting);
        ids = ids.filter((id) => now.has(id));
        if (Date.now() > deadline) break;
        if (ids.length > 0) await sleep(pause);
      }
      return ids.map((id) => `${literal(id)} on ${server.node.name}`);
    }),
  );
  return left.flat();
}
