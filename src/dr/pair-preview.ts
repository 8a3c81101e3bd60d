/** Declared pairs go in; what their newest kept checks found, for those whose differences an apply repairs, comes out. No row is read. */
import type { DrPair } from '../model/dr-pair.ts';
import type { Estate } from '../model/estate.ts';
import { type KeptCheck, readChecks } from './kept-checks.ts';
import { openSites } from './open-sites.ts';

export interface PairPreview {
  readonly pair: DrPair;
  /** Absent where none was kept, or no site could be asked. */
  readonly check: KeptCheck | undefined;
}

/** `connectTimeout` is in milliseconds. A site that does not answer keeps nobody from seeing a plan. */
export async function previewRepairs(estate: Estate, connectTimeout: number): Promise<PairPreview[]> {
  const previews: PairPreview[] = [];
  for (const pair of estate.pairs.filter(({ repairOnApply }) => repairOnApply)) {
    const sites = await openSites(estate, pair, connectTimeout);
    try {
      const [check] = await readChecks(sites, pair, 1);
      previews.push({ pair, check });
    } finally {
      await sites.close();
    }
  }
  return previews;
}
