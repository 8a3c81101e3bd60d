/** Servers or a file go in; the SELECTs that were asked come out, one for each shape, the newest first. */
import { type Server, ServerError } from '../live/server.ts';
import { PlumblineError } from '../model/errors.ts';
import type { LoggedQuery } from '../model/replay.ts';
import { literal } from '../sql/quote.ts';
import { isSelect, queriesOf } from './query-text.ts';

/** UNKNOWN_TABLE */
const NO_LOG = 60;

const LOGGED = (days: number, most: number): string => `
  SELECT toString(normalized_query_hash), normalizeQuery(argMax(query, event_time_microseconds)),
    argMax(query, event_time_microseconds), argMax(current_database, event_time_microseconds),
    toString(count()), toString(max(event_time_microseconds))
  FROM system.query_log
  WHERE event_date >= today() - ${days} AND type = 'QueryFinish' AND is_initial_query AND query_kind = 'Select'
    AND NOT startsWith(http_user_agent, 'plumbline')
    AND (empty(databases) OR arrayExists(name -> lower(name) NOT IN ('system', 'information_schema'), databases))
  GROUP BY normalized_query_hash ORDER BY max(event_time_microseconds) DESC LIMIT ${most}`;

interface Asked extends LoggedQuery {
  readonly last: string;
}

async function loggedOn(server: Server, days: number, most: number): Promise<Asked[]> {
  try {
    await server.run('SYSTEM FLUSH LOGS').catch(() => {});
    const rows = await server.rows<[string, string, string, string, string, string]>(LOGGED(days, most));
    return rows.map(([shape, normal, text, database, count, last]) => ({
      ...{ shape, normal, text, database, last },
      count: Number(count),
    }));
  } catch (error) {
    if (!(error instanceof ServerError) || error.code !== NO_LOG) throw error;
    throw new PlumblineError(
      `${server.node.name} keeps no query_log; give the queries in a file, with --queries.`,
    );
  }
}

/** Throws a ServerError, or a PlumblineError where a server keeps no log. */
export async function loggedQueries(
  servers: readonly Server[],
  days: number,
  most: number,
): Promise<(LoggedQuery & { readonly server: Server })[]> {
  const all = await Promise.all(
    servers.map(async (server) => (await loggedOn(server, days, most)).map((one) => ({ ...one, server }))),
  );
  const newest = all.flat().sort((a, b) => (a.last < b.last ? 1 : a.last > b.last ? -1 : 0));
  const shapes = new Map<string, (typeof newest)[number]>();
  for (const one of newest) {
    const before = shapes.get(one.shape);
    shapes.set(one.shape, before ? { ...before, count: (before.count ?? 0) + (one.count ?? 0) } : one);
  }
  return [...shapes.values()].slice(0, most);
}

/** The SELECTs of a file; what else stands in it is left out. Throws a ServerError where a server can't read one. */
export async function queriesIn(
  source: string,
  server: Server,
): Promise<(LoggedQuery & { readonly server: Server })[]> {
  const queries = queriesOf(source).filter(isSelect);
  const read = queries.map(async (text) => {
    const [[shape = '', normal = ''] = []] = await server.rows<[string, string]>(
      `SELECT toString(normalizedQueryHash(${literal(text)})), normalizeQuery(${literal(text)})`,
    );
    return { shape, normal, text, database: '', server };
  });
  const all = await Promise.all(read);
  return [...new Map(all.map((one) => [one.shape, one])).values()];
}
