/** Asks a server's query log who changed an object last; says nothing where the log can't be read. */
import type { ObjectId } from '../model/object.ts';
import { literal } from '../sql/quote.ts';
import { loggedTables } from './logged-tables.ts';
import { type Server, ServerError } from './server.ts';

export interface LastChange {
  readonly user: string;
  /** In the server's own time zone. */
  readonly at: string;
}

/** The last DDL about a table or view that was not an apply's. */
export async function lastChange(server: Server, { path }: ObjectId): Promise<LastChange | undefined> {
  const [database, name] = path;
  if (database === undefined || name === undefined) return undefined;
  try {
    const [row] = await server.rows<[string, string]>(
      `SELECT user, toString(event_time) FROM system.query_log
       WHERE type = 'QueryFinish' AND query_kind IN ('Alter', 'Create', 'Drop', 'Rename')
         AND hasAny(tables, [${loggedTables(path).map(literal).join(', ')}]) AND NOT startsWith(query_id, 'plumbline-')
       ORDER BY event_time_microseconds DESC LIMIT 1`,
      { timeout: 10_000 },
    );
    return row && { user: row[0], at: row[1] };
  } catch (error) {
    if (error instanceof ServerError) return undefined;
    throw error;
  }
}
