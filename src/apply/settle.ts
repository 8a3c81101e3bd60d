/** Finds out what became of a statement whose answer was lost: waits until the server is done with it, then reads again. */
import { setTimeout as sleep } from 'node:timers/promises';
import { type Server, ServerError } from '../live/server.ts';
import { PlumblineError } from '../model/errors.ts';
import type { PlannedStep } from '../model/plan.ts';
import type { Outcome } from '../model/report.ts';
import { pendingMutations, runningStatements } from './statements.ts';

/**
 * Answers after which the statement may be done, under way or not begun: TIMEOUT_EXCEEDED, SOCKET_TIMEOUT, NETWORK_ERROR,
 * ABORTED, UNFINISHED, QUERY_WAS_CANCELLED. A server that is shut down gives some of them.
 */
const INCONCLUSIVE: ReadonlySet<number> = new Set([159, 209, 210, 236, 341, 394]);

/** Whether nobody knows what became of the statement that ended like this. */
export function isInconclusive({ code }: ServerError): boolean {
  return code === undefined || INCONCLUSIVE.has(code);
}

export interface Settling {
  readonly server: Server;
  readonly planned: PlannedStep;
  /** What the ids of the step's statements begin with. */
  readonly queryId: string;
  /** Whether the object is as the step wanted it. */
  readonly isSettled: (planned: PlannedStep) => Promise<boolean>;
  /** Milliseconds after which a node that says nothing counts as unreachable. */
  readonly connectTimeout: number;
}

export interface SettledStep {
  readonly outcome: Extract<Outcome, 'done' | 'failed' | 'unknown'>;
  readonly reason?: string;
}

/** Times the connect time-out that a node may stay away, such as for a restart, before its step stays unknown. */
const PATIENCE = 3;

async function lookAgain({
  server,
  planned,
  queryId,
  isSettled,
  connectTimeout,
}: Settling): Promise<SettledStep | 'running'> {
  const running = await runningStatements(server, connectTimeout);
  if (running.some((statement) => statement.queryId.startsWith(queryId))) return 'running';
  const mutations = await pendingMutations(server, planned.step.object, connectTimeout);
  if (mutations.failure) return { outcome: 'failed', reason: mutations.failure };
  if (mutations.count > 0) return 'running';
  if (await isSettled(planned)) return { outcome: 'done' };
  return { outcome: 'failed', reason: 'the object is not as this step wanted it' };
}

/** Waits for as long as the server answers that it is at work; only what can't be read stays unknown. */
export async function settleStep(settling: Settling): Promise<SettledStep> {
  let heard = Date.now();
  for (let pause = 50; ; pause = Math.min(pause * 2, 2000)) {
    try {
      const found = await lookAgain(settling);
      if (found !== 'running') return found;
      heard = Date.now();
    } catch (error) {
      if (!(error instanceof PlumblineError)) throw error;
      if (error instanceof ServerError && !isInconclusive(error))
        return { outcome: 'unknown', reason: error.message };
      if (Date.now() - heard > settling.connectTimeout * PATIENCE)
        return { outcome: 'unknown', reason: error.message };
    }
    await sleep(pause);
  }
}
