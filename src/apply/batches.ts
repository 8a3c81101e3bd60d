/** The steps of a cluster in their order go in; those that may run side by side come out together, and are run so. */
import pLimit from 'p-limit';
import type { PlannedStep } from '../model/plan.ts';

export interface Batch {
  readonly steps: readonly PlannedStep[];
  /** So many run at the same time, at most. */
  readonly atOnce: number;
}

/** Partitions that are copied at the same time when a member leaves its federation; more would wait for the same disks. */
const COPIES = 2;

/** What steps have in common that may run side by side, and how many of them; undefined for those that run alone. */
function together({ step }: PlannedStep): { readonly of: string; readonly atOnce: number } | undefined {
  const { repair } = step;
  if (repair) return { of: `pair ${repair.pair}`, atOnce: repair.atOnce };
  if (step.export?.act === 'copy') return { of: `federation ${step.export.federation}`, atOnce: COPIES };
  return undefined;
}

/** Steps that follow one another and repair partitions of one pair, or copy those of one federation, are one batch; every other step is one by itself. */
export function batchesOf(steps: readonly PlannedStep[]): Batch[] {
  const batches: { steps: PlannedStep[]; atOnce: number }[] = [];
  for (const planned of steps) {
    const own = together(planned);
    const last = batches.at(-1);
    const before = last?.steps[0] && together(last.steps[0]);
    if (own && last && before?.of === own.of) last.steps.push(planned);
    else batches.push({ steps: [planned], atOnce: own?.atOnce ?? 1 });
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
