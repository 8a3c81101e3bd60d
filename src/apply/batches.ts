/** The steps of a cluster in their order go in; those that may run side by side come out together, and are run so. */
import pLimit, { type LimitFunction } from 'p-limit';
import { keyOf } from '../model/object.ts';
import type { PlannedStep } from '../model/plan.ts';

export interface Batch {
  readonly steps: readonly PlannedStep[];
  /** So many run at the same time, at most. */
  readonly atOnce: number;
  /** Whether each node runs one of them at a time. */
  readonly apart: boolean;
}

/** Partitions that are copied at the same time when a member leaves its federation; more would wait for the same disks. */
const COPIES = 2;

/** Nodes that show partitions to readers at the same time, which takes no work but what a node waits for. */
const ATTACHES = 16;

interface Together extends Pick<Batch, 'atOnce' | 'apart'> {
  readonly of: string;
}

/** What steps have in common that may run side by side, and how; undefined for those that run alone. */
function together({ step }: PlannedStep): Together | undefined {
  const { repair } = step;
  if (repair) return { of: `pair ${repair.pair}`, atOnce: repair.atOnce, apart: false };
  if (!step.export) return undefined;
  const { act, federation } = step.export;
  if (act === 'copy') return { of: `federation ${federation}`, atOnce: COPIES, apart: false };
  return { of: `rows of federation ${federation}`, atOnce: ATTACHES, apart: true };
}

/** A partition's copies on all nodes follow one another, so that what they read of it is read while it is at hand. */
function byObject(steps: readonly PlannedStep[]): PlannedStep[] {
  const first = new Map<string, number>();
  for (const [at, { step }] of steps.entries()) {
    const key = keyOf(step.object);
    if (!first.has(key)) first.set(key, at);
  }
  const rank = ({ step }: PlannedStep): number => first.get(keyOf(step.object)) ?? 0;
  return [...steps].sort((a, b) => rank(a) - rank(b));
}

/** Steps that follow one another and repair partitions of one pair, or bring back those of one federation, are one batch; every other step is one by itself. */
export function batchesOf(steps: readonly PlannedStep[]): Batch[] {
  const batches: (Batch & { steps: PlannedStep[] })[] = [];
  for (const planned of steps) {
    const own = together(planned);
    const last = batches.at(-1);
    const before = last?.steps[0] && together(last.steps[0]);
    if (own && last && before?.of === own.of) last.steps.push(planned);
    else batches.push({ steps: [planned], atOnce: own?.atOnce ?? 1, apart: own?.apart ?? false });
  }
  return batches.map((batch) =>
    batch.steps[0]?.step.export ? { ...batch, steps: byObject(batch.steps) } : batch,
  );
}

/** All results in order, or the first thing thrown, when none of the steps is at work any more. */
export async function runBatch<T>(
  { steps, atOnce, apart }: Batch,
  run: (planned: PlannedStep, at: number) => Promise<T>,
): Promise<T[]> {
  const limit = pLimit(atOnce);
  const lanes = new Map<string, LimitFunction>();
  const laneOf = (node: string): LimitFunction => {
    const lane = lanes.get(node) ?? pLimit(apart ? 1 : atOnce);
    lanes.set(node, lane);
    return lane;
  };
  const ended = await Promise.allSettled(
    steps.map((planned, at) => laneOf(planned.node)(() => limit(() => run(planned, at)))),
  );
  return ended.map((one) => {
    if (one.status === 'rejected') throw one.reason;
    return one.value;
  });
}
