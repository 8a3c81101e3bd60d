/** What became of a run goes in; the exit code that says so comes out. */
import { plannedSteps } from '../model/plan.ts';
import type { ApplyReport } from '../model/report.ts';
import type { Step } from '../model/step.ts';
import { planExitCode } from './plan.ts';

const isForPeople = ({ file, registration }: Step): boolean =>
  [file?.by, registration?.by].some((by) => by !== undefined && 'manual' in by);

/** Steps of stages wait for the files of all nodes. */
const waitsForFiles = ({ stage, export: back }: Step): boolean =>
  stage !== undefined || back?.act === 'attach';

/** 0 when all is done, 2 when all is done but what people have to do, 1 otherwise. */
export function reportExitCode({ results, remaining }: ApplyReport): number {
  if (results.some(({ outcome }) => outcome !== 'done' && outcome !== 'pending')) return 1;
  const left = planExitCode(remaining);
  const steps = plannedSteps(remaining).map(({ step }) => step);
  const waits = steps.some(isForPeople) && steps.every((step) => isForPeople(step) || waitsForFiles(step));
  return left === 2 && !waits ? 1 : left;
}
