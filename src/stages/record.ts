/** Keeps which stage a federation has entered and when, on the first node of the cluster that reads, and reads it back. */
import { NO_SUCH_TABLE, type Server, ServerError } from '../live/server.ts';
import { STAGES, type Stage } from '../model/federation.ts';
import { literal } from '../sql/quote.ts';

const TABLE = '`plumbline`.`federation_stages`';

const CREATE = [
  'CREATE DATABASE IF NOT EXISTS `plumbline`',
  `CREATE TABLE IF NOT EXISTS ${TABLE} (
  federation String, stage LowCardinality(String), entered DateTime64(3, 'UTC'), entered_by String
) ENGINE = MergeTree ORDER BY (federation, entered)
COMMENT 'Which stage each federation has entered, and when'`,
];

/** The statements that write down that a stage is entered. */
export function recordStatements(federation: string, stage: Stage): string[] {
  const values = `${literal(federation)}, ${literal(stage)}, now64(3), currentUser()`;
  return [...CREATE, `INSERT INTO ${TABLE} SELECT ${values} SETTINGS async_insert = 0, fsync_metadata = 1`];
}

export interface Entered {
  readonly stage: Stage;
  /** `2026-01-31 12:00:00.000`, in UTC. */
  readonly since: string;
}

/** The newest first; none where nothing was ever written down. */
export async function readEntered(server: Server, federation: string, timeout: number): Promise<Entered[]> {
  try {
    const rows = await server.rows<[string, string]>(
      `SELECT stage, toString(entered) FROM ${TABLE} WHERE federation = ${literal(federation)} ORDER BY entered DESC`,
      { timeout },
    );
    return rows.flatMap(([name, since]) => {
      const stage = STAGES.find((one) => one === name);
      return stage ? [{ stage, since }] : [];
    });
  } catch (error) {
    if (error instanceof ServerError && NO_SUCH_TABLE.has(error.code)) return [];
    throw error;
  }
}

/** When the other members came to be read, for the last time: the first stage behind the last one in which they were not. */
export function readSince(entered: readonly Entered[]): string {
  const away = entered.findIndex(({ stage }) => stage === 'compatibility');
  const since = away < 0 ? entered : entered.slice(0, away);
  return since.at(-1)?.since ?? '';
}
