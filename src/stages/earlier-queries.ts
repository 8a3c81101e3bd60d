/** Servers go in; what comes out comes when all queries that they ran by then have ended, because those still read what was to be read when they began. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Server } from '../live/server.ts';
import { PlumblineError } from '../model/errors.ts';
import { literal } from '../sql/quote.ts';

/** What a server asks itself while it starts, as `clickhouse local` does, has no client. */
const WITHOUT_CLIENT = 6;

/** What runs send reads no Distributed table. */
const RUNNING = `SELECT query_id FROM system.processes
  WHERE is_initial_query AND interface != ${WITHOUT_CLIENT} AND query_id != queryID() AND NOT startsWith(query_id, 'plumbline-')`;

async function runningOn(server: Server, known?: readonly string[]): Promise<string[]> {
  const rows = await server.rows<[string]>(RUNNING);
  const ids = rows.map(([id]) => id);
  return known ? known.filter((id) => ids.includes(id)) : ids;
}

/** `patience` in milliseconds. Throws a PlumblineError that names a query which has not ended by then, and a ServerError. */
export async function awaitEarlierQueries(servers: readonly Server[], patience: number): Promise<void> {
  const deadline = Date.now() + patience;
  const all = await Promise.all(servers.map((server) => runningOn(server)));
  for (const [at, server] of servers.entries()) {
    let left = all[at] ?? [];
    for (let pause = 20; left.length > 0; pause = Math.min(pause * 2, 1000)) {
      left = await runningOn(server, left);
      if (left.length === 0) break;
      if (Date.now() > deadline)
        throw new PlumblineError(
          `queries that began before the topology changed still run on ${server.node.name}, and would count rows twice: wait for ${left.map(literal).join(', ')} to end, or KILL QUERY`,
        );
      await sleep(pause);
    }
  }
}
