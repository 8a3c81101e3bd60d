/** Reads users, roles and rights in one request, with whatever columns the server has. */
import { ACCESS_TABLES, type AccessRow } from '../kinds/access-row.ts';
import type { ServerView } from '../kinds/server-view.ts';
import { literal } from '../sql/quote.ts';
import { UnshownError } from './read-beside.ts';
import { ACCESS_DENIED, type Server, ServerError } from './server.ts';

/** UNKNOWN_TABLE. */
const NO_TABLE = 60;

/** Each row as the text of an object, so that every column comes with its name. */
const queryOf = (table: string): string => `SELECT formatRow('JSONEachRow', *) FROM system.${table}`;

/** All tables at once, each row behind the name of its table. */
const ALL = ACCESS_TABLES.map(
  (table) => `SELECT ${literal(table)}, formatRow('JSONEachRow', *) FROM system.${table}`,
).join(' UNION ALL ');

export const ACCESS_QUERIES: readonly string[] = [ALL];

/** Undefined where the server does not show one of the tables: each is asked for by itself then. */
async function readAll(server: Server): Promise<ReadonlyMap<string, readonly AccessRow[]> | undefined> {
  try {
    const found = new Map<string, AccessRow[]>(ACCESS_TABLES.map((table) => [table, []]));
    for (const [table, row] of await server.rows<[string, string]>(ALL))
      found.get(table)?.push(JSON.parse(row) as AccessRow);
    return found;
  } catch (error) {
    if (error instanceof ServerError && error.code !== undefined) return undefined;
    throw error;
  }
}

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

/** Several kinds read the same tables: all are asked for once. */
export function accessView(server: Server): ServerView['access'] {
  let all: ReturnType<typeof readAll> | undefined;
  const apart = new Map<string, Promise<readonly AccessRow[]>>();
  return async (table) => {
    all ??= readAll(server);
    const found = (await all)?.get(table);
    if (found) return found;
    const reading = apart.get(table) ?? readRows(server, table);
    apart.set(table, reading);
    return reading;
  };
}
