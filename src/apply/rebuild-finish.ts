/** Ends a rebuild whose tables are exchanged: copies what came late, gives back what was borrowed, names the old table. */
import { setTimeout as sleep } from 'node:timers/promises';
import { giving } from '../kinds/rebuild-sql.ts';
import { IN_OUR_DATABASES } from '../live/read.ts';
import { literal } from '../sql/quote.ts';
import { type Copied, copyRound } from './rebuild-copy.ts';
import { awaitWriters, writersNow } from './rebuild-exchange.ts';
import { type RebuildState, writeRecord } from './rebuild-record.ts';
import {
  beside,
  RebuildError,
  type RebuildRun,
  readMutations,
  readParts,
  shownTable,
} from './rebuild-run.ts';

/** Milliseconds after which a statement that was under way at the exchange and goes on is left to the next plan. */
const PATIENCE = 600_000;

/** Engines that write without a statement anybody sees. */
const UNSEEN = `('Buffer', 'Kafka', 'RabbitMQ', 'NATS', 'S3Queue', 'AzureQueue', 'FileLog', 'MaterializedPostgreSQL')`;

/** Whether something may write into the old table that system.processes does not show: queues, buffers, asynchronous inserts. */
async function writesUnseen({ ask }: RebuildRun): Promise<boolean> {
  const [row] = await ask<[number]>(
    `SELECT toUInt8((SELECT count() FROM system.events WHERE event = 'AsyncInsertQuery')
       + (SELECT count() FROM system.tables WHERE ${IN_OUR_DATABASES} AND engine IN ${UNSEEN}) > 0)`,
  );
  return Number(row?.[0]) > 0;
}

async function moveGathered(run: RebuildRun, state: RebuildState): Promise<RebuildState> {
  const { moving } = state;
  if (!moving) return state;
  const gathered = await readParts(run, beside(run, run.rebuild.late));
  for (const { partition } of gathered.partitions) await run.send(run.sql.move(partition));
  const { moving: _moving, ...moved } = { ...state, ...moving };
  await writeRecord(run.server, moved);
  return moved;
}

/** Rows that came into the old table after its last copying are gathered beside it and moved over: no view fires for a move. */
async function catchUp(run: RebuildRun, state: RebuildState): Promise<RebuildState> {
  const { sql, rebuild } = run;
  const { block } = await readParts(run, beside(run, rebuild.shadow));
  if (block <= BigInt(state.upto)) return state;
  await run.send(`DROP TABLE IF EXISTS ${sql.late} SYNC`);
  await run.send(sql.create(sql.late));
  for (const statement of sql.hold(sql.late, rebuild.to)) await run.send(statement);
  const before: Copied = { upto: BigInt(state.upto), rows: BigInt(state.rows) };
  const done = await copyRound(run, before, sql.shadow, sql.late);
  const moving: RebuildState = { ...state, moving: { upto: String(done.upto), rows: String(done.rows) } };
  await writeRecord(run.server, moving);
  return moveGathered(run, moving);
}

async function catchUpUntilQuiet(run: RebuildRun, begun: RebuildState): Promise<RebuildState> {
  let state = await moveGathered(run, begun);
  let writers = await writersNow(run);
  const unseen = await writesUnseen(run);
  const deadline = Date.now() + PATIENCE;
  do {
    state = await catchUp(run, state);
    writers = await awaitWriters(run, writers, Date.now() + 200);
  } while (writers.size > 0 && Date.now() < deadline);
  if (writers.size > 0) {
    throw new RebuildError(
      `${shownTable(run)} is rebuilt, but statements that began before go on writing into the old table ` +
        `(${[...writers].join(', ')}); plan and apply again when they have ended`,
    );
  }
  if (unseen) await sleep(state.held + 1000);
  return catchUp(run, state);
}

async function proveComplete(run: RebuildRun, state: RebuildState): Promise<void> {
  const { block, rows, hidesRows } = await readParts(run, beside(run, run.rebuild.shadow));
  if (hidesRows || (block === BigInt(state.upto) && rows === BigInt(state.rows))) return;
  throw new RebuildError(
    `${shownTable(run)} is rebuilt, but the old table, now ${run.rebuild.shadow}, has ${rows} rows, ` +
      `of which ${state.rows} were copied; compare them before you drop it`,
  );
}

async function giveBack({ path, rebuild, send }: RebuildRun): Promise<void> {
  for (const statement of giving(path, rebuild)) await send(statement);
}

/** Engines that give rows back in the order in which they came. */
const IN_ORDER = /^(Log|TinyLog|StripeLog|Memory)$/;

/** What came into a table without parts, or changed there, after it was copied; the tables have their final names by then. */
async function proveWhole(run: RebuildRun, copied: RebuildState): Promise<void> {
  const { rebuild, sql, ask } = run;
  const kept = sql.shadow.replace(/[^`]*`$/, `${rebuild.old}\``);
  const [found] = await ask<[string, string]>(sql.digestBefore(kept));
  const late = BigInt(found?.[0] ?? 0) - BigInt(copied.rows);
  if (late === 0n && (found?.[1] ?? copied.digest) === (copied.digest ?? found?.[1])) return;
  const done = `${shownTable(run)} is rebuilt, but`;
  const [engine = ''] = await ask<[string]>(
    `SELECT engine FROM system.tables WHERE database = ${literal(run.path[0] ?? '')} AND name = ${literal(rebuild.old)}`,
  ).then((rows) => rows.flat());
  if (late <= 0n || !IN_ORDER.test(engine)) {
    throw new RebuildError(
      `${done} rows came into the old table, now ${rebuild.old}, or changed there, while the new one took its name: compare the two before you drop it`,
    );
  }
  const rest = sql
    .copy(kept, sql.table)
    .replace(' SETTINGS ', ` LIMIT ${late} OFFSET ${copied.rows} SETTINGS `);
  throw new RebuildError(
    `${done} ${late} rows came into the old table while the new one took its name; they are in ${rebuild.old} only: ${rest}`,
  );
}

/** A mutation in the last moment before the exchange changed rows that were copied already. */
async function proveUnmutated(run: RebuildRun, { mutations }: RebuildState): Promise<void> {
  const { old } = run.rebuild;
  if ((await readMutations(run, beside(run, old))).ids === mutations) return;
  throw new RebuildError(
    `${shownTable(run)} is rebuilt, but a mutation reached the old table, now ${old}, while the new one took its name: ` +
      'look it up in system.mutations and repeat it',
  );
}

/** Ends a rebuild whose tables are exchanged, whoever did that. */
export async function finishRebuild(run: RebuildRun, state: RebuildState): Promise<void> {
  const { rebuild, sql } = run;
  // A server that was started anew has forgotten what was stopped.
  for (const statement of sql.hold(sql.shadow, rebuild.from)) await run.send(statement);
  if (rebuild.from === 'whole') {
    await awaitWriters(run, await writersNow(run), Date.now() + PATIENCE);
    await giveBack(run);
    await writeRecord(run.server, { ...state, phase: 'done' });
    return proveWhole(run, state);
  }
  const caughtUp = await catchUpUntilQuiet(run, state);
  await proveComplete(run, caughtUp);
  await giveBack(run);
  await writeRecord(run.server, { ...caughtUp, phase: 'done' });
  await proveUnmutated(run, caughtUp);
}
