/** What a review on a pull request is made of: where it happens, what the repository asks for, who allowed what. */
import type { Verdict } from './step.ts';

/** Where a plan is shown: enough to link every origin to its line. */
export interface ReviewContext {
  /** `https://github.com`, or the address of a GitHub Enterprise Server. */
  readonly serverUrl: string;
  /** `owner/name`. */
  readonly repository: string;
  /** The commit that was planned: the head of the pull request. */
  readonly commit: string;
  /** The estate's folder inside the repository, `.` for its root; one repository can hold several estates. */
  readonly estate: string;
  /** Where the whole plan is when the comment leaves something out: the workflow run with its summary and artifact. */
  readonly runUrl?: string;
}

/** Verdicts that need somebody's permission. */
export type Guarded = Extract<Verdict, 'destructive' | 'rebuild'>;

export const GUARDED: readonly Guarded[] = ['destructive', 'rebuild'];

export function isGuarded(verdict: Verdict): verdict is Guarded {
  return GUARDED.some((guarded) => guarded === verdict);
}

/** What `plumbline.yaml` asks for before guarded steps run. */
export interface Policy {
  /** The label by verdict: `plumbline:allow-destructive` unless said otherwise. */
  readonly labels: Readonly<Record<Guarded, string>>;
  /** Whether the pull request's author may set the label. */
  readonly authorMayAllow: boolean;
  /** Whether a label counts only from an owner (CODEOWNERS of the base branch) of the declarations it is about. */
  readonly codeOwners: boolean;
}

export const DEFAULT_POLICY: Policy = {
  labels: { destructive: 'plumbline:allow-destructive', rebuild: 'plumbline:allow-rebuild' },
  authorMayAllow: false,
  codeOwners: false,
};

/** Whether a guarded verdict is allowed on a pull request, and why or why not, in words for its readers. */
export interface Approval {
  readonly verdict: Guarded;
  readonly allowed: boolean;
  /** `@ada set plumbline:allow-destructive`, or what is missing. */
  readonly reason: string;
}

/** What a rehearsal on embedded servers showed. */
export interface Rehearsal {
  readonly outcome: 'clean' | 'not empty' | 'failed' | 'skipped';
  /** One line for people. */
  readonly text: string;
}
