/** Applies a plan: gate, lock, plan again, execute, verify. What it returns says what became of every step. */
import type { Estate } from '../model/estate.ts';
import { PlumblineError } from '../model/errors.ts';
import { keyOf } from '../model/object.ts';
import { type ClusterPlan, type Plan, plannedSteps, unreadableNodes } from '../model/plan.ts';
import type { ApplyReport, RunIdentity, StepResult } from '../model/report.ts';
import type { Server } from '../live/server.ts';
import { movedSince } from '../plan/digest.ts';
import { type ClusterRun, executeCluster, type Progress } from './execute.ts';
import { objections } from './gate.ts';
import { openJournal } from './journal.ts';
import { keepLocked, type KeptLock } from './keep-locked.ts';
import { type Survey, survey, type SurveyOptions } from './survey.ts';

export interface ApplyOptions extends SurveyOptions {
  readonly identity: RunIdentity;
  /** Verdicts and object names that may be destroyed or rebuilt. */
  readonly allowed: ReadonlySet<string>;
  /** Seconds after which a lock that is not renewed can be taken over. */
  readonly lockSeconds: number;
  readonly progress: Progress;
  /** Asked between steps: whether to stop after the one that just ended. */
  readonly shouldStop: () => boolean;
}

/** The plan may not run; `reasons` has every reason. */
export class RefusedError extends PlumblineError {
  override readonly name = 'RefusedError';
  readonly reasons: readonly string[];

  constructor(message: string, reasons: readonly string[]) {
    super(message);
    this.reasons = reasons;
  }
}

function refuseIf(reasons: readonly string[], message: string): void {
  if (reasons.length > 0) throw new RefusedError(message, reasons);
}

/** The clusters that have steps and can be read as a whole; an unreadable node stops its cluster, not the others. */
function runnable(plan: Plan): ClusterPlan[] {
  const blocked = new Set(unreadableNodes(plan).map(({ node }) => node));
  return plan.clusters.filter(
    ({ nodes }) => nodes.some(({ steps }) => steps.length > 0) && !nodes.some(({ node }) => blocked.has(node)),
  );
}

function firstServer({ cluster, nodes }: ClusterPlan, servers: ReadonlyMap<string, Server>): Server {
  const server = servers.get(nodes[0]?.node ?? '');
  if (!server) throw new PlumblineError(`Cluster ${cluster} has no first node to keep its lock and journal.`);
  return server;
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
      locks.set(cluster.cluster, await keepLocked(server, cluster.cluster, { run, owner: actor, seconds: options.lockSeconds }));
    }
    return locks;
  } catch (error) {
    await Promise.all([...locks.values()].map((lock) => lock.release()));
    throw error;
  }
}

async function execute(
  { plan, servers }: Survey,
  clusters: ReadonlySet<string>,
  locks: ReadonlyMap<string, KeptLock>,
  estate: Estate,
  options: ApplyOptions,
): Promise<StepResult[]> {
  const isSettled: ClusterRun['isSettled'] = async ({ cluster, node, step }) => {
    const again = await survey(estate, { ...options, clusters: new Set([cluster]) });
    await again.close();
    const [unreadable] = unreadableNodes(again.plan).filter((other) => other.node === node);
    if (unreadable) throw new PlumblineError(unreadable.unreadable ?? '');
    return !plannedSteps(again.plan).some((left) => left.node === node && keyOf(left.step.object) === keyOf(step.object));
  };
  const runs = plan.clusters
    .filter(({ cluster }) => clusters.has(cluster))
    .map(async (cluster) => {
      const journal = await openJournal(firstServer(cluster, servers), options.identity);
      return executeCluster({
        plan: cluster,
        run: options.identity.run,
        servers,
        journal,
        keepLock: async () => locks.get(cluster.cluster)?.check(),
        isSettled,
        shouldStop: options.shouldStop,
        progress: options.progress,
      });
    });
  return (await Promise.all(runs)).flat();
}

async function executeIfSame(
  agreed: Survey,
  current: Survey,
  clusters: ReadonlySet<string>,
  locks: ReadonlyMap<string, KeptLock>,
  estate: Estate,
  options: ApplyOptions,
): Promise<StepResult[]> {
  refuseIf(movedSince(agreed.plan, current.plan), 'The servers moved since the plan was made; nothing was changed.');
  return execute(current, clusters, locks, estate, options);
}

/**
 * Applies the plan that was agreed on. Throws {@link RefusedError} before anything runs when the gate objects or when the
 * plan no longer means the same, and `LockedError` when somebody else is applying.
 */
export async function applyPlan(estate: Estate, agreed: Survey, options: ApplyOptions): Promise<ApplyReport> {
  refuseIf(objections(agreed.plan, options.allowed), 'The plan was not applied; nothing was changed.');
  const clusters = runnable(agreed.plan);
  const locks = await takeLocks(clusters, agreed.servers, options);
  try {
    const names = new Set(clusters.map(({ cluster }) => cluster));
    const current = await survey(estate, options);
    const results = await executeIfSame(agreed, current, names, locks, estate, options).finally(current.close);
    const after = await survey(estate, options);
    await after.close();
    return { identity: options.identity, results, remaining: after.plan };
  } finally {
    await Promise.all([...locks.values()].map((lock) => lock.release()));
  }
}
