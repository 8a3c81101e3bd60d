/** Holds a lock for as long as a run needs it, renewed in the background while long statements run. */
import { type Server, ServerError } from '../live/server.ts';
import { type Locked, takeLock } from './lock.ts';

export interface KeptLock {
  /** Asked right before every statement. Throws when the lock is not ours any more: then nothing may be written. */
  check(): Promise<void>;
  release(): Promise<void>;
}

/** Without an answer nobody knows whose the lock is; the next renewal or the next check finds out. */
const isSilence = (error: unknown): boolean => error instanceof ServerError && error.code === undefined;

export async function keepLocked(
  server: Server,
  locked: Locked,
  holder: { readonly run: string; readonly owner: string; readonly seconds: number },
): Promise<KeptLock> {
  const lock = await takeLock(server, locked, holder);
  const third = (holder.seconds * 1000) / 3;
  let lost: unknown;
  const timer = setInterval(() => {
    lock.renew().catch((error: unknown) => {
      if (isSilence(error)) return;
      lost = error;
      clearInterval(timer);
    });
  }, third);
  timer.unref();
  return {
    async check() {
      for (;;) {
        if (lost) throw lost;
        const asked = Date.now();
        const left = (await lock.verify()) * 1000;
        // This process may have been paused for longer than the lock lasts: only an answer that is still fresh counts.
        if (left > third && Date.now() - asked < left - third) return;
        await lock.renew();
      }
    },
    async release() {
      clearInterval(timer);
      try {
        await lock.release();
      } catch (error) {
        // A node that has gone can't be told; the lock expires by itself, and the report of the run counts for more.
        if (!(error instanceof ServerError)) throw error;
      }
    },
  };
}
