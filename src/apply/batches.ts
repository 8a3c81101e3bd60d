/** The steps of a cluster in their order go in; those that may run side by side come out together, and are run so. */
import pLimit from 'p-limit';
import type { PlannedStep } from '../model/plan.ts';

export interface Batch {
  readonly steps: readonly PlannedStep[];
  /** So many run at the same time, at most. */
  readonly atOnce: number;
}

/** Steps that follow one another and repair partitions of one pair are one batch; every other step is one by itself. */
export function batchesOf(steps: readonly PlannedStep[]): Batch[] {
  const batches: { steps: PlannedStep[]; atOnce: number }[] = [];
  for (const planned of steps) {
    const { repair } = planned.step;
    const last = batches.at(-1);
    if (repair && last?.steps[0]?.step.repair?.pair === repair.pair) last.steps.push(planned);
    else batches.push({ steps: [planned], atOnce: repair?.atOnce ?? 1 });
  }
  return batches;
}

/** All results in order, or the first thing thrown, when none of the steps is at work any more. */
export async function runBatch<T>(
  { steps, atOnce }: Batch,
  run: (planned: PlannedStep, at: number) => Promise<T>,
): Promise<T[]> {
  const limit = pLimit(atOnce);
  const ended = await Promise.allSettled(steps.map((planned, at) => limit(() => run(planned, at))));
  return ended.map((one) => {
    if (one.status === 'rejected') throw one.reason;
    return one.value;
  });
}
