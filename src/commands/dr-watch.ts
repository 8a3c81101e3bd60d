/** `plumbline dr watch`: checks the pairs again and again, keeps every check, and survives whatever is down. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { PartitionVerdict } from '../dr/comparison.ts';
import type { PairStatus } from '../dr/pair-status.ts';
import { PlumblineError, RefusedError } from '../model/errors.ts';
import { failbackWords, renderWatchLine } from '../render/dr-status.ts';
import { visible } from '../render/visible.ts';
import { type DrOptions, statusOf } from './dr.ts';
import { drRepair } from './dr-repair.ts';
import { openDeclaredEstate } from './estate-options.ts';
import type { Output } from './output.ts';
import { type StopSignals, stopOnSignal } from './stop-on-signal.ts';

export interface WatchOptions extends DrOptions {
  /** Seconds. */
  readonly every: number;
  readonly repair?: true | undefined;
  readonly lockSeconds: number;
}

const has = ({ shards }: PairStatus, ...verdicts: readonly PartitionVerdict[]): boolean =>
  shards.some(({ tables }) =>
    tables.some(({ partitions }) => partitions.some(({ verdict }) => verdicts.includes(verdict))),
  );

/**
 * Whether a pair has partitions that may be repaired: those with rows that only the passive site shows may be what a kill left of a
 * swap, which is looked at once. `tried` has the digests of such checks.
 */
function differs(status: PairStatus, tried: Set<string>): boolean {
  if (has(status, 'different', 'missing on passive')) return true;
  if (!has(status, 'only on passive') || tried.has(status.digest)) return false;
  tried.add(status.digest);
  return true;
}

/** A repair that is refused is told of, and tried again behind the next check. */
async function repairDiffering(
  statuses: readonly PairStatus[],
  tried: Set<string>,
  options: WatchOptions,
  output: Output,
  signals: StopSignals,
): Promise<void> {
  const pair = statuses.filter((status) => differs(status, tried)).map((status) => status.pair);
  if (pair.length === 0) return;
  try {
    await drRepair({ ...options, pair, yes: true }, output, signals);
  } catch (error) {
    if (!(error instanceof RefusedError)) throw error;
    for (const reason of [error.message, ...error.reasons]) output.note(visible(reason));
  }
}

/** Runs until it is told to stop, and then exits with 0. Throws for mistakes in the declarations it begins with. */
export async function drWatch(options: WatchOptions, output: Output): Promise<number> {
  const opened = await openDeclaredEstate(options);
  const signals = stopOnSignal(output, options.repair ? 'check or repair' : 'check');
  const { signal } = signals;
  const tried = new Set<string>();
  try {
    while (!signal.aborted) {
      try {
        const statuses = await statusOf(opened, { ...options, record: true }, () => signal.aborted);
        for (const status of statuses) {
          output.result(renderWatchLine(status));
          for (const reason of status.unkept) output.note(visible(reason));
          if (status.failback.announced) output.result(`${status.pair}: ${failbackWords(status)}\n`);
        }
        if (options.repair && !signal.aborted)
          await repairDiffering(statuses, tried, options, output, signals);
      } catch (error) {
        if (!(error instanceof PlumblineError)) throw error;
        output.note(visible(error.message));
      }
      await sleep(options.every * 1000, undefined, { signal }).catch(() => {});
    }
    return 0;
  } finally {
    signals.release();
    await opened.close();
  }
}
