/** Runs the steps of an agreed plan on all clusters side by side, and says what became of every one of them. */
import type { Server } from '../live/server.ts';
import { PlumblineError } from '../model/errors.ts';
import type { Estate } from '../model/estate.ts';
import { keyOf, nameKey, type ObjectId } from '../model/object.ts';
import { type ClusterPlan, type Plan, type PlannedStep, unreadableNodes } from '../model/plan.ts';
import type { StepResult } from '../model/report.ts';
import type { Step } from '../model/step.ts';
import { openExportMemory } from '../stages/export-memory.ts';
import type { ApplyOptions } from './apply.ts';
import { earlierEnd } from './earlier-end.ts';
import { executeCluster } from './execute.ts';
import { fileDiffers } from './file-differs.ts';
import { type Journal, openJournal } from './journal.ts';
import type { KeptLock } from './keep-locked.ts';
import { type Phases, phasesOf } from './phases.ts';
import { proveStage } from './run-export.ts';
import { turnedSince } from './run-repair.ts';
import { type Survey, survey } from './survey.ts';

export function firstServer({ cluster, nodes }: ClusterPlan, servers: ReadonlyMap<string, Server>): Server {
  const server = servers.get(nodes[0]?.node ?? '');
  if (!server) throw new PlumblineError(`Cluster ${cluster} has no first node to keep its lock and journal.`);
  return server;
}

/** The clusters that have steps and can be read as a whole; an unreadable node stops its cluster, not the others. */
export function runnable(plan: Plan): ClusterPlan[] {
  const blocked = new Set(unreadableNodes(plan).map(({ node }) => node));
  return plan.clusters.filter(
    ({ nodes }) =>
      nodes.some(({ steps }) => steps.length > 0) && !nodes.some(({ node }) => blocked.has(node)),
  );
}

const stepsOf = ({ cluster, nodes }: ClusterPlan): PlannedStep[] =>
  nodes.flatMap(({ node, steps }) => steps.map((step) => ({ cluster, node, step })));

/** Results for steps that nobody tried, the first with the reason. */
function untried(steps: readonly PlannedStep[], first: Pick<StepResult, 'outcome' | 'error'>): StepResult[] {
  return steps.map((planned, at) => ({
    planned,
    milliseconds: 0,
    ...(at === 0 ? first : { outcome: 'not run' }),
  }));
}

/** Milliseconds; replicas follow a change of a definition at once, unless something keeps them from it. */
const REPLICA_PATIENCE = 120_000;

/** Milliseconds; servers look for changed files every two seconds. */
const FILE_PATIENCE = 30_000;

const isSame = (a: ObjectId, b: ObjectId): boolean => keyOf(a) === keyOf(b);

/** Whether a plan made now has nothing left to do or to complain about for the object. */
async function isSettled(
  estate: Estate,
  { cluster, node, step }: PlannedStep,
  options: ApplyOptions,
): Promise<boolean> {
  const { plan, close } = await survey(estate, {
    ...options,
    run: options.identity.run,
    clusters: new Set([cluster]),
  });
  await close();
  const nodes = plan.clusters.flatMap((planned) => planned.nodes);
  const again = nodes.find((other) => other.node === node);
  if (!again || again.unreadable !== undefined)
    throw new PlumblineError(again?.unreadable ?? `${node} is gone`);
  const name = nameKey(step.object);
  const fails = again.findings.some(
    ({ severity, object }) => severity === 'error' && (object ?? name) === name,
  );
  const { followers } = step;
  // A text that differs from the one delivered last is settled by its delivery, which nobody has written down yet.
  const isLeft = (left: Step): boolean =>
    isSame(left.object, step.object) && !(left.file && left.changes.length === 0);
  if (!followers) return !(fails || again.steps.some(isLeft));
  // Another replica may have come to lead, and what is local stands in steps of its own.
  const repeats = (left: Step): boolean =>
    isSame(left.object, step.object) && left.statements.some((text) => step.statements.includes(text));
  return !(fails || nodes.some(({ steps }) => steps.some(repeats)));
}

async function runCluster(
  plan: ClusterPlan,
  servers: ReadonlyMap<string, Server>,
  lock: KeptLock | undefined,
  estate: Estate,
  options: ApplyOptions,
  phases: Phases,
): Promise<StepResult[]> {
  if (!lock) {
    const [gone] = plan.nodes.filter(({ unreadable }) => unreadable !== undefined);
    const error = `nothing was run on cluster ${plan.cluster}: ${gone?.node} can't be read: ${gone?.unreadable}`;
    return untried(stepsOf(plan), { outcome: 'not run', error });
  }
  let journal: Journal;
  try {
    journal = await openJournal(firstServer(plan, servers), options.identity);
  } catch (error) {
    if (!(error instanceof PlumblineError)) throw error;
    return untried(stepsOf(plan), { outcome: 'failed', error: `nothing was run: ${error.message}` });
  }
  const { identity, connectTimeout, shouldStop, progress } = options;
  return executeCluster({
    plan,
    run: identity.run,
    servers,
    journal,
    keepLock: () => lock.check(),
    isSettled: (planned) => isSettled(estate, planned, options),
    connectTimeout,
    replicaPatience: options.replicaPatience ?? REPLICA_PATIENCE,
    shouldStop,
    differs: (planned, server) =>
      fileDiffers(estate, planned, server, () =>
        isSettled(estate, planned, { ...options, refreshSecrets: false }),
      ),
    restart: options.restart,
    filePatience: options.filePatience ?? FILE_PATIENCE,
    turned: (repair) => turnedSince(estate, options.repairs, repair, servers),
    earlierEnd: earlierEnd(plan, estate, servers, options.queryPatience),
    enterPhase: (phase) => phases.enter(plan.cluster, phase),
    exports: openExportMemory(),
    provesStage: (record, server) => proveStage(estate, record, servers, server, connectTimeout),
    progress,
  });
}

const isFine = ({ outcome }: StepResult): boolean => outcome === 'done' || outcome === 'pending';

/** Runs every step; those of clusters without a lock are `not run`. Returns or throws when no cluster is at work any more. */
export async function runClusters(
  { plan, servers }: Survey,
  locks: ReadonlyMap<string, KeptLock>,
  estate: Estate,
  options: ApplyOptions,
): Promise<StepResult[]> {
  const phases = phasesOf(plan.clusters.map(({ cluster }) => cluster));
  const runs = await Promise.allSettled(
    plan.clusters.map(async (cluster) => {
      const name = cluster.cluster;
      try {
        const results = await runCluster(cluster, servers, locks.get(name), estate, options, phases);
        phases.leave(name, results.every(isFine));
        return results;
      } catch (error) {
        phases.leave(name, false);
        throw error;
      }
    }),
  );
  return runs.flatMap((run) => {
    if (run.status === 'rejected') throw run.reason;
    return run.value;
  });
}
