/** Runs the steps of a plan: clusters side by side, the nodes of a cluster and the steps of a node one after the other. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { ClusterPlan, PlannedStep } from '../model/plan.ts';
import { PlumblineError } from '../model/errors.ts';
import { type Server, ServerError } from '../live/server.ts';
import type { Outcome, StepResult } from '../model/report.ts';
import type { Journal } from './journal.ts';

export interface Progress {
  started(planned: PlannedStep, number: number, total: number): void;
  ended(result: StepResult, number: number, total: number): void;
}

export interface ClusterRun {
  readonly plan: ClusterPlan;
  readonly run: string;
  readonly servers: ReadonlyMap<string, Server>;
  readonly journal: Journal;
  /** Asked before every step; throws when the lock is lost. */
  readonly keepLock: () => Promise<void>;
  /** Whether the object is as the step wanted it; asked when nobody knows what became of a statement. */
  readonly isSettled: (planned: PlannedStep) => Promise<boolean>;
  /** Whether to stop before the next step. */
  readonly shouldStop: () => boolean;
  readonly progress: Progress;
}

/** A statement of this run may still be at work although its connection is gone: waits until the server runs none. */
async function waitForQuery(server: Server, queryId: string): Promise<void> {
  for (let attempt = 0; attempt < 60; attempt++) {
    const [row] = await server.rows<[number]>(
      `SELECT count() FROM system.processes WHERE startsWith(query_id, '${queryId}')`,
      { timeout: 10_000 },
    );
    if (Number(row?.[0]) === 0) return;
    await sleep(1000);
  }
}

/** What became of a step whose answer was lost: read again, and only what can't be read stays unknown. */
async function settleUnknown(run: ClusterRun, planned: PlannedStep, queryId: string): Promise<Outcome> {
  const server = run.servers.get(planned.node);
  for (let attempt = 0; server && attempt < 5; attempt++) {
    try {
      await waitForQuery(server, queryId);
      return (await run.isSettled(planned)) ? 'done' : 'failed';
    } catch (error) {
      if (!(error instanceof PlumblineError)) throw error;
      await sleep(1000);
    }
  }
  return 'unknown';
}

async function runStep(run: ClusterRun, planned: PlannedStep, number: number): Promise<StepResult> {
  const server = run.servers.get(planned.node);
  const began = Date.now();
  const queryId = `plumbline-${run.run}-${planned.node}-${number}`;
  const result = (outcome: Outcome, error?: string): StepResult => ({
    planned,
    outcome,
    milliseconds: Date.now() - began,
    ...(error !== undefined && { error }),
  });
  try {
    await run.keepLock();
    await run.journal.begin(number, planned);
  } catch (error) {
    if (error instanceof Error) return result('failed', `nothing was run: ${error.message}`);
    throw error;
  }
  const [database = ''] = planned.step.object.path;
  // Names without a database in a view's query mean the view's own.
  const options = planned.step.object.kind === 'database' ? {} : { database };
  for (const [at, statement] of planned.step.statements.entries()) {
    try {
      await server?.run(statement, { ...options, queryId: `${queryId}-${at}` });
    } catch (error) {
      if (!(error instanceof ServerError)) throw error;
      const outcome = error.code === undefined ? await settleUnknown(run, planned, queryId) : 'failed';
      return outcome === 'done' ? result('done') : result(outcome, error.message);
    }
  }
  return result('done');
}

/** Runs one cluster's steps. The first that is not done stops the cluster; what was not reached is `not run`. */
export async function executeCluster(run: ClusterRun): Promise<StepResult[]> {
  const { cluster, nodes } = run.plan;
  const steps = nodes.flatMap(({ node, steps }) => steps.map((step): PlannedStep => ({ cluster, node, step })));
  const results: StepResult[] = [];
  let stopped = false;
  for (const [at, planned] of steps.entries()) {
    if (stopped || run.shouldStop()) {
      results.push({ planned, outcome: 'not run', milliseconds: 0 });
      continue;
    }
    run.progress.started(planned, at + 1, steps.length);
    const result = await runStep(run, planned, at + 1);
    await run.journal.end(at + 1, planned, result.outcome, result.error).catch((error) => {
      if (!(error instanceof ServerError)) throw error;
    });
    run.progress.ended(result, at + 1, steps.length);
    results.push(result);
    stopped = result.outcome !== 'done';
  }
  return results;
}
