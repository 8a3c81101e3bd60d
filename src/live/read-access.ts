/** Reads users, roles and rights: one SELECT for each table of `system`, with whatever columns the server has. */
import { ACCESS_TABLES, type AccessRow } from '../kinds/access-row.ts';
import type { ServerView } from '../kinds/server-view.ts';
import { UnshownError } from './read-beside.ts';
import { ACCESS_DENIED, type Server, ServerError } from './server.ts';

/** UNKNOWN_TABLE. */
const NO_TABLE = 60;

/** Each row as the text of an object, so that every column comes with its name. */
const queryOf = (table: string): string => `SELECT formatRow('JSONEachRow', *) FROM system.${table}`;

export const ACCESS_QUERIES: readonly string[] = ACCESS_TABLES.map(queryOf);

async function readRows(server: Server, table: string): Promise<readonly AccessRow[]> {
  try {
    const rows = await server.rows<[string]>(queryOf(table));
    return rows.map(([row]) => JSON.parse(row) as AccessRow);
  } catch (error) {
    if (!(error instanceof ServerError)) throw error;
    if (error.code === ACCESS_DENIED)
      throw new UnshownError(
        `the user may not read system.${table}: GRANT SELECT ON system.${table}, GRANT SHOW ACCESS ON *.*`,
        true,
      );
    if (error.code === NO_TABLE) throw new UnshownError(`the server has no system.${table}`, false);
    throw error;
  }
}

/** Several kinds read the same tables: each is asked for once. */
export function accessView(server: Server): ServerView['access'] {
  const known = new Map<string, Promise<readonly AccessRow[]>>();
  return (table) => {
    const reading = known.get(table) ?? readRows(server, table);
    known.set(table, reading);
    return reading;
  };
}
