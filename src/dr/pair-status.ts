/** A pair goes in; its status comes out: what a check finds now, the last checks that were kept, and whether it is ready for failback. */
import type { DrPair } from '../model/dr-pair.ts';
import type { Estate } from '../model/estate.ts';
import { type CheckOptions, checkPair, objectionsTo, type PairCheck } from './check-pair.ts';
import { type Failback, failbackAfter } from './failback.ts';
import { type KeptCheck, keepCheck, readChecks } from './kept-checks.ts';

export interface PairStatus extends PairCheck {
  /** Why the check is not clean. */
  readonly objections: readonly string[];
  /** The newest first; with this one where it was kept. */
  readonly checks: readonly KeptCheck[];
  readonly failback: Failback;
  /** Sites that have no record of the check although it was to be kept, and why. */
  readonly unkept: readonly string[];
}

export interface StatusOptions extends CheckOptions {
  /** Keeps the check on both sites, for this run. */
  readonly keepFor?: { readonly run: string; readonly actor: string } | undefined;
}

/** Checks that are shown. */
const SHOWN = 5;

/** Throws nothing for what is down: that is part of the status. */
export async function pairStatus(estate: Estate, pair: DrPair, options: StatusOptions): Promise<PairStatus> {
  const { check, sites } = await checkPair(estate, pair, options);
  try {
    const [last] = await readChecks(sites, pair, 1);
    const keeps = options.keepFor !== undefined;
    const failback = failbackAfter(last, check, pair.cleanChecks, keeps);
    const objections = objectionsTo(check);
    const unkept = options.keepFor
      ? await keepCheck(sites, pair, check, objections, failback, options.keepFor)
      : [];
    return { ...check, objections, checks: await readChecks(sites, pair, SHOWN), failback, unkept };
  } finally {
    await sites.close();
  }
}
