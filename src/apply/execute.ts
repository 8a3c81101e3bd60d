/** Runs the steps of a cluster's plan: one after the other, but the repairs of a pair side by side, as many as it allows. */
import { type Server, ServerError } from '../live/server.ts';
import { PlumblineError } from '../model/errors.ts';
import { showId } from '../model/object.ts';
import type { ClusterPlan, PlannedStep } from '../model/plan.ts';
import type { Repair } from '../model/repair.ts';
import type { Outcome, StepResult } from '../model/report.ts';
import type { Export, StageRecord } from '../model/stage.ts';
import { runOrder } from '../plan/run-order.ts';
import { closeTables } from '../stages/attach-partition.ts';
import type { ExportMemory } from '../stages/export-memory.ts';
import { awaitReplicas } from './await-replicas.ts';
import { batchesOf, runBatch } from './batches.ts';
import type { Journal } from './journal.ts';
import { rebuildTable } from './rebuild-table.ts';
import { runExport, runRecord } from './run-export.ts';
import { runFile } from './run-file.ts';
import { runRegistration } from './run-registration.ts';
import { runRepair } from './run-repair.ts';
import { runReplicated } from './run-replicated.ts';
import { isInconclusive, settleStep } from './settle.ts';
import { queryIdPrefix } from './statements.ts';

export interface Progress {
  started(planned: PlannedStep, number: number, total: number): void;
  ended(result: StepResult, number: number, total: number): void;
}

export interface ClusterRun {
  readonly plan: ClusterPlan;
  readonly run: string;
  readonly servers: ReadonlyMap<string, Server>;
  readonly journal: Journal;
  /** Asked right before every statement; throws when the lock is lost. */
  readonly keepLock: () => Promise<void>;
  /** Whether the object is as the step wanted it; asked when nobody knows what became of a statement. */
  readonly isSettled: (planned: PlannedStep) => Promise<boolean>;
  /** What a node still has otherwise than the file of a step says, in words; empty where it has all as it should be. */
  readonly differs: (planned: PlannedStep, server: Server) => Promise<readonly string[]>;
  /** Restarts an embedded node. */
  readonly restart: ((node: string) => Promise<void>) | undefined;
  /** Milliseconds that a node gets to have what a delivered file says. */
  readonly filePatience: number;
  /** Milliseconds after which a node that says nothing counts as unreachable. */
  readonly connectTimeout: number;
  /** Milliseconds that replicas get to follow, and that a replica gets to catch up before it is altered. */
  readonly replicaPatience: number;
  /** Whether to stop before the next step. */
  readonly shouldStop: () => boolean;
  /** Why the node that a repair reads is not of the active site any more; undefined while it is. */
  readonly turned: (repair: Repair) => Promise<string | undefined>;
  /** Waits until no cluster has steps of lower phases left; false where one of them could not be done. */
  readonly enterPhase: (phase: number) => Promise<boolean>;
  /** Waits for what began before rows come back, the first time that it is asked for each act. Throws a PlumblineError where it can't go on. */
  readonly earlierEnd: (order: Export) => Promise<void>;
  /** Throws a PlumblineError where a stage must not be written down yet. */
  readonly provesStage: (record: StageRecord, server: Server) => Promise<void>;
  /** What the steps that bring rows back know together. */
  readonly exports: ExportMemory;
  readonly progress: Progress;
}

async function settle(
  run: ClusterRun,
  planned: PlannedStep,
  server: Server,
  queryId: string,
  lost: ServerError,
) {
  const { isSettled, connectTimeout } = run;
  const { outcome, reason } = await settleStep({ server, planned, queryId, isSettled, connectTimeout });
  if (outcome === 'done') return { outcome };
  const told = reason === undefined || lost.code !== undefined;
  return { outcome, error: told ? lost.message : `${lost.message} (read again: ${reason})` };
}

/** Undefined for steps that are their statements and no more. */
function runProcedure(
  run: ClusterRun,
  planned: PlannedStep,
  server: Server,
  queryId: string,
): Promise<{ readonly outcome: Outcome; readonly error?: string }> | undefined {
  const { keepLock, shouldStop } = run;
  const { step } = planned;
  const { path } = step.object;
  if (step.file) return runFile(run, planned, step.file, server, queryId);
  if (step.registration) return runRegistration(run, planned, step.registration);
  if (step.repair) return runRepair(run, server, step.repair, path.slice(0, 2), queryId);
  if (step.export) return runExport(run, server, step.export, path.slice(0, 2), queryId);
  if (step.stage) return runRecord(run, server, step.stage, step.statements, queryId);
  if (!step.rebuild) return undefined;
  return rebuildTable({ server, path, rebuild: step.rebuild, queryId, keepLock, shouldStop });
}

async function runStatements(
  run: ClusterRun,
  planned: PlannedStep,
  queryId: string,
): Promise<{ readonly outcome: Outcome; readonly error?: string }> {
  const { step, node } = planned;
  const server = run.servers.get(node);
  if (!server) return { outcome: 'failed', error: `nothing was run: ${node} is not connected` };
  const procedure = runProcedure(run, planned, server, queryId);
  if (procedure) return procedure;
  const [database = ''] = step.object.path;
  // Names without a database in a view's query mean the view's own.
  const options = step.object.path.length === 1 ? {} : { database };
  for (const [at, statement] of step.statements.entries()) {
    try {
      await run.keepLock();
    } catch (error) {
      if (!(error instanceof PlumblineError)) throw error;
      const before =
        at === 0 ? 'nothing was run' : `stopped after ${at} of ${step.statements.length} statements`;
      return { outcome: 'failed', error: `${before}: ${error.message}` };
    }
    try {
      const one = { ...options, queryId: `${queryId}${at}` };
      await runReplicated(server, statement, one, step, run.replicaPatience);
    } catch (error) {
      if (!(error instanceof ServerError)) throw error;
      return isInconclusive(error)
        ? settle(run, planned, server, queryId, error)
        : { outcome: 'failed', error: error.message };
    }
  }
  return { outcome: 'done' };
}

/** A step is done when every node has it; one that lags keeps what comes next from being run. */
async function followed(
  { servers, connectTimeout, replicaPatience }: ClusterRun,
  planned: PlannedStep,
): Promise<{ readonly outcome: Outcome; readonly error?: string }> {
  try {
    const late = await awaitReplicas({ planned, servers, patience: replicaPatience, connectTimeout });
    if (late === undefined) return { outcome: 'done' };
    return { outcome: 'unknown', error: `done on ${planned.node}, but ${late}` };
  } catch (error) {
    if (!(error instanceof ServerError)) throw error;
    return { outcome: 'unknown', error: `done on ${planned.node}, but ${error.message}` };
  }
}

async function runStep(run: ClusterRun, planned: PlannedStep, number: number): Promise<StepResult> {
  const began = Date.now();
  const queryId = `${queryIdPrefix(run.run)}${planned.node}-${number}-`;
  try {
    await run.journal.begin(number, planned);
  } catch (error) {
    if (!(error instanceof PlumblineError)) throw error;
    return { planned, outcome: 'failed', milliseconds: 0, error: `nothing was run: ${error.message}` };
  }
  const own = await runStatements(run, planned, queryId);
  const result = own.outcome === 'done' ? await followed(run, planned) : own;
  return { planned, milliseconds: Date.now() - began, ...result };
}

const isPending = ({ outcome }: StepResult): boolean => outcome === 'pending';

/** Up to this phase steps do not need what people have still to do. */
const PENDING_PHASE = 2;

const waitsFor = ({ planned: { node, step } }: StepResult): string =>
  `waits for ${showId(step.object)} on ${node}`;

/** Runs one cluster's steps. No step begins behind one that is neither done nor pending; what was not reached is `not run`. */
export async function executeCluster(run: ClusterRun): Promise<StepResult[]> {
  const batches = batchesOf(runOrder(run.plan));
  const total = batches.reduce((sum, { steps }) => sum + steps.length, 0);
  const results: StepResult[] = [];
  let stopped = false;
  const perform = async (planned: PlannedStep, number: number): Promise<StepResult> => {
    if (stopped || run.shouldStop()) return { planned, outcome: 'not run', milliseconds: 0 };
    const waits = (planned.step.phase ?? 0) > PENDING_PHASE && results.find(isPending);
    if (waits) return { planned, outcome: 'pending', milliseconds: 0, error: waitsFor(waits) };
    run.progress.started(planned, number, total);
    try {
      const result = await runStep(run, planned, number);
      run.journal.end(number, planned, result.outcome, result.error);
      run.progress.ended(result, number, total);
      stopped ||= result.outcome !== 'done' && result.outcome !== 'pending';
      return result;
    } catch (error) {
      stopped = true;
      throw error;
    }
  };
  let phase = 0;
  for (const batch of batches) {
    const next = batch.steps[0]?.step.phase ?? 0;
    if (next > phase && !stopped) stopped = !(await run.enterPhase(next));
    phase = next;
    const before = results.length + 1;
    results.push(...(await runBatch(batch, (planned, at) => perform(planned, before + at))));
    // What can't be given back now is given back by the next apply.
    await closeTables(run.exports).catch((error: unknown) => {
      if (!(error instanceof PlumblineError)) throw error;
    });
  }
  await run.journal.close().catch((error: unknown) => {
    if (!(error instanceof ServerError)) throw error;
  });
  return results;
}
