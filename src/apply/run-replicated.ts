/** Runs one statement, with what replicated tables need: the wait for other replicas, and patience with one that lags. */
import { setTimeout as sleep } from 'node:timers/promises';
import { type RequestOptions, type Server, ServerError } from '../live/server.ts';
import type { Step } from '../model/step.ts';
import { runWithSecrets } from './secrets.ts';

/** CANNOT_ASSIGN_ALTER: the replica has not followed earlier ALTERs yet. Nothing was changed. */
const LAGS = 517;

/** Seconds; replicas that are not there would otherwise be waited for two minutes, and are looked after later. */
const INACTIVE = '20';

const settingsFor = ({ followers }: Step): RequestOptions['settings'] =>
  followers && { alter_sync: '2', replication_wait_for_inactive_replica_timeout: INACTIVE };

/** `patience` in milliseconds. Throws the ServerError that stays. */
export async function runReplicated(
  server: Server,
  statement: string,
  options: RequestOptions,
  step: Step,
  patience: number,
): Promise<void> {
  const settings = settingsFor(step);
  const deadline = Date.now() + patience;
  for (let pause = 100; ; pause = Math.min(pause * 2, 5000)) {
    try {
      await runWithSecrets(server, statement, { ...options, ...(settings && { settings }) });
      return;
    } catch (error) {
      if (!(error instanceof ServerError) || error.code !== LAGS || Date.now() > deadline) throw error;
    }
    await sleep(pause);
  }
}
