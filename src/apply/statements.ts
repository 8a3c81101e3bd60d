/** Finds what a server is still at work on for an apply, because it outlives the process that sent it. */
import type { Server } from '../live/server.ts';
import type { ObjectId } from '../model/object.ts';
import { literal } from '../sql/quote.ts';

const PREFIX = 'plumbline-';

export interface RunningStatement {
  readonly queryId: string;
  /** For how long it has run. */
  readonly seconds: number;
}

/** What the ids of all statements of a run begin with. */
export function queryIdPrefix(run: string): string {
  return `${PREFIX}${run}-`;
}

/** The statements of applies, whoever's they are, that the server runs now. */
export async function runningStatements(server: Server, timeout: number): Promise<RunningStatement[]> {
  const rows = await server.rows<[string, number]>(
    `SELECT query_id, elapsed FROM system.processes WHERE startsWith(query_id, ${literal(PREFIX)}) ORDER BY query_id`,
    { timeout },
  );
  return rows.map(([queryId, seconds]) => ({ queryId, seconds: Number(seconds) }));
}

/** How many mutations of a table are left to do, and why one of them keeps failing. */
export async function pendingMutations(
  server: Server,
  { path: [database = '', table = ''] }: ObjectId,
  timeout: number,
): Promise<{ readonly count: number; readonly failure: string | undefined }> {
  const [row] = await server.rows<[string, string]>(
    `SELECT toString(count()), max(latest_fail_reason) FROM system.mutations
     WHERE database = ${literal(database)} AND table = ${literal(table)} AND NOT is_done AND NOT is_killed`,
    { timeout },
  );
  return { count: Number(row?.[0] ?? 0), failure: row?.[1] || undefined };
}
