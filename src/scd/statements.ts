/** Sends the statements of a load under ids by which they are found, when whoever sent them is gone. */
import { createHash } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Server } from '../live/server.ts';
import { PlumblineError } from '../model/errors.ts';
import type { ScdTable } from '../model/scd.ts';
import { literal } from '../sql/quote.ts';

/** Of the ids of a tenant's loads into a table; applies look for another one. */
export function queryIdStart(
  { database, name }: Pick<ScdTable, 'database' | 'name'>,
  tenant: string,
): string {
  const hash = createHash('sha256')
    .update(JSON.stringify([database, name, tenant]))
    .digest('hex');
  return `plumbline_load-${hash.slice(0, 16)}-`;
}

export interface Statements {
  /** The id under which the next statement runs. */
  id(): string;
}

export function numbered(start: string, run: string): Statements {
  let count = 0;
  return { id: () => `${start}${run}-${++count}` };
}

const PATIENCE = 10 * 60_000;

/** Waits for what a server still does for a load whose process is gone; throws a PlumblineError after ten minutes. */
export async function awaitStatements(server: Server, start: string): Promise<void> {
  const deadline = Date.now() + PATIENCE;
  for (;;) {
    const rows = await server.rows<[string]>(
      `SELECT query_id FROM system.processes WHERE startsWith(query_id, ${literal(start)}) ORDER BY query_id`,
    );
    const [id] = rows[0] ?? [];
    if (id === undefined) return;
    if (Date.now() > deadline) {
      throw new PlumblineError(
        `${server.node.name} is still at work for a load that was killed; wait for it or end it with KILL QUERY WHERE query_id = ${literal(id)}.`,
      );
    }
    await sleep(50);
  }
}

/** For statements that move rows: what one INSERT writes is one block, so it is there whole or not at all. */
export const LOAD_SETTINGS = {
  async_insert: 0,
  insert_deduplicate: 0,
  max_insert_threads: '1',
  // No two rows of an INSERT have one sort key.
  optimize_on_insert: 0,
  min_insert_block_size_rows: '20000000',
  min_insert_block_size_bytes: '8000000000',
} as const;
