/** Copies a partition of a member that leaves into a table beside the one it belongs to, and proves that all of it is there. */
import { readFingerprint } from '../dr/part-sets.ts';
import { ANY_MOMENT, digestSql } from '../dr/repair-sql.ts';
import { NO_SUCH_TABLE, ServerError } from '../live/server.ts';
import {
  contentBy,
  ExportError,
  type ExportRun,
  goOn,
  isSame,
  readParts,
  type Send,
  sender,
  show,
  stillIn,
} from './export-run.ts';
import { type ExportSql, exportSql, sourceDigest } from './export-sql.ts';
import { entryOf, type Written, writeLedger } from './ledger.ts';

/** Milliseconds for one statement: copying a partition takes as long as it takes. */
const DAY = 24 * 3_600_000;

const TABLE_EXISTS = 57;

/** A table of that name is what a killed run has left. */
async function createStaging(sql: ExportSql, send: Send): Promise<void> {
  try {
    await send(sql.create());
  } catch (error) {
    if (!(error instanceof ServerError)) throw error;
    if (error.code === TABLE_EXISTS) await send(sql.drop());
    else if (NO_SUCH_TABLE.has(error.code)) await send('CREATE DATABASE IF NOT EXISTS `plumbline`');
    else throw error;
    await send(sql.create());
  }
}

/** Throws ExportError, and ServerError where a node does not answer: then the next run copies the partition anew. */
export async function copyPartition(run: ExportRun): Promise<void> {
  const { path, order, target, source, memory, keepLock } = run;
  const { digests } = memory;
  const sql = exportSql(path, order);
  goOn(run);
  const [own, facts, ledger] = await Promise.all([
    digests.factsOf(source),
    digests.factsOf(target),
    memory.ledgerBefore(target, order),
  ]);
  const known = entryOf(ledger, path, order.copy);
  if (known && known.state !== 'copied')
    throw new ExportError('moved', run, `it is ${known.state} already; plan again`);
  const send = sender(run, { timeout: DAY, settings: facts.settings });
  await createStaging(sql, send);
  // Older than the copy, which is all that it must be.
  const fingerprint = stillIn(await memory.partsLately(source, path), run);
  const [{ content: expected, now }] = await Promise.all([digests.of(run, fingerprint), send(sql.copy())]);
  const [found, after, parts] = await Promise.all([
    contentBy(target, facts, digestSql(sql.staging, order.copy, now)),
    readFingerprint(source, path, order.copy.partition),
    readParts(target, [sql.staging], [order.copy.partition]),
  ]);
  if (!isSame(expected, found)) {
    await send(sql.drop());
    const reason = `${source.node.name} has ${show(expected)}, and ${show(found)} was copied`;
    throw new ExportError(after === fingerprint ? 'not verified' : 'moved', run, reason);
  }
  if (after !== fingerprint) {
    const again = await contentBy(source, own, sourceDigest(path, order, now));
    if (!isSame(again, found)) {
      await send(sql.drop());
      throw new ExportError('moved', run, `${source.node.name} was written to while it was copied`);
    }
  }
  await keepLock();
  const entry: Written = {
    ...{ state: 'copied', ...found, fingerprint: after, parts: parts.map(({ hash }) => hash) },
    ...{ block: 0, settings: '{}', query: digestSql(path, order.copy, ANY_MOMENT) },
  };
  await writeLedger(target, [{ path, order, entry }]);
}
