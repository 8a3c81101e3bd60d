/** Planned repairs go in; those that fit into one run, side by side on a shared wire, come out, and the rest with a reason. */
import type { RepairLimits } from '../model/dr-pair.ts';
import type { PlannedRepair, RefusedRepair } from './plan-repairs.ts';

/** What repairs of the same run have taken of its limits. */
export interface Taken {
  readonly bytes: number;
  readonly partitions: number;
}

export const NOTHING_TAKEN: Taken = { bytes: 0, partitions: 0 };

type Limits = Pick<RepairLimits, 'maxBytes' | 'maxPartitions'>;

function refused({ path, repair: { partition }, bytes }: PlannedRepair, limits: Limits): RefusedRepair {
  const { maxBytes, maxPartitions } = limits;
  const reason =
    bytes > maxBytes
      ? `it has ${bytes} bytes to copy, and max_bytes of a run is ${maxBytes}`
      : `those of one run are max_partitions ${maxPartitions} and max_bytes ${maxBytes}; the next goes on`;
  return { path, partition, refusal: 'beyond the limits', reason, bytes };
}

/** What fits into one run, in order; what is left is named, and is next. The limits hold for all shards together. */
export function withinLimits(
  planned: readonly (PlannedRepair | RefusedRepair)[],
  limits: Limits,
  before: Taken = NOTHING_TAKEN,
): { readonly repairs: readonly PlannedRepair[]; readonly refused: readonly RefusedRepair[]; taken: Taken } {
  const repairs: PlannedRepair[] = [];
  const left: RefusedRepair[] = [];
  let { bytes, partitions } = before;
  for (const one of planned) {
    if (!('repair' in one)) left.push(one);
    else if (partitions < limits.maxPartitions && bytes + one.bytes <= limits.maxBytes) {
      repairs.push(one);
      bytes += one.bytes;
      partitions++;
    } else left.push(refused(one, limits));
  }
  return { repairs, refused: left, taken: { bytes, partitions } };
}

/** As they run when `count` repairs of the pair are planned in all: so many at once, each with its share of the wire. */
export function sideBySide(
  { repair, ...planned }: PlannedRepair,
  count: number,
  { concurrency, bandwidth }: Pick<RepairLimits, 'concurrency' | 'bandwidth'>,
): PlannedRepair {
  const atOnce = Math.min(concurrency, count);
  const share = bandwidth === undefined ? undefined : Math.max(1, Math.floor(bandwidth / atOnce));
  return {
    ...planned,
    repair: { ...repair, atOnce, ...(share !== undefined && { bandwidth: share }) },
  };
}
