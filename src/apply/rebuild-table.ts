/** Rebuilds a table step by step as docs/rebuild.md says; what a run before this one left is cleared or finished first. */
import { clearing, rebuildSql } from '../kinds/rebuild-sql.ts';
import { type Server, ServerError } from '../live/server.ts';
import { PlumblineError } from '../model/errors.ts';
import type { Rebuild } from '../model/rebuild.ts';
import type { Outcome } from '../model/report.ts';
import { copyRounds, copyWhole } from './rebuild-copy.ts';
import { exchangeHeld } from './rebuild-exchange.ts';
import { finishRebuild } from './rebuild-finish.ts';
import { openRecords, type RebuildState, readRecords, writeRecord } from './rebuild-record.ts';
import {
  beside,
  RebuildError,
  type RebuildRun,
  readMutations,
  readParts,
  readUuid,
  shownTable,
} from './rebuild-run.ts';
import { runWithSecrets } from './secrets.ts';
import { isInconclusive } from './settle.ts';

/** Milliseconds for one statement: copying or proving a partition takes as long as it takes. */
const DAY = 24 * 3_600_000;

export interface RebuildOrder {
  readonly server: Server;
  readonly path: readonly string[];
  readonly rebuild: Rebuild;
  /** What the ids of the statements begin with. */
  readonly queryId: string;
  /** Asked before every statement; throws when the lock is lost. */
  readonly keepLock: () => Promise<void>;
  readonly shouldStop: () => boolean;
}

/** The lock was lost: nothing may be written any more, not even to clear up. */
class LockLostError extends PlumblineError {
  override readonly name = 'LockLostError';
}

function runOf({ server, path, rebuild, queryId, keepLock, shouldStop }: RebuildOrder): RebuildRun {
  let number = 0;
  return {
    server,
    path,
    rebuild,
    sql: rebuildSql(path, rebuild),
    shouldStop,
    async send(statement) {
      await keepLock().catch((error: unknown) => {
        throw error instanceof PlumblineError ? new LockLostError(error.message) : error;
      });
      await runWithSecrets(server, statement, { queryId: `${queryId}${number++}`, timeout: DAY });
    },
    ask: (query) =>
      server.rows(query, {
        queryId: `${queryId}${number++}`,
        timeout: DAY,
        settings: { send_progress_in_http_headers: 1, http_headers_progress_interval_ms: '30000' },
      }),
  };
}

async function clear(run: RebuildRun, state: RebuildState): Promise<void> {
  for (const statement of clearing(run.path, run.rebuild)) await run.send(statement);
  await writeRecord(run.server, { ...state, phase: 'done' });
}

/** Ends what earlier runs began with this table; true when that was this very rebuild, which is complete now. */
async function settleEarlier(order: RebuildOrder): Promise<boolean> {
  const name = JSON.stringify(order.path);
  let ended = false;
  for (const state of await readRecords(order.server)) {
    if (JSON.stringify(state.path) !== name) continue;
    const run = runOf({ ...order, rebuild: state.rebuild, queryId: `${order.queryId}left-` });
    const exchanged = state.phase === 'exchanged' && (await readUuid(run, run.path)) !== state.uuid;
    await (exchanged ? finishRebuild(run, state) : clear(run, state));
    ended ||= exchanged && state.rebuild.id === order.rebuild.id;
  }
  return ended;
}

/** Reasons for which rows could be copied otherwise than they are. */
async function proveCalm(run: RebuildRun): Promise<string> {
  const [mutations, parts] = await Promise.all([readMutations(run, run.path), readParts(run, run.path)]);
  if (mutations.pending > 0)
    throw new RebuildError(`${shownTable(run)} has mutations under way; apply again when they have ended`);
  if (parts.patched) {
    const advice = 'OPTIMIZE it, or wait for the next merges';
    throw new RebuildError(
      `${shownTable(run)} has lightweight updates that no merge has applied yet: ${advice}`,
    );
  }
  return mutations.ids;
}

async function copyAndExchange(run: RebuildRun, begun: RebuildState): Promise<RebuildState> {
  const { rebuild, sql, send } = run;
  const mutations = await proveCalm(run);
  for (const view of rebuild.stopped) await send(`SYSTEM STOP VIEW ${view}`);
  await send(sql.create(sql.shadow));
  for (const statement of sql.hold(sql.shadow, rebuild.to)) await send(statement);
  for (const statement of sql.hold(sql.table, rebuild.from)) await send(statement);
  /** Rows that come later are not asked about: that would take longer than inserts may wait. */
  const prove = async (): Promise<void> => {
    for (const query of sql.prove()) {
      const reasons = (await run.ask<[string]>(query)).map(([reason]) => reason).sort();
      if (reasons.length > 0)
        throw new RebuildError(`rows of ${shownTable(run)} don't fit: ${reasons.join('; ')}`);
    }
  };
  let state = begun;
  const remember = async (rows: bigint, upto: bigint, held: number): Promise<void> => {
    state = { ...begun, phase: 'exchanged', rows: String(rows), upto: String(upto), mutations, held };
    await writeRecord(run.server, state);
  };
  if (rebuild.from === 'whole') {
    const [rows, digest] = await copyWhole(run);
    await prove();
    state = { ...begun, phase: 'exchanged', rows, digest, mutations };
    await writeRecord(run.server, state);
    await send(sql.exchange());
    return state;
  }
  const copied = await copyRounds(run);
  await prove();
  await exchangeHeld(run, copied, mutations, ({ done, held }) => remember(done.rows, done.upto, held));
  return state;
}

export interface RebuildOutcome {
  readonly outcome: Outcome;
  readonly error?: string;
}

/** What becomes of a rebuild that could not go on: before the exchange all is put back as it was. */
async function abandon(run: RebuildRun, begun: RebuildState, error: unknown): Promise<RebuildOutcome> {
  if (!(error instanceof PlumblineError)) throw error;
  const again = 'the next plan and apply go on from here';
  if (error instanceof LockLostError) return { outcome: 'failed', error: `${error.message}; ${again}` };
  const isLost = (failure: unknown): boolean => failure instanceof ServerError && isInconclusive(failure);
  if (isLost(error)) return { outcome: 'unknown', error: `${error.message}; ${again}` };
  try {
    if ((await readUuid(run, run.path)) !== begun.uuid) return { outcome: 'failed', error: error.message };
    await clear(run, begun);
    return { outcome: 'failed', error: `${error.message}; ${shownTable(run)} is as it was` };
  } catch (failure) {
    if (!(failure instanceof PlumblineError)) throw failure;
    return { outcome: 'failed', error: `${error.message}; then ${failure.message}; ${again}` };
  }
}

export async function rebuildTable(order: RebuildOrder): Promise<RebuildOutcome> {
  const run = runOf(order);
  const { path, rebuild } = order;
  let begun: RebuildState = {
    path,
    rebuild,
    phase: 'copying',
    uuid: '',
    upto: '-1',
    rows: '0',
    mutations: '',
    held: 0,
  };
  try {
    await openRecords(order.server);
    if (await settleEarlier(order)) return { outcome: 'done' };
    for (const name of [rebuild.shadow, rebuild.late, rebuild.old]) {
      const found = await readUuid(run, beside(run, name));
      if (found)
        throw new RebuildError(`a table \`${name}\` is there that no rebuild remembers; drop or rename it`);
    }
    begun = { ...begun, uuid: await readUuid(run, path) };
    await writeRecord(order.server, begun);
    await finishRebuild(run, await copyAndExchange(run, begun));
    return { outcome: 'done' };
  } catch (error) {
    return abandon(run, begun, error);
  }
}
