/**
 * Digests of a plan's steps, one each: what a reviewed plan leaves behind, so that a later one can tell which of its steps were
 * reviewed. They hold an attacker's 64 bits of work, because who writes declarations also writes what is digested.
 */
import { createHash } from 'node:crypto';
import { type Plan, type PlannedStep, plannedSteps } from '../model/plan.ts';
import { meaningOf } from './digest.ts';

/** More would take too much of a comment's room. */
const MOST_STEPS = 250;

export function stepMark(planned: PlannedStep): string {
  return createHash('sha256').update(meaningOf(planned)).digest('hex').slice(0, 32);
}

/** The marks of all steps, in order; undefined where there are too many. */
export function stepMarks(plan: Plan): readonly string[] | undefined {
  const steps = plannedSteps(plan);
  return steps.length > MOST_STEPS ? undefined : steps.map(stepMark);
}
