/** Runs a step that delivers a file: brings it to the node, has the server read it, and waits until the node has what it says. */
import { setTimeout as sleep } from 'node:timers/promises';
import { deliver } from '../deliver/deliver.ts';
import { DeliveryError } from '../deliver/delivery-error.ts';
import { runCommand } from '../deliver/run-command.ts';
import { earlierText, takeBack } from '../deliver/take-back.ts';
import { type Server, ServerError } from '../live/server.ts';
import { PlumblineError } from '../model/errors.ts';
import type { StepFile } from '../model/node-file.ts';
import type { PlannedStep } from '../model/plan.ts';
import type { Outcome } from '../model/report.ts';
import type { ClusterRun } from './execute.ts';
import { isInconclusive } from './settle.ts';

interface Ended {
  readonly outcome: Outcome;
  readonly error?: string;
}

/** Throws what keeps the server from reading the file; an answer that is lost, as when it restarts, keeps it from nothing. */
async function reload(
  { restart }: ClusterRun,
  { step, node }: PlannedStep,
  file: StepFile,
  server: Server,
  queryId: string,
): Promise<void> {
  if (file.reload === 'restart') {
    if (!restart) throw new PlumblineError(`nobody here can restart ${node}`);
    return restart(node);
  }
  if (typeof file.reload === 'object') return runCommand(file.reload.command, node, file);
  for (const [at, statement] of step.statements.entries()) {
    try {
      await server.run(statement, { queryId: `${queryId}${at}` });
    } catch (error) {
      if (!(error instanceof ServerError) || !isInconclusive(error)) throw error;
    }
  }
}

/** What the node has otherwise when its time is over; undefined as soon as it has everything as the file says. */
async function lastDifference(
  { differs, filePatience }: ClusterRun,
  planned: PlannedStep,
  server: Server,
): Promise<string | undefined> {
  const deadline = Date.now() + filePatience;
  for (let pause = 50; ; pause = Math.min(pause * 2, 1000)) {
    let said: string;
    try {
      const differences = await differs(planned, server);
      if (differences.length === 0) return undefined;
      said = `${planned.node} still has ${differences.join('; ')}`;
    } catch (error) {
      if (!(error instanceof PlumblineError)) throw error;
      said = error.message;
    }
    if (Date.now() > deadline) return said;
    await sleep(pause);
  }
}

/** A server that does not read its configuration does not start again either. Says what became of it. */
async function putBack(
  run: ClusterRun,
  planned: PlannedStep,
  earlier: string,
  server: Server,
  queryId: string,
): Promise<string> {
  const { file } = planned.step;
  try {
    if (!file || !(await takeBack(file, planned.node, earlier))) return 'it was there before';
    await reload(run, planned, file, server, `${queryId}back-`);
    return 'what was there before is there again';
  } catch (error) {
    if (!(error instanceof PlumblineError)) throw error;
    return `what was there before could not be put back: ${error.message}`;
  }
}

async function bringThere(
  run: ClusterRun,
  planned: PlannedStep,
  file: StepFile,
  server: Server,
  queryId: string,
): Promise<Ended | undefined> {
  let earlier: string;
  try {
    await run.keepLock();
    earlier = await earlierText(file, planned.node);
  } catch (error) {
    if (!(error instanceof PlumblineError)) throw error;
    return { outcome: 'failed', error: `nothing was delivered: ${error.message}` };
  }
  try {
    if (!(await deliver(file, planned.node))) {
      const left = await run.differs(planned, server);
      if (left.length === 0) return { outcome: 'done' };
      const error = `put ${file.path} in its place on ${planned.node}, as the plan shows it; until then the node has ${left.join('; ')}`;
      return { outcome: 'pending', error };
    }
  } catch (error) {
    if (!(error instanceof PlumblineError)) throw error;
    const may = error instanceof DeliveryError && error.isInconclusive;
    if (!may) return { outcome: 'failed', error: `nothing was delivered: ${error.message}` };
  }
  try {
    await reload(run, planned, file, server, queryId);
    return undefined;
  } catch (error) {
    if (!(error instanceof PlumblineError)) throw error;
    const back = await putBack(run, planned, earlier, server, queryId);
    return {
      outcome: 'failed',
      error: `${file.path} was delivered, but not read: ${error.message}; ${back}`,
    };
  }
}

/** `server` is the connection to the node; statements have ids that begin with `queryId`. */
export async function runFile(
  run: ClusterRun,
  planned: PlannedStep,
  file: StepFile,
  server: Server,
  queryId: string,
): Promise<Ended> {
  const ended = await bringThere(run, planned, file, server, queryId);
  if (ended) return ended;
  const left = await lastDifference(run, planned, server);
  if (left === undefined) return { outcome: 'done' };
  return { outcome: 'failed', error: `${file.path} was delivered and read, but ${left}` };
}
