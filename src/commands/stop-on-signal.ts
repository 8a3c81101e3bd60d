/** Ctrl-C and SIGTERM go in as a wish to stop, which whoever runs asks for between two steps; the process does not die of them. */
import type { Output } from './output.ts';

export interface StopSignals {
  readonly shouldStop: () => boolean;
  /** Aborted at once, for what only waits. */
  readonly signal: AbortSignal;
  release(): void;
}

/** `what` is finished before it stops. Whoever listens releases. */
export function stopOnSignal(output: Output, what: string): StopSignals {
  const stop = new AbortController();
  const listener = (name: string): void => {
    if (!stop.signal.aborted) output.note(`${name}: finishing the ${what} that runs, then stopping.`);
    stop.abort();
  };
  process.on('SIGINT', listener).on('SIGTERM', listener);
  return {
    shouldStop: () => stop.signal.aborted,
    signal: stop.signal,
    release: () => void process.off('SIGINT', listener).off('SIGTERM', listener),
  };
}
