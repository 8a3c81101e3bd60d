/** The last check that was kept and a new one go in; how many clean ones there are in a row, and whether that is enough, comes out. */

/** What a kept check says for those that follow. */
export interface Standing {
  /** The cluster that was active; empty where nobody knew. */
  readonly active: string;
  /** Clean checks in a row, with this one, in one direction. */
  readonly streak: number;
  /** When there were enough of them, ISO 8601; absent while there are not. */
  readonly readySince?: string;
}

export interface Failback extends Standing {
  /** So many are enough. */
  readonly needed: number;
  readonly ready: boolean;
  /** Whether it became ready with this check, so that it is said once. */
  readonly announced: boolean;
}

export interface Observed {
  readonly active?: string;
  readonly clean: boolean;
  readonly time: string;
}

/** `counts` is false for a look that is not kept: it can end a row of clean checks, and adds nothing to it. */
export function failbackAfter(
  last: Standing | undefined,
  { active = '', clean, time }: Observed,
  needed: number,
  counts: boolean,
): Failback {
  const before = last && last.active === active ? last : { active, streak: 0 };
  const streak = clean ? before.streak + (counts ? 1 : 0) : 0;
  const ready = clean && streak >= needed;
  const since = ready ? (before.readySince ?? time) : undefined;
  return {
    active,
    streak,
    needed,
    ready,
    announced: counts && ready && before.readySince === undefined,
    ...(since !== undefined && { readySince: since }),
  };
}
