/** Shows the rows of a copied partition to readers, exactly once, whenever and however often it is killed and begun again. */
import { literal, qualified } from '../sql/quote.ts';
import {
  ExportError,
  type ExportRun,
  isSame,
  type Part,
  readParts,
  show,
  stillSource,
} from './export-run.ts';
import { exportSql, ownStill } from './export-sql.ts';
import { entryOf, type LedgerEntry, readLedger, type Written, writeLedger } from './ledger.ts';

const MINUTE = 60_000;

/** The hashes that no part of the table has which came behind that block. Equal ones count as often as they are there. */
export function missingHashes(hashes: readonly string[], there: readonly Part[], block: number): string[] {
  const found = new Map<string, number>();
  for (const { hash, block: own } of there) if (own > block) found.set(hash, (found.get(hash) ?? 0) + 1);
  return hashes.filter((hash) => {
    const count = found.get(hash) ?? 0;
    if (count > 0) found.set(hash, count - 1);
    return count === 0;
  });
}

/** Of the parts beside the table, those with these hashes: what is to be attached, and what is there already. */
function split(
  beside: readonly Part[],
  missing: readonly string[],
): { readonly shown: Part[]; readonly lost: number } {
  const wanted = [...missing];
  const shown = beside.filter(({ hash }) => {
    const at = wanted.indexOf(hash);
    if (at >= 0) wanted.splice(at, 1);
    return at < 0;
  });
  return { shown, lost: wanted.length };
}

async function readHighest({ target, path: [database = '', table = ''] }: ExportRun): Promise<number> {
  const rows = await target.rows<[string]>(
    `SELECT toString(max(max_block_number)) FROM system.parts
     WHERE database = ${literal(database)} AND table = ${literal(table)}`,
  );
  return Number(rows[0]?.[0] ?? 0);
}

/** Of what the table's own text sets. */
async function readOwn({
  target,
  path: [database = '', table = ''],
}: ExportRun): Promise<Record<string, string>> {
  const [row] = await target.rows<[string]>(
    `SELECT engine_full FROM system.tables WHERE database = ${literal(database)} AND name = ${literal(table)}`,
  );
  const settings = /\bSETTINGS (.*)$/.exec(row?.[0] ?? '')?.[1] ?? '';
  return ownStill(
    Object.fromEntries(settings.split(', ').map((one) => one.split(' = ') as [string, string])),
  );
}

/** The source still has what was copied: as its parts show, or its digest where they were merged. */
async function proveSource(run: ExportRun, entry: LedgerEntry): Promise<void> {
  const { source, target, path, order } = run;
  const fingerprint = await stillSource(run);
  if (fingerprint === entry.fingerprint) return;
  const { content: now } = await run.digests.of(run, fingerprint);
  if (isSame(now, entry)) return;
  await writeLedger(target, order, path, { ...entry, state: 'void' });
  const reason = `${source.node.name} has ${show(now)} now, and ${show(entry)} was copied; the next run copies it again`;
  throw new ExportError('moved', run, reason);
}

/** What stands beside the table is what was proven there. */
async function proveBeside(run: ExportRun, entry: LedgerEntry, staging: readonly string[]): Promise<void> {
  const { target, path, order } = run;
  const parts = await readParts(target, staging, order.copy.partition);
  const hashes = parts.map(({ hash }) => hash).sort();
  if (hashes.join() === [...entry.parts].sort().join()) return;
  await writeLedger(target, order, path, { ...entry, state: 'void' });
  const reason = 'what stands beside the table is not what was proven; the next run copies it again';
  throw new ExportError('lost staging', run, reason);
}

/** Throws ExportError, and ServerError where a node does not answer: then the next run goes on from here. */
export async function attachPartition(run: ExportRun): Promise<void> {
  const { path, order, target, queryId, keepLock } = run;
  const sql = exportSql(path, order);
  let number = 0;
  const send = async (statement: string): Promise<void> => {
    await keepLock();
    await target.run(statement, { queryId: `${queryId}${number++}` });
  };
  const note = async (entry: Written): Promise<void> => {
    await keepLock();
    await writeLedger(target, order, path, entry);
  };
  const ledger = await readLedger(target, order.federation, order.since, MINUTE);
  let entry = entryOf(ledger, path, order.copy);
  if (entry?.state === 'attached') {
    for (const statement of sql.release(JSON.parse(entry.settings))) await send(statement);
    return send(sql.drop());
  }
  if (!entry) throw new ExportError('lost staging', run, 'nothing was copied yet; plan again');
  if (entry.state === 'copied') {
    await proveSource(run, entry);
    await proveBeside(run, entry, sql.staging);
    const settings = JSON.stringify(await readOwn(run));
    // Written down before anything is borrowed, so that it is always given back.
    entry = { ...entry, state: 'attaching', settings, block: Number.MAX_SAFE_INTEGER };
    await note(entry);
  }
  await send(sql.hold());
  if (entry.block === Number.MAX_SAFE_INTEGER) {
    entry = { ...entry, block: await readHighest(run) };
    await note(entry);
  }
  const { parts, block } = entry;
  const inTable = (): Promise<Part[]> => readParts(target, path, order.copy.partition);
  const missing = missingHashes(parts, await inTable(), block);
  if (missing.length > 0) {
    const { shown, lost } = split(await readParts(target, sql.staging, order.copy.partition), missing);
    if (lost > 0)
      throw new ExportError('lost staging', run, `${lost} parts are neither beside the table nor in it`);
    // A kill in the middle left some of them in the table.
    for (const { name } of shown)
      await send(`ALTER TABLE ${qualified(sql.staging)} DROP PART ${literal(name)}`);
    await send(sql.attach());
    const left = missingHashes(parts, await inTable(), block);
    if (left.length > 0) throw new ExportError('not verified', run, `${left.length} parts were not attached`);
  }
  await note({ ...entry, state: 'attached' });
  for (const statement of sql.release(JSON.parse(entry.settings))) await send(statement);
  await send(sql.drop());
}
