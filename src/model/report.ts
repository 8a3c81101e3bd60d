/** What became of a run of apply: who ran it, and the outcome of every step. */
import type { Plan, PlannedStep } from './plan.ts';

/**
 * `unknown`: the answer was lost, and the server could not be asked what became of the statement. `pending`: people have to
 * put a file in its place; what comes after it goes on.
 */
export type Outcome = 'done' | 'failed' | 'unknown' | 'not run' | 'pending';

export interface RunIdentity {
  readonly run: string;
  readonly actor: string;
  /** The commit that is applied; empty outside a Git repository. */
  readonly commit: string;
}

export interface StepResult {
  readonly planned: PlannedStep;
  readonly outcome: Outcome;
  readonly milliseconds: number;
  readonly error?: string;
}

export interface ApplyReport {
  readonly identity: RunIdentity;
  readonly results: readonly StepResult[];
  /** The plan after the run: empty when everything is as declared. */
  readonly remaining: Plan;
}
