/** Copies a partition of a member that leaves into a table beside the one it belongs to, and proves that all of it is there. */
import { ANY_MOMENT, digestSql } from '../dr/repair-sql.ts';
import {
  contentBy,
  ExportError,
  type ExportRun,
  isSame,
  readParts,
  show,
  stillSource,
} from './export-run.ts';
import { exportSql, sourceDigest } from './export-sql.ts';
import { entryOf, readLedger, writeLedger } from './ledger.ts';

/** Milliseconds for one statement: copying a partition takes as long as it takes. */
const DAY = 24 * 3_600_000;
const MINUTE = 60_000;

/** Throws ExportError, and ServerError where a node does not answer: then the next run copies the partition anew. */
export async function copyPartition(run: ExportRun): Promise<void> {
  const { path, order, target, source, digests, queryId, keepLock } = run;
  const sql = exportSql(path, order);
  const facts = await Promise.all([digests.factsOf(source), digests.factsOf(target)]);
  let number = 0;
  const send = async (statement: string): Promise<void> => {
    await keepLock();
    await target.run(statement, {
      queryId: `${queryId}${number++}`,
      timeout: DAY,
      settings: facts[1].settings,
    });
  };
  const known = entryOf(await readLedger(target, order.federation, order.since, MINUTE), path, order.copy);
  if (known && known.state !== 'copied')
    throw new ExportError('moved', run, `it is ${known.state} already; plan again`);
  await send('CREATE DATABASE IF NOT EXISTS `plumbline`');
  await send(sql.drop());
  await send(sql.create());
  const fingerprint = await stillSource(run);
  const [{ content: expected, now }] = await Promise.all([digests.of(run, fingerprint), send(sql.copy())]);
  const found = await contentBy(target, facts[1], digestSql(sql.staging, order.copy, now));
  if (!isSame(expected, found)) {
    const moved = (await stillSource(run)) !== fingerprint;
    await send(sql.drop());
    const reason = `${source.node.name} has ${show(expected)}, and ${show(found)} was copied`;
    throw new ExportError(moved ? 'moved' : 'not verified', run, reason);
  }
  const after = await stillSource(run);
  if (after !== fingerprint) {
    const again = await contentBy(source, facts[0], sourceDigest(path, order, now));
    if (!isSame(again, found)) {
      await send(sql.drop());
      throw new ExportError('moved', run, `${source.node.name} was written to while it was copied`);
    }
  }
  const parts = (await readParts(target, sql.staging, order.copy.partition)).map(({ hash }) => hash);
  await keepLock();
  await writeLedger(target, order, path, {
    ...{ state: 'copied', ...found, fingerprint: after, parts, block: 0, settings: '{}' },
    query: digestSql(path, order.copy, ANY_MOMENT),
  });
}
