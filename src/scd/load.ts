/** A feed and a tenant go in; its rows are landed, laid over the history and verified, and what became of it comes out. */
import type { KeptLock } from '../apply/keep-locked.ts';
import { type Server, ServerError } from '../live/server.ts';
import { PlumblineError } from '../model/errors.ts';
import type { Feed } from '../model/feed.ts';
import type { RunIdentity } from '../model/report.ts';
import type { ScdTable } from '../model/scd.ts';
import { landRows } from './land-rows.ts';
import { clockOf, type LoadRecord, openLedger, writeRecord } from './ledger.ts';
import { lockLoad } from './load-lock.ts';
import { mergePartition } from './merge-partition.ts';
import { dropLanded, publish } from './publish.ts';
import { recover } from './recover.ts';
import type { Statements } from './statements.ts';

/** What is shown while it runs. */
export type Watch = (stage: string, queryId: string) => void;

export interface LoadRequest {
  readonly cluster: string;
  readonly server: Server;
  readonly scd: ScdTable;
  readonly feed: Feed;
  readonly tenant: string;
  readonly identity: RunIdentity;
  readonly lockSeconds: number;
  /** Milliseconds since 1970; undefined for the server's clock. */
  readonly time?: number | undefined;
  readonly watch: Watch;
}

export interface LoadReport {
  readonly node: string;
  readonly record: LoadRecord;
  /** What a person should read: bad rows, columns that came or went. */
  readonly notes: readonly string[];
  readonly milliseconds: number;
}

/** A load that is under way. */
export interface Load extends LoadRequest {
  readonly lock: KeptLock;
  readonly statements: Statements;
}

const failed = (record: LoadRecord, error: unknown, ended: number): LoadRecord => ({
  ...record,
  ended,
  outcome: 'failed',
  error: error instanceof ServerError ? error.reason : String((error as Error).message),
});

export function newRecord({ scd, feed, tenant, identity, time }: LoadRequest, started: number): LoadRecord {
  return {
    batch: identity.run,
    database: scd.database,
    table: scd.name,
    tenant,
    feed: feed.name,
    mode: feed.mode.as,
    source: '',
    columns: '{}',
    actor: identity.actor,
    commit: identity.commit,
    started,
    time: time ?? started,
    ended: 0,
    outcome: 'running',
    read: 0,
    bad: 0,
    written: 0,
    opened: 0,
    closed: 0,
    deleted: 0,
    retracted: 0,
    version: '0',
    digest: '0',
    error: '',
  };
}

/**
 * Nothing of the history is touched before all rows are landed and judged. Throws a PlumblineError where nothing was changed, and
 * for a load whose writing was interrupted: the next one finishes it before it begins.
 */
export async function loadFeed(request: LoadRequest): Promise<LoadReport> {
  const { server } = request;
  const begun = Date.now();
  await openLedger(server);
  const { lock, statements, release } = await lockLoad(request);
  const load: Load = { ...request, lock, statements };
  try {
    const recovered = await recover(load);
    const record = newRecord(request, await clockOf(server));
    await writeRecord(server, record);
    const landed = await landRows(load, record).catch(async (error: unknown) => {
      if (!(error instanceof PlumblineError)) throw error;
      await dropLanded(load, record.batch).catch(() => {});
      await writeRecord(server, failed(record, error, await clockOf(server))).catch(() => {});
      throw error;
    });
    const done = await publish(load, landed.record);
    const unmerged = await mergePartition(load, done);
    return {
      node: server.node.name,
      record: done,
      notes: [...recovered, ...landed.notes, ...unmerged],
      milliseconds: Date.now() - begun,
    };
  } finally {
    await release();
  }
}
