/** A landed batch goes in; it is laid over the history, verified and entered in the ledger. May be run again at any time. */
import { PlumblineError } from '../model/errors.ts';
import { LANDING, OPEN_END, type ScdTable } from '../model/scd.ts';
import { identifier, literal, qualified } from '../sql/quote.ts';
import { readVerified, verifyQuery } from './invariants.ts';
import { goodRows, landingTable } from './landed.ts';
import { clockOf, type LoadRecord, writeRecord } from './ledger.ts';
import type { Load } from './load.ts';
import { LOAD_SETTINGS } from './statements.ts';
import { insertVersions } from './versions.ts';

/** Rows of a batch that are worked on at once: what one INSERT holds in memory. */
const PORTION = 1_000_000;

export async function dropLanded(
  { server, scd }: Pick<Load, 'server' | 'scd'>,
  batch: string,
): Promise<void> {
  await server.run(`ALTER TABLE ${landingTable(scd)} DROP PARTITION ${literal(batch)}`);
}

/** Higher than any that is stored, whatever any clock says; only one load of a tenant asks at a time. */
async function nextVersion({ server, scd, tenant }: Load): Promise<string> {
  const [row] = await server.rows<[string]>(
    `SELECT toString(max(${identifier(scd.validity.version)}) + 1) FROM ${qualified([scd.database, scd.name])}
     WHERE ${identifier(scd.tenant)} = ${literal(tenant)}`,
  );
  return row?.[0] ?? '1';
}

type Written = Pick<LoadRecord, 'written' | 'opened' | 'closed' | 'deleted' | 'retracted'>;

async function countWritten({ server, tenant }: Load, scd: ScdTable, version: string): Promise<Written> {
  const { validity } = scd;
  const [from, to, retracted] = [validity.from, validity.to, validity.retracted].map(identifier);
  // What was taken back lasts a millisecond; a deletion that lasts no longer is counted with it.
  const isBack = `${retracted} AND ${to} = ${from} + INTERVAL 1 MILLISECOND`;
  const [row] = await server.rows<number[]>(
    `SELECT count(), countIf(NOT ${retracted} AND ${to} = ${OPEN_END}), countIf(NOT ${retracted} AND ${to} != ${OPEN_END}),
       countIf(${retracted} AND NOT (${isBack})), countIf(${isBack})
     FROM ${qualified([scd.database, scd.name])}
     WHERE ${identifier(scd.tenant)} = ${literal(tenant)} AND ${identifier(validity.version)} = ${version}`,
    { settings: { output_format_json_quote_64bit_integers: 0 } },
  );
  const [written = 0, opened = 0, closed = 0, deleted = 0, back = 0] = row ?? [];
  return { written, opened, closed, deleted, retracted: back };
}

/** What is wrong behind the load; undefined where nothing is. */
async function verifyTouched({ server, scd, tenant }: Load, batch: string): Promise<string | undefined> {
  const [row = []] = await server.rows<string[]>(verifyQuery(scd, tenant, { id: batch, tenant }), {
    timeout: 3_600_000,
  });
  const [first] = readVerified(scd, row).violations;
  return (
    first &&
    `The history of ${scd.database}.${scd.name} is wrong behind the load: a version of key ${first.example} ${first.rule}.`
  );
}

export async function publish(load: Load, landed: LoadRecord): Promise<LoadRecord> {
  const { server, scd, tenant, lock, statements, watch } = load;
  const { from, where } = goodRows(scd, { id: landed.batch, tenant });
  const [row] = await server.rows<[number]>(`SELECT count() FROM ${from} WHERE ${where}`, {
    settings: { output_format_json_quote_64bit_integers: 0 },
  });
  const of = Math.max(1, Math.ceil((row?.[0] ?? 0) / PORTION));
  const version = await nextVersion(load);
  for (let number = 0; number < of; number++) {
    await lock.check();
    const queryId = statements.id();
    watch(of === 1 ? 'writing versions' : `writing versions, part ${number + 1} of ${of}`, queryId);
    const portion = { id: landed.batch, tenant, number, of };
    await server.run(insertVersions(scd, portion, version), { queryId, settings: LOAD_SETTINGS });
  }
  watch('verifying', '');
  const written = await countWritten(load, scd, version);
  const wrong = written.written > 0 ? await verifyTouched(load, landed.batch) : undefined;
  const done: LoadRecord = {
    ...landed,
    ...written,
    version,
    ended: await clockOf(server),
    outcome: wrong === undefined ? 'done' : 'failed',
    error: wrong ?? '',
  };
  await writeRecord(server, done);
  if (wrong !== undefined) throw new PlumblineError(wrong);
  await dropLanded(load, landed.batch);
  return done;
}

/** Whether a batch still has its rows. */
export async function hasLanded({ server, scd }: Load, batch: string): Promise<boolean> {
  const rows = await server.rows<[number]>(
    `SELECT 1 FROM ${landingTable(scd)} WHERE ${identifier(LANDING.batch)} = ${literal(batch)} LIMIT 1`,
  );
  return rows.length > 0;
}
