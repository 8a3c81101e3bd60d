/** `plumbline dr watch`: checks the pairs again and again, keeps every check, and survives whatever is down. */
import { setTimeout as sleep } from 'node:timers/promises';
import { RefusedError } from '../apply/apply.ts';
import type { PairStatus } from '../dr/pair-status.ts';
import { PlumblineError } from '../model/errors.ts';
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

/** Whether a pair has partitions that may be repaired. */
const differs = ({ shards }: PairStatus): boolean =>
  shards.some(({ tables }) =>
    tables.some(({ partitions }) =>
      partitions.some(({ verdict }) => verdict === 'different' || verdict === 'missing on passive'),
    ),
  );

/** A repair that is refused is told of, and tried again behind the next check. */
async function repairDiffering(
  statuses: readonly PairStatus[],
  options: WatchOptions,
  output: Output,
  signals: StopSignals,
): Promise<void> {
  const pair = statuses.filter(differs).map((status) => status.pair);
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
  try {
    while (!signal.aborted) {
      try {
        const statuses = await statusOf(opened, { ...options, record: true }, () => signal.aborted);
        for (const status of statuses) {
          output.result(renderWatchLine(status));
          for (const reason of status.unkept) output.note(visible(reason));
          if (status.failback.announced) output.result(`${status.pair}: ${failbackWords(status)}\n`);
        }
        if (options.repair && !signal.aborted) await repairDiffering(statuses, options, output, signals);
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
