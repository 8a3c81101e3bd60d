/** Remembers on the node how far a rebuild has come, so that a run after a crash goes on from there: `plumbline.rebuilds`. */
import { NO_SUCH_TABLE, type Server, ServerError } from '../live/server.ts';
import type { Rebuild } from '../model/rebuild.ts';

/** `copying`: the table still has its name and all its rows. `exchanged`: its rows are behind the shadow's name, or about to be. */
export type Phase = 'copying' | 'exchanged' | 'done';

export interface RebuildState {
  readonly path: readonly string[];
  readonly rebuild: Rebuild;
  readonly phase: Phase;
  /** UUID of the old table. */
  readonly uuid: string;
  /** Rows of the old table up to this block are in the new one. */
  readonly upto: string;
  /** How many rows that is. */
  readonly rows: string;
  /** Of those rows, where the whole table was copied at once. */
  readonly digest?: string;
  /** Later rows up to this block are gathered and proven, and being moved. */
  readonly moving?: { readonly upto: string; readonly rows: string };
  /** The ids of the old table's mutations, which were all done before the copying began. */
  readonly mutations: string;
  /** Milliseconds for which an insert could wait. */
  readonly held: number;
}

const TABLE = '`plumbline`.`rebuilds`';

const CREATE = `CREATE TABLE IF NOT EXISTS ${TABLE} (id String, at DateTime64(6) DEFAULT now64(6), phase LowCardinality(String), state String)
ENGINE = MergeTree ORDER BY (id, at) COMMENT 'How far plumbline has come with rebuilding tables; the latest row of an id counts'`;

const LATEST = `SELECT argMax(state, at) FROM ${TABLE} GROUP BY id HAVING argMax(phase, at) != 'done' ORDER BY id`;

export async function openRecords(server: Server): Promise<void> {
  await server.run('CREATE DATABASE IF NOT EXISTS `plumbline`');
  await server.run(CREATE);
}

export async function writeRecord(server: Server, state: RebuildState): Promise<void> {
  const { rebuild, phase } = state;
  const line = JSON.stringify({ id: rebuild.id, phase, state: JSON.stringify(state) });
  await server.run(`INSERT INTO ${TABLE} (id, phase, state) FORMAT JSONEachRow ${line}`, {
    settings: { async_insert: 0 },
  });
}

/** Rebuilds of the node that were begun and not ended. */
export async function readRecords(server: Server): Promise<RebuildState[]> {
  try {
    const rows = await server.rows<[string]>(LATEST);
    return rows.map(([state]) => JSON.parse(state) as RebuildState);
  } catch (error) {
    // Nothing was ever rebuilt there.
    if (error instanceof ServerError && NO_SUCH_TABLE.has(error.code)) return [];
    throw error;
  }
}
