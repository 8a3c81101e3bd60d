/** Writes down what every load did: `plumbline.scd_loads`, on the node that it loaded into. */
import type { Server } from '../live/server.ts';
import type { ScdTable } from '../model/scd.ts';
import { literal } from '../sql/quote.ts';

/**
 * `running`: rows are landed, the history is as it was. `landed`: the history is being written; whoever finds a load like this
 * that nobody works on finishes it from what it landed. `abandoned`: killed before anything was written.
 */
export type LoadOutcome = 'running' | 'landed' | 'done' | 'failed' | 'abandoned';

export interface LoadRecord {
  readonly batch: string;
  readonly database: string;
  readonly table: string;
  readonly tenant: string;
  readonly feed: string;
  readonly mode: string;
  readonly source: string;
  /** Names and types of the source's columns, as JSON. */
  readonly columns: string;
  readonly actor: string;
  readonly commit: string;
  /** Milliseconds since 1970 by the server's clock, as all times here: when the load began. */
  readonly started: number;
  /** The load's own time, at which vanished keys are closed. */
  readonly time: number;
  /** 0 while it runs. */
  readonly ended: number;
  readonly outcome: LoadOutcome;
  /** Rows of the source, those of other tenants in a shared one not counted. */
  readonly read: number;
  readonly bad: number;
  /** Rows written to the history, versions opened and closed, keys deleted, versions taken back. */
  readonly written: number;
  readonly opened: number;
  readonly closed: number;
  readonly deleted: number;
  readonly retracted: number;
  /** The load's number in the table's version column. */
  readonly version: string;
  /** Sum of the hashes of what was landed. */
  readonly digest: string;
  readonly error: string;
}

const TABLE = '`plumbline`.`scd_loads`';

/** A load has several rows until they merge, the last one wins: read it with FINAL. */
const CREATE = `
CREATE TABLE IF NOT EXISTS ${TABLE} (
  batch String, database LowCardinality(String), table LowCardinality(String), tenant String, feed LowCardinality(String),
  mode LowCardinality(String), source String, columns String, actor String, commit String,
  started DateTime64(3), time DateTime64(3), ended DateTime64(3), outcome LowCardinality(String),
  read UInt64, bad UInt64, written UInt64, opened UInt64, closed UInt64, deleted UInt64, retracted UInt64,
  version UInt64, digest UInt64, error String, edition UInt8
) ENGINE = ReplacingMergeTree(edition) ORDER BY (database, table, tenant, batch)
COMMENT 'What plumbline scd load did; read it with FINAL'`;

const EDITIONS: readonly LoadOutcome[] = ['running', 'landed', 'abandoned', 'failed', 'done'];

export async function openLedger(server: Server): Promise<void> {
  await server.run('CREATE DATABASE IF NOT EXISTS `plumbline`');
  await server.run(CREATE);
}

export async function writeRecord(server: Server, record: LoadRecord): Promise<void> {
  const times = Object.fromEntries(
    (['started', 'time', 'ended'] as const).map((name) => [name, new Date(record[name]).toISOString()]),
  );
  const row = JSON.stringify({ ...record, ...times, edition: EDITIONS.indexOf(record.outcome) });
  await server.run(`INSERT INTO ${TABLE} FORMAT JSONEachRow ${row}`, {
    settings: { date_time_input_format: 'best_effort', async_insert: 0, insert_deduplicate: 0 },
  });
}

const FIELDS: readonly (keyof LoadRecord)[] = [
  ...([
    'batch',
    'database',
    'table',
    'tenant',
    'feed',
    'mode',
    'source',
    'columns',
    'actor',
    'commit',
  ] as const),
  ...([
    'started',
    'time',
    'ended',
    'outcome',
    'read',
    'bad',
    'written',
    'opened',
    'closed',
    'deleted',
  ] as const),
  ...(['retracted', 'version', 'digest', 'error'] as const),
];
const TIMES = new Set<keyof LoadRecord>(['started', 'time', 'ended']);
const TEXTS = new Set<keyof LoadRecord>(['version', 'digest']);

async function readRecords(server: Server, where: string, rest = ''): Promise<LoadRecord[]> {
  const columns = FIELDS.map((name) =>
    TIMES.has(name) ? `toUnixTimestamp64Milli(${name})` : TEXTS.has(name) ? `toString(${name})` : name,
  );
  const rows = await server.rows<(string | number)[]>(
    `SELECT ${columns.join(', ')} FROM ${TABLE} FINAL WHERE ${where}${rest}`,
    { settings: { output_format_json_quote_64bit_integers: 0 } },
  );
  return rows.map(
    (row) => Object.fromEntries(FIELDS.map((name, at) => [name, row[at]])) as unknown as LoadRecord,
  );
}

/** Also what it did under the name that the table had before. */
const of = ({ database, name, renamedFrom }: ScdTable, tenant: string): string => {
  const names = [[database, name], ...(renamedFrom ? [renamedFrom] : [])];
  const paths = names.map((path) => `(${path.map(literal).join(', ')})`).join(', ');
  return `(database, table) IN (${paths}) AND tenant = ${literal(tenant)}`;
};

/** Loads that ended in the middle, the oldest first. Only whoever holds the lock may take them for that. */
export const unfinishedLoads = (server: Server, scd: ScdTable, tenant: string): Promise<LoadRecord[]> =>
  readRecords(server, `${of(scd, tenant)} AND outcome IN ('running', 'landed')`, ' ORDER BY started, batch');

/** The last load of a feed that ended well. */
export async function lastGoodLoad(
  server: Server,
  scd: ScdTable,
  tenant: string,
  feed: string,
): Promise<LoadRecord | undefined> {
  const where = `${of(scd, tenant)} AND feed = ${literal(feed)} AND outcome = 'done'`;
  const [record] = await readRecords(server, where, ' ORDER BY started DESC LIMIT 1');
  return record;
}

/** SQL for the number of the last load that wrote into the history, 0 where none did. */
export const lastNumber = (scd: ScdTable, tenant: string): string =>
  `SELECT max(version) FROM ${TABLE} WHERE ${of(scd, tenant)} AND written > 0`;

/** Milliseconds since 1970 by the server's clock. */
export async function clockOf(server: Server): Promise<number> {
  const [row] = await server.rows<[string]>('SELECT toString(toUnixTimestamp64Milli(now64(3)))');
  return Number(row?.[0] ?? 0);
}
