/** `plumbline dr watch`: checks the pairs again and again, keeps every check, and survives whatever is down. */
import { setTimeout as sleep } from 'node:timers/promises';
import { PlumblineError } from '../model/errors.ts';
import { failbackWords, renderWatchLine } from '../render/dr-status.ts';
import { visible } from '../render/visible.ts';
import { type DrOptions, statusOf } from './dr.ts';
import { openDeclaredEstate } from './estate-options.ts';
import type { Output } from './output.ts';

export interface WatchOptions extends DrOptions {
  /** Seconds. */
  readonly every: number;
}

/** Ends what waits, and what would begin; a check that runs is finished. */
function stopOnSignal(output: Output): { readonly signal: AbortSignal; release(): void } {
  const stop = new AbortController();
  const listener = (name: string): void => {
    if (!stop.signal.aborted) output.note(`${name}: finishing the check that runs, then stopping.`);
    stop.abort();
  };
  process.on('SIGINT', listener).on('SIGTERM', listener);
  return {
    signal: stop.signal,
    release: () => void process.off('SIGINT', listener).off('SIGTERM', listener),
  };
}

/** Runs until it is told to stop, and then exits with 0. Throws for mistakes in the declarations it begins with. */
export async function drWatch(options: WatchOptions, output: Output): Promise<number> {
  const opened = await openDeclaredEstate(options);
  const { signal, release } = stopOnSignal(output);
  try {
    while (!signal.aborted) {
      try {
        const statuses = await statusOf(opened, { ...options, record: true }, () => signal.aborted);
        for (const status of statuses) {
          output.result(renderWatchLine(status));
          for (const reason of status.unkept) output.note(visible(reason));
          if (status.failback.announced) output.result(`${status.pair}: ${failbackWords(status)}\n`);
        }
      } catch (error) {
        if (!(error instanceof PlumblineError)) throw error;
        output.note(visible(error.message));
      }
      await sleep(options.every * 1000, undefined, { signal }).catch(() => {});
    }
    return 0;
  } finally {
    release();
    await opened.close();
  }
}
