/** Repairs one partition: puts it together beside the table, proves it, and lets it take the old one's place in one moment. */
import type { Server } from '../live/server.ts';
import { ServerError } from '../live/server.ts';
import { PlumblineError } from '../model/errors.ts';
import { literal } from '../sql/quote.ts';
import type { LeftStaging } from './cut-short.ts';
import { proveStill } from './repair-guards.ts';
import type { RepairOrder } from './repair-run.ts';
import { repairSql, STAGING, STAGING_COMMENT } from './repair-sql.ts';
import {
  openVerification,
  partRows,
  proveNothingLost,
  proveReplaced,
  proveStaging,
} from './repair-verify.ts';

/** Milliseconds for one statement: copying a partition takes as long as it takes. */
const DAY = 24 * 3_600_000;

/** Tables that repairs which are no more have left on a node. */
export async function readLeftStagings(server: Server): Promise<readonly LeftStaging[]> {
  const rows = await server.rows<[string, string]>(
    `SELECT name, comment FROM system.tables
     WHERE database = 'plumbline' AND startsWith(comment, ${literal(STAGING_COMMENT)}) ORDER BY name`,
  );
  return rows.flatMap(([name, comment]) => (STAGING.test(name) ? [{ name, comment }] : []));
}

/**
 * Readers of the passive site see the partition as it was, and then as the active site has it. Throws RepairError where that
 * could lose or double a row, and ServerError where a site does not answer: then the partition is as it was or as it should be,
 * and the next repair removes what is left beside it.
 */
export async function repairPartition(order: RepairOrder): Promise<void> {
  const { path, repair, target, queryId, keepLock } = order;
  const sql = repairSql(path, repair);
  let number = 0;
  const verification = await openVerification(order);
  const settings = verification.facts[1].settings;
  const send = async (statement: string, prove?: () => Promise<unknown>): Promise<void> => {
    await keepLock();
    await prove?.();
    await target.run(statement, { queryId: `${queryId}${number++}`, timeout: DAY, settings });
  };
  await proveStill(order);
  await send('CREATE DATABASE IF NOT EXISTS `plumbline`');
  // A killed run's; the tables of repairs that run beside this one have other names.
  const isLeft = (await readLeftStagings(target)).some(({ name }) => name === repair.staging);
  if (isLeft && !repair.finish) await send(sql.drop());
  try {
    if (!repair.finish) {
      await send(sql.create());
      for (const statement of sql.clone()) await send(statement);
      await send(sql.copy());
      const { rows } = await proveStaging(verification);
      await proveNothingLost(verification, rows);
    }
    let before: Awaited<ReturnType<typeof partRows>> = [];
    await send(sql.replace(), async () => {
      before = await partRows(order);
      await proveStill(order);
    });
    await proveReplaced(verification, before);
  } catch (error) {
    if (error instanceof PlumblineError && !isSilence(error)) await send(sql.drop()).catch(ignoreRefusal);
    throw error;
  }
  await send(sql.drop());
}

const isSilence = (error: PlumblineError): boolean =>
  error instanceof ServerError && error.code === undefined;

/** What stops the clearing up stops no more than that: the reason why the repair ended counts for more. */
function ignoreRefusal(error: unknown): void {
  if (!(error instanceof PlumblineError)) throw error;
}
