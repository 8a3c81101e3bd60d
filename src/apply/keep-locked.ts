/** Holds a cluster's lock for as long as a run needs it, renewed in the background while long statements run. */
import type { Server } from '../live/server.ts';
import { takeLock } from './lock.ts';

export interface KeptLock {
  /** Throws when the lock is not ours any more. */
  check(): Promise<void>;
  release(): Promise<void>;
}

export async function keepLocked(
  server: Server,
  cluster: string,
  holder: { readonly run: string; readonly owner: string; readonly seconds: number },
): Promise<KeptLock> {
  const lock = await takeLock(server, cluster, holder);
  const third = (holder.seconds * 1000) / 3;
  let renewed = Date.now();
  let lost: unknown;
  const renew = async (): Promise<void> => {
    await lock.renew();
    renewed = Date.now();
  };
  const timer = setInterval(() => {
    renew().catch((error: unknown) => {
      lost = error;
    });
  }, third);
  timer.unref();
  return {
    async check() {
      if (lost) throw lost;
      if (Date.now() - renewed > third) await renew();
    },
    async release() {
      clearInterval(timer);
      await lock.release();
    },
  };
}
