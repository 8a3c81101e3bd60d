/** Keeps, on the node that gets rows back, how far each partition of a rollback has come, so that none is ever shown twice. */
import { NO_SUCH_TABLE, type Server, ServerError } from '../live/server.ts';
import type { Export } from '../model/stage.ts';
import { literal } from '../sql/quote.ts';

const TABLE = '`plumbline`.`federation_exports`';

const CREATE = [
  'CREATE DATABASE IF NOT EXISTS `plumbline`',
  `CREATE TABLE IF NOT EXISTS ${TABLE} (
  federation String, since String, source String, database String, table String, partition String,
  state LowCardinality(String), rows UInt64, digest String, fingerprint String, parts Array(String), block Int64, settings String, query String,
  changed DateTime64(6, 'UTC'), version UInt64
) ENGINE = ReplacingMergeTree(version) ORDER BY (federation, since, source, database, table, partition)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1
COMMENT 'What came back in rollbacks of federations; read it with FINAL'`,
];

/**
 * `copied`: the rows stand beside the table and are proven. `attaching`: they may be in the table, in part or as a whole.
 * `attached`: they are. `void`: they have to be copied again.
 */
export type ExportState = 'copied' | 'attaching' | 'attached' | 'void';

export interface LedgerEntry {
  readonly source: string;
  readonly path: readonly string[];
  readonly partition: string;
  readonly state: ExportState;
  readonly rows: number;
  readonly digest: string;
  /** Of the source's parts when they were copied. */
  readonly fingerprint: string;
  /** Hashes of the parts that stand beside the table. */
  readonly parts: readonly string[];
  /** The highest block number of the table before they were attached. */
  readonly block: number;
  /** The settings of the table that were borrowed meanwhile, as JSON. */
  readonly settings: string;
  /** Rows and digest of the whole partition, wherever it is asked; with `{now}` for the moment. */
  readonly query: string;
  readonly version: number;
}

type Row = [
  string,
  string,
  string,
  string,
  ExportState,
  string,
  string,
  string,
  string[],
  string,
  string,
  string,
  string,
];

export async function readLedger(
  server: Server,
  federation: string,
  since: string,
  timeout: number,
): Promise<LedgerEntry[]> {
  try {
    const rows = await server.rows<Row>(
      `SELECT source, database, table, partition, state, toString(rows), digest, fingerprint, parts, toString(block), settings, query, toString(version)
       FROM ${TABLE} FINAL WHERE federation = ${literal(federation)} AND since = ${literal(since)}`,
      { timeout },
    );
    return rows.map(
      ([
        source,
        database,
        table,
        partition,
        state,
        count,
        digest,
        fingerprint,
        parts,
        block,
        settings,
        query,
        version,
      ]) => ({
        ...{ source, path: [database, table], partition, state, rows: Number(count), digest, fingerprint },
        ...{ parts, block: Number(block), settings, query, version: Number(version) },
      }),
    );
  } catch (error) {
    if (error instanceof ServerError && NO_SUCH_TABLE.has(error.code)) return [];
    throw error;
  }
}

/** Of one partition; undefined where nothing was written down, or nothing that counts. */
export function entryOf(
  entries: readonly LedgerEntry[],
  path: readonly string[],
  { source, partition }: Export['copy'],
): LedgerEntry | undefined {
  return entries.find(
    (one) =>
      one.source === source &&
      one.partition === partition &&
      one.path.join('\n') === path.join('\n') &&
      one.state !== 'void',
  );
}

export type Written = Pick<
  LedgerEntry,
  'state' | 'rows' | 'digest' | 'fingerprint' | 'parts' | 'block' | 'settings' | 'query'
>;

export interface Note {
  readonly path: readonly string[];
  readonly order: Export;
  readonly entry: Written;
}

/** Writes all of them down, or none. Rows of one partition are numbered by the clock of the machine, which holds the cluster's lock. */
export async function writeLedger(server: Server, notes: readonly Note[]): Promise<void> {
  const now = new Date().toISOString();
  const lines = notes.map(
    ({ path: [database = '', table = ''], order: { federation, since, copy }, entry }) => {
      const { state, rows, digest, fingerprint, parts, block, settings, query } = entry;
      return JSON.stringify({
        ...{ federation, since, source: copy.source, database, table, partition: copy.partition },
        ...{ state, rows, digest, fingerprint, parts, block, settings, query },
        ...{ changed: now, version: Date.now() },
      });
    },
  );
  const write = (): Promise<void> =>
    server.run(`INSERT INTO ${TABLE} FORMAT JSONEachRow ${lines.join('\n')}`, {
      settings: { date_time_input_format: 'best_effort', async_insert: 0, insert_deduplicate: 0 },
    });
  try {
    await write();
  } catch (error) {
    if (!(error instanceof ServerError && NO_SUCH_TABLE.has(error.code))) throw error;
    for (const statement of CREATE) await server.run(statement);
    await write();
  }
}
