/** A planned repair goes in; the step of the passive node's plan that does it comes out. */
import { showPath } from '../model/object.ts';
import type { Place } from '../model/place.ts';
import type { Hazard, Step } from '../model/step.ts';
import { digest } from '../plan/fingerprint.ts';
import type { PlannedRepair } from './plan-repairs.ts';
import { dropStaging, repairRecipe, stagingPath } from './repair-sql.ts';

function hazardsOf({ repair }: PlannedRepair, views: readonly string[]): Hazard[] {
  const what = repair.finish
    ? 'ends a swap that a kill cut short: the rows that it replaces are shown beside the new ones'
    : repair.where === undefined
      ? `replaces the whole partition by that of ${repair.source}`
      : `replaces the rows that differ by those of ${repair.source}`;
  const seen = `${views.join(', ')}: fired by an INSERT, not by a partition that is replaced; what they write is compared as tables of its own`;
  return [
    ...(repair.passive.fingerprint === '' ? [] : [{ kind: 'rewrites data', reason: what } as const]),
    ...(views.length > 0 ? [{ kind: 'misses inserts', reason: seen } as const] : []),
  ];
}

/** `views` are those that an INSERT into the table fires. */
export function repairStep(planned: PlannedRepair, views: readonly string[], place: Place | undefined): Step {
  const { path, repair, rows, bytes, whole } = planned;
  const object = { kind: 'partition', path: [...path, repair.partition] };
  return {
    action: 'repair',
    object,
    statements: repairRecipe(path, repair),
    repair,
    verdict: 'mutation',
    hazards: hazardsOf(planned, views),
    changes: [{ action: 'repair', object, attributes: [], ...(place && { place }) }],
    refusals: [],
    impact: { rows, bytes, parts: whole.parts },
    ...(place && { place }),
    fingerprint: digest(JSON.stringify([repair.active.fingerprint, repair.passive.fingerprint])),
  };
}

/** Removes what a repair that is no more has left. */
export function leftStagingStep(staging: string): Step {
  const object = { kind: 'table', path: stagingPath(staging) };
  return {
    action: 'drop',
    object,
    statements: [dropStaging(staging)],
    verdict: 'metadata',
    hazards: [],
    changes: [{ action: 'drop', object, attributes: [] }],
    refusals: [],
    fingerprint: digest(showPath(object.path)),
  };
}
