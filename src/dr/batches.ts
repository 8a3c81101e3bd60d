/** Partitions and their sizes go in; which of them are read in one query comes out. */
import type { PartSet } from './comparison.ts';

/** Partitions of so many rows are read by themselves. */
const ALONE_ROWS = 1_000_000;

/** Largest first; many small partitions are read in one query, until it would have more rows, or partitions, than that. */
export function batchesOf(
  sizes: ReadonlyMap<string, Pick<PartSet, 'storedRows'>>,
  most: { readonly rows: number; readonly partitions: number },
): { readonly partitions: readonly string[]; readonly rows: number }[] {
  const batches: { partitions: string[]; rows: number; sum: number }[] = [];
  for (const [partition, { storedRows }] of [...sizes].sort(([, a], [, b]) => b.storedRows - a.storedRows)) {
    const last = batches.at(-1);
    if (
      last &&
      last.rows < ALONE_ROWS &&
      last.sum + storedRows <= most.rows &&
      last.partitions.length < most.partitions
    ) {
      last.partitions.push(partition);
      last.sum += storedRows;
    } else batches.push({ partitions: [partition], rows: storedRows, sum: storedRows });
  }
  return batches;
}
