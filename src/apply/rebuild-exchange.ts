/** Lets the new table take the old one's name at a moment at which no insert is about to end, so that no reader misses a row. */
import { setTimeout as sleep } from 'node:timers/promises';
import { HOLD_MS } from '../kinds/rebuild-sql.ts';
import { type Copied, copyRound, proveUnchanged } from './rebuild-copy.ts';
import { RebuildError, type RebuildRun } from './rebuild-run.ts';

/** Milliseconds for which statements that began long before are waited for, all in all. */
const PATIENCE = 60_000;
const TRIES = 4;

/** Shares of the time for which inserts wait: until when the last copying may begin, and until when it may end. */
const QUIET_BY = 0.5;
const EXCHANGE_BY = 0.75;

/** Kinds of statements that write into no table. */
const READING = `('Select', 'Show', 'Describe', 'Explain', 'System', 'KillQuery', 'Set', 'Use', 'Check', 'Exists')`;

/** Statements of others that may be about to write: whatever they found under a name, they keep until they end. */
export async function writersNow(run: RebuildRun): Promise<ReadonlySet<string>> {
  const rows = await run.ask<[string]>(
    `SELECT query_id FROM system.processes WHERE query_kind NOT IN ${READING} AND NOT startsWith(query_id, 'plumbline-')`,
  );
  return new Set(rows.map(([id]) => id));
}

/** Those of them that have not ended by a time of this machine's clock. */
export async function awaitWriters(
  run: RebuildRun,
  writers: ReadonlySet<string>,
  until: number,
): Promise<ReadonlySet<string>> {
  let left = writers;
  while (left.size > 0 && Date.now() < until) {
    await sleep(10);
    const now = await writersNow(run);
    left = new Set([...left].filter((id) => now.has(id)));
  }
  return left;
}

export interface Exchange {
  readonly done: Copied;
  /** Milliseconds for which an insert could wait. */
  readonly held: number;
}

/** Copies the last rows while inserts wait; undefined where there was not enough time. */
async function copyHeld(
  run: RebuildRun,
  before: Copied,
  held: number,
  isLast: boolean,
): Promise<Copied | undefined> {
  // Counted from before the request: the first insert may begin to wait as soon as the server has it.
  const began = Date.now();
  await run.send(run.sql.delay(held));
  const left = await awaitWriters(run, await writersNow(run), began + held * QUIET_BY);
  if (left.size > 0 && !isLast) return undefined;
  const done = await copyRound(run, before, run.sql.table, run.sql.shadow);
  return Date.now() < began + held * EXCHANGE_BY || isLast ? done : undefined;
}

/**
 * Exchanges the tables. `remember` is called right before, with what is copied by then. An INSERT that does not end for a
 * minute is not waited for any longer: its rows come over as late ones.
 */
export async function exchangeHeld(
  run: RebuildRun,
  copied: Copied,
  mutations: string,
  remember: (exchange: Exchange) => Promise<void>,
): Promise<Exchange> {
  let done = copied;
  for (let attempt = 1; attempt <= TRIES; attempt++) {
    if (run.shouldStop()) throw new RebuildError('stopped, as somebody asked');
    const held = HOLD_MS * attempt;
    const last = await copyHeld(run, done, held, attempt === TRIES);
    if (last) {
      await proveUnchanged(run, last, mutations);
      await remember({ done: last, held });
      await run.send(run.sql.exchange());
      for (const statement of run.sql.pass(run.sql.shadow)) await run.send(statement);
      return { done: last, held };
    }
    for (const statement of run.sql.pass(run.sql.table)) await run.send(statement);
    await awaitWriters(run, await writersNow(run), Date.now() + PATIENCE / TRIES);
    done = await copyRound(run, done, run.sql.table, run.sql.shadow);
  }
  throw new RebuildError('the tables were not exchanged');
}
