/** A landed batch goes in; it is laid over the history, verified and entered in the ledger. May be run again at any time. */
import { PlumblineError } from '../model/errors.ts';
import { LANDING } from '../model/scd.ts';
import { identifier, literal, qualified } from '../sql/quote.ts';
import { insertFirst, verifyFirst } from './first-load.ts';
import { readVerified, verifyQuery } from './invariants.ts';
import { goodRows, landingTable } from './landed.ts';
import { clockOf, type LoadRecord, lastNumber, writeRecord } from './ledger.ts';
import type { Load } from './load.ts';
import { LOAD_SETTINGS } from './statements.ts';
import { insertVersions } from './versions.ts';
import { countWritten } from './written.ts';

/** Rows of a batch that are worked on at once: what one INSERT holds in memory. */
const PORTION = 1_000_000;

export async function dropLanded(
  { server, scd }: Pick<Load, 'server' | 'scd'>,
  batch: string,
): Promise<void> {
  await server.run(`ALTER TABLE ${landingTable(scd)} DROP PARTITION ${literal(batch)}`);
}

interface Before {
  /** Higher than any that is stored, whatever any clock says; only one load of a tenant asks at a time. */
  readonly version: string;
  readonly isEmpty: boolean;
  /** Rows of the batch that count. */
  readonly good: number;
}

/** Parts without the last load's number hold no higher one, and need not be read; a history that the ledger doesn't know is read whole. */
async function readBefore({ server, scd, tenant }: Load, batch: string): Promise<Before> {
  const { from, where } = goodRows(scd, { id: batch, tenant });
  const version = identifier(scd.validity.version);
  const timeout = 3_600_000;
  const ask = async (more: string): Promise<Omit<Before, 'good'>> => {
    const [[next, stored] = ['1', '0']] = await server.rows<[string, string]>(
      `SELECT toString(max(${version}) + 1), toString(count()) FROM ${qualified([scd.database, scd.name])}
       WHERE ${identifier(scd.tenant)} = ${literal(tenant)}${more}`,
      { timeout },
    );
    return { version: next, isEmpty: stored === '0' };
  };
  const latest = await ask(` AND ${version} >= (${lastNumber(scd, tenant)})`);
  const before = latest.isEmpty ? await ask('') : latest;
  const [[good] = ['0']] = await server.rows<[string]>(
    `SELECT toString(count()) FROM ${from} WHERE ${where}`,
    { timeout },
  );
  return { ...before, good: Number(good) };
}

async function layOver(load: Load, batch: string, { version, good }: Before): Promise<void> {
  const { server, scd, tenant, lock, statements, watch } = load;
  const of = Math.max(1, Math.ceil(good / PORTION));
  for (let number = 0; number < of; number++) {
    await lock.check();
    const queryId = statements.id();
    watch(of === 1 ? 'writing versions' : `writing versions, part ${number + 1} of ${of}`, queryId);
    const portion = { id: batch, tenant, number, of };
    await server.run(insertVersions(scd, portion, version), { queryId, settings: LOAD_SETTINGS });
  }
}

/** What is wrong with the chains of the batch's keys. */
async function verifyChains({ server, scd, tenant }: Load, batch: string): Promise<string | undefined> {
  const query = verifyQuery(scd, tenant, { id: batch, tenant });
  const [row = []] = await server.rows<string[]>(query, { timeout: 3_600_000 });
  const [first] = readVerified(scd, row).violations;
  return first && `a version of key ${first.example} ${first.rule}`;
}

export async function publish(load: Load, landed: LoadRecord): Promise<LoadRecord> {
  const { server, scd, watch } = load;
  const { batch } = landed;
  const before = await readBefore(load, batch);
  const first = before.isEmpty && before.good > 0 ? await insertFirst(load, batch, before) : undefined;
  if (!first) await layOver(load, batch, before);
  watch('verifying', '');
  const { wrongHash, ...written } = await countWritten(load, before.version);
  const isWritten = written.written > 0;
  const wrong =
    wrongHash ??
    (first ? await verifyFirst(load, first) : isWritten ? await verifyChains(load, batch) : undefined);
  const error =
    wrong === undefined
      ? ''
      : `The history of ${scd.database}.${scd.name} is wrong behind the load: ${wrong}.`;
  const done: LoadRecord = {
    ...landed,
    ...written,
    version: before.version,
    ended: await clockOf(server),
    outcome: error === '' ? 'done' : 'failed',
    error,
  };
  await writeRecord(server, done);
  if (error !== '') throw new PlumblineError(error);
  await dropLanded(load, batch);
  return done;
}

/** Whether a batch still has its rows. */
export async function hasLanded({ server, scd }: Load, batch: string): Promise<boolean> {
  const rows = await server.rows<[number]>(
    `SELECT 1 FROM ${landingTable(scd)} WHERE ${identifier(LANDING.batch)} = ${literal(batch)} LIMIT 1`,
  );
  return rows.length > 0;
}
