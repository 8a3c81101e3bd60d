/** A plan goes in; which verdicts in it need somebody's permission, and the declarations they come from, come out. */
import { type Plan, plannedSteps } from '../model/plan.ts';
import { GUARDED, type Guarded } from '../model/review.ts';

/** The path inside the repository of a file of the estate. */
export function repositoryPath(estate: string, file: string): string {
  return estate === '.' ? file : `${estate}/${file}`;
}

/** Of steps that no declared limit allows. By verdict, the paths inside the repository; a step that drops what is no longer declared has none. */
export function guardedFiles(plan: Plan, estate: string): Map<Guarded, readonly string[]> {
  const files = new Map<Guarded, readonly string[]>();
  for (const verdict of GUARDED) {
    const steps = plannedSteps(plan).filter(({ step }) => step.verdict === verdict && !step.allowance);
    if (steps.length === 0) continue;
    const places = steps.flatMap(({ step }) => [step.place, ...step.changes.map(({ place }) => place)]);
    const paths = places.flatMap((place) => (place ? [repositoryPath(estate, place.file)] : []));
    files.set(verdict, [...new Set(paths)].sort());
  }
  return files;
}
