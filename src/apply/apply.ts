/** Applies a plan: gate, lock, plan again, execute, verify. What it returns says what became of every step. */

import type { Server } from '../live/server.ts';
import { RefusedError } from '../model/errors.ts';
import type { Estate } from '../model/estate.ts';
import { type ClusterPlan, type Plan, unreadableNodes } from '../model/plan.ts';
import type { ApplyReport, RunIdentity, StepResult } from '../model/report.ts';
import { movedSince } from '../plan/digest.ts';
import type { Progress } from './execute.ts';
import { objections } from './gate.ts';
import { type KeptLock, keepLocked } from './keep-locked.ts';
import { firstServer, runClusters, runnable } from './run-clusters.ts';
import { type Survey, type SurveyOptions, survey } from './survey.ts';

export interface ApplyOptions extends SurveyOptions {
  readonly identity: RunIdentity;
  /** Verdicts and object names that may be destroyed or rebuilt. */
  readonly allowed: ReadonlySet<string>;
  /** Seconds after which a lock that is not renewed can be taken over. */
  readonly lockSeconds: number;
  /** Milliseconds that replicas get to follow a change; two minutes where it is left out. */
  readonly replicaPatience?: number;
  /** Milliseconds that a node gets to have what a delivered file says; half a minute where it is left out. */
  readonly filePatience?: number;
  /** Milliseconds that statements get to end which began before writes returned, or a member left; ten minutes where it is left out. */
  readonly queryPatience?: number;
  /** Restarts an embedded node; other nodes are told to reload. */
  readonly restart?: (node: string) => Promise<void>;
  readonly progress: Progress;
  /** Asked between steps: whether to stop after the one that just ended. */
  readonly shouldStop: () => boolean;
}

function refuseIf(reasons: readonly string[], message: string): void {
  if (reasons.length > 0) throw new RefusedError(message, reasons);
}

async function takeLocks(
  clusters: readonly ClusterPlan[],
  servers: ReadonlyMap<string, Server>,
  options: ApplyOptions,
): Promise<Map<string, KeptLock>> {
  const locks = new Map<string, KeptLock>();
  try {
    // In the order of names, so that two runs never hold one lock each and refuse one another.
    for (const cluster of [...clusters].sort((a, b) => (a.cluster < b.cluster ? -1 : 1))) {
      const { run, actor } = options.identity;
      const server = firstServer(cluster, servers);
      locks.set(
        cluster.cluster,
        await keepLocked(server, cluster.cluster, { run, owner: actor, seconds: options.lockSeconds }),
      );
    }
    return locks;
  } catch (error) {
    await Promise.all([...locks.values()].map((lock) => lock.release()));
    throw error;
  }
}

/** Nodes that answered when the plan was made, and do not now. */
function goneSince(agreed: Plan, current: Plan): string[] {
  const before = new Set(unreadableNodes(agreed).map(({ node }) => node));
  const gone = unreadableNodes(current).filter(({ node }) => !before.has(node));
  return gone.map(({ node, unreadable }) => `${node} can't be read any more: ${unreadable}`);
}

async function runIfSame(
  agreed: Survey,
  current: Survey,
  locks: ReadonlyMap<string, KeptLock>,
  estate: Estate,
  options: ApplyOptions,
): Promise<StepResult[]> {
  refuseIf(goneSince(agreed.plan, current.plan), 'Not all servers answer any more; nothing was changed.');
  refuseIf(
    movedSince(agreed.plan, current.plan),
    'The servers moved since the plan was made; nothing was changed.',
  );
  refuseIf(objections(current.plan, options.allowed), 'The plan was not applied; nothing was changed.');
  return runClusters(current, locks, estate, options);
}

/**
 * Applies the plan that was agreed on. Throws {@link RefusedError} before anything runs when the gate objects or when the
 * plan no longer means the same, and `LockedError` when somebody else is applying.
 */
export async function applyPlan(estate: Estate, agreed: Survey, options: ApplyOptions): Promise<ApplyReport> {
  refuseIf(objections(agreed.plan, options.allowed), 'The plan was not applied; nothing was changed.');
  const locks = await takeLocks(runnable(agreed.plan), agreed.servers, options);
  try {
    const own = { ...options, run: options.identity.run, abilitiesOf: agreed.abilitiesOf };
    const current = await survey(estate, own);
    const results = await runIfSame(agreed, current, locks, estate, options).finally(current.close);
    const after = await survey(estate, { ...own, refreshSecrets: false });
    await after.close();
    return { identity: options.identity, results, remaining: after.plan };
  } finally {
    await Promise.all([...locks.values()].map((lock) => lock.release()));
  }
}
