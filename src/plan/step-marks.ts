/** Digests of a plan's steps, one each: what a reviewed plan leaves behind, so that a later one can tell which were reviewed. */
import { type Plan, type PlannedStep, plannedSteps } from '../model/plan.ts';
import { meaningOf } from './digest.ts';
import { digest } from './fingerprint.ts';

/** More would take too much of a comment's room. */
const MOST_STEPS = 250;

export function stepMark(planned: PlannedStep): string {
  return digest(meaningOf(planned));
}

/** The marks of all steps, in order; undefined where there are too many. */
export function stepMarks(plan: Plan): readonly string[] | undefined {
  const steps = plannedSteps(plan);
  return steps.length > MOST_STEPS ? undefined : steps.map(stepMark);
}
