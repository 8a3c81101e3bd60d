/** A node and what a federation covers go in; the rows that the node received lately come out, and how that is known. */
import { type Server, ServerError } from '../live/server.ts';
import type { Federation } from '../model/federation.ts';
import { literal } from '../sql/quote.ts';

export interface Received {
  /** Rows that came within the federation's `quiet` time. */
  readonly recent: number;
  /** Seconds since 1970, when the last ones came that are known of; 0 where none are. */
  readonly last: number;
}

export interface ReceivedHere {
  /** By table, as JSON of its path; tables are left out that received nothing. */
  readonly tables: ReadonlyMap<string, Received>;
  /** Whether `system.part_log` tells of the whole `quiet` time. */
  readonly isLogged: boolean;
}

/** `('shop', 'orders'), …`, to stand behind IN. */
export function namesOf(covered: Federation['covered']): string {
  return covered
    .map(({ path: [database = '', table = ''] }) => `(${literal(database)}, ${literal(table)})`)
    .join(', ');
}

/** Rows of patch parts are those of other parts. */
const ROWS = "rows > 0 AND NOT startsWith(partition_id, 'patch-')";

/** A part that a mutation wrote anew holds old rows. One that a merge took is listed for some minutes more. */
const PARTS = `SELECT database, table, name, rows, modification_time AS came
  FROM system.parts WHERE level = 0 AND data_version = min_block_number AND ${ROWS}`;

/** Knows of attached partitions as well. An INSERT that failed or was a repetition has an error. */
const LOG = `SELECT database, table, part_name AS name, rows, event_time AS came
  FROM system.part_log WHERE event_type = 'NewPart' AND error = 0 AND ${ROWS}`;

/** Seconds: logs hold years. */
const DAY = 86_400;

/** What came within the last seconds is not in the log yet, and is among the parts. */
function question({ covered, quiet }: Federation, withLog: boolean): string {
  const ours = `AND (database, table) IN (${namesOf(covered)})`;
  const since = `now() - ${Math.max(quiet, DAY)}`;
  const log = `${LOG} AND event_date >= toDate(${since}) AND event_time > ${since} ${ours}`;
  const each = withLog ? `${PARTS} ${ours} UNION ALL ${log}` : `${PARTS} ${ours}`;
  return `SELECT database, table, toString(sumIf(rows, came > now() - ${quiet})), toUnixTimestamp(max(came))
    FROM (SELECT database, table, name, max(rows) AS rows, max(came) AS came FROM (${each}) GROUP BY database, table, name)
    GROUP BY database, table`;
}

/** Whether there is a log that may be read, and whether it begins before the `quiet` time. */
async function logOf(server: Server, quiet: number, timeout: number): Promise<'none' | 'short' | 'whole'> {
  try {
    const [row] = await server.rows<[number]>(
      `SELECT event_time <= now() - ${quiet} FROM system.part_log ORDER BY event_date, event_time LIMIT 1`,
      { timeout },
    );
    return row?.[0] === 1 ? 'whole' : 'short';
  } catch (error) {
    if (error instanceof ServerError && error.code !== undefined) return 'none';
    throw error;
  }
}

/** Throws a ServerError. `timeout` in milliseconds, for each question. */
export async function readReceived(
  server: Server,
  federation: Federation,
  timeout: number,
): Promise<ReceivedHere> {
  const log = await logOf(server, federation.quiet, timeout);
  const rows = await server.rows<[string, string, string, number]>(question(federation, log !== 'none'), {
    timeout,
  });
  const tables = new Map(
    rows.map(([database, table, recent, last]) => [
      JSON.stringify([database, table]),
      { recent: Number(recent), last },
    ]),
  );
  return { tables, isLogged: log === 'whole' };
}
