/** Runs a step that repairs a partition, and says what became of it; the direction is asked again before every partition. */
import { directionOf } from '../dr/direction.ts';
import type { WantedRepairs } from '../dr/plan-pairs.ts';
import { repairPartition } from '../dr/repair-partition.ts';
import { type Server, ServerError } from '../live/server.ts';
import { PlumblineError } from '../model/errors.ts';
import type { Estate } from '../model/estate.ts';
import type { Repair } from '../model/repair.ts';
import type { Outcome } from '../model/report.ts';
import type { ClusterRun } from './execute.ts';
import { isInconclusive } from './settle.ts';

/** Why the node that is read is not of the active site any more; undefined while it is. */
export async function turnedSince(
  { pairs }: Estate,
  wanted: WantedRepairs | undefined,
  { pair: name, source }: Repair,
  servers: ReadonlyMap<string, Server>,
): Promise<string | undefined> {
  const pair = pairs.find((one) => one.name === name);
  if (!pair || !wanted) return `no pair ${name} is to be repaired`;
  const { active, reason } = await directionOf(pair, wanted.resolve);
  if (active !== undefined && active.cluster === servers.get(source)?.node.cluster) return undefined;
  return active === undefined
    ? `nobody knows which site is active: ${reason}`
    : `${active.cluster} is active now: ${reason}`;
}

export async function runRepair(
  { servers, keepLock, shouldStop, turned }: ClusterRun,
  target: Server,
  repair: Repair,
  path: readonly string[],
  queryId: string,
): Promise<{ readonly outcome: Outcome; readonly error?: string }> {
  const source = servers.get(repair.source);
  if (!source) return { outcome: 'failed', error: `nothing was run: ${repair.source} is not connected` };
  try {
    await repairPartition({
      ...{ path, repair, target, source, queryId, keepLock, shouldStop },
      turned: () => turned(repair),
    });
    return { outcome: 'done' };
  } catch (error) {
    if (!(error instanceof PlumblineError)) throw error;
    const isLost = error instanceof ServerError && isInconclusive(error);
    return {
      outcome: isLost ? 'unknown' : 'failed',
      error: `${error.message}; the next repair goes on from here`,
    };
  }
}
