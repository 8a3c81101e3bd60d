/** `plumbline github apply`: after a merge, applies the branch's newest commit when every step of its plan was reviewed. */
import { applyPlan } from '../apply/apply.ts';
import { allowanceOf, objections } from '../apply/gate.ts';
import { lastCommit } from '../apply/last-commit.ts';
import { type Survey, survey } from '../apply/survey.ts';
import { readApprovals } from '../github/approvals.ts';
import type { GitHub } from '../github/client.ts';
import { guardedFiles } from '../github/guarded-files.ts';
import { postReport } from '../github/report.ts';
import { departureFrom, findReview, type Review } from '../github/reviewed.ts';
import { marksIn } from '../github/step-marks.ts';
import { PlumblineError, RefusedError } from '../model/errors.ts';
import type { Estate } from '../model/estate.ts';
import { showId } from '../model/object.ts';
import { type Plan, type PlannedStep, plannedSteps } from '../model/plan.ts';
import { GUARDED, isGuarded } from '../model/review.ts';
import { withAllowances, withinBoth } from '../plan/allowances.ts';
import { stepMark } from '../plan/step-marks.ts';
import { renderJson } from '../render/json.ts';
import { renderReport } from '../render/report.ts';
import { renderRefusal, renderReportMarkdown } from '../render/report-markdown.ts';
import { verdictLine } from '../render/summary.ts';
import type { OpenEstate } from './estate-options.ts';
import { git } from './git.ts';
import { estateInRepository } from './github-plan.ts';
import { repairAfterApply } from './github-repairs.ts';
import {
  type GitHubOptions,
  type GitHubRun,
  keepArtifacts,
  openGitHubRun,
  writeSummary,
} from './github-run.ts';
import { newRun } from './identity.ts';
import { limitsAt } from './limits-at.ts';
import { openToPlan } from './open-to-plan.ts';
import type { Output } from './output.ts';
import { planExitCode } from './plan.ts';
import { showProgress } from './progress.ts';
import { reportExitCode } from './report-exit-code.ts';

/** Merges that may wait for one apply, because GitHub drops all but the newest run that waits. */
const MOST_MERGES = 50;
const LOCK_SECONDS = 60;

type Reviewed = Extract<Review, { status: 'reviewed' }>;
type Limits = Estate['limits'];

interface Judgement {
  readonly allowed: ReadonlySet<string>;
  /** Why the plan must not be applied; none when it may. */
  readonly reasons: readonly string[];
}

/** The commits whose merges this apply is the first to see, the newest first: those behind the last one that was applied. */
async function mergesToApply(options: GitHubOptions, opened: OpenEstate): Promise<string[]> {
  const commits = (
    await git(options.estate, 'rev-list', '--first-parent', `--max-count=${MOST_MERGES}`, 'HEAD')
  ).split('\n');
  const applied = await lastCommit(opened.estate);
  const at = commits.indexOf(applied ?? '');
  return at < 0 ? commits.slice(0, MOST_MERGES) : commits.slice(0, Math.max(at, 1));
}

/** The reviews that together cover every step, asking about older merges only while some step is not covered. */
async function findReviews(
  github: GitHub,
  plan: Plan,
  commits: readonly string[],
  query: { readonly branch: string; readonly estate: string; readonly key: string | undefined },
) {
  const found: Reviewed[] = [];
  const reasons: string[] = [];
  let open = plannedSteps(plan);
  for (const sha of commits) {
    if (open.length === 0) break;
    const review = await findReview(github, { ...query, sha });
    if (review.status !== 'reviewed') {
      reasons.push(review.reason);
      continue;
    }
    found.push(review);
    open = open.filter((planned) => !covers(review, planned, plan));
  }
  return { found, reasons, open };
}

/** The whole plan by its digest, or the step by its own mark. */
function covers({ comment }: Reviewed, planned: PlannedStep, plan: Plan): boolean {
  return (
    departureFrom(comment, plan.digest) === undefined ||
    marksIn(comment.parts.text).includes(stepMark(planned))
  );
}

const needsReview = ({ step }: PlannedStep): boolean => isGuarded(step.verdict);
const needsPermission = ({ step }: PlannedStep): boolean => isGuarded(step.verdict) && !step.allowance;

/** The limits that were declared before any of the merges: nobody gives himself a permission by raising one. */
async function limitsBefore(folder: string, agreed: Survey, declared: Limits, reviews: readonly Reviewed[]) {
  if (!plannedSteps(agreed.plan).some(({ step }) => step.allowance)) return declared;
  let limits: Limits = reviews.length > 0 ? declared : undefined;
  for (const { pull } of reviews) limits = withinBoth(limits, await limitsAt(folder, pull.baseSha));
  return limits;
}

/** Every step must be reviewed, and every guarded one allowed on a pull request that shows it. `byHand`: the workflow was. */
async function judge(
  github: GitHub,
  plan: Plan,
  reviews: Awaited<ReturnType<typeof findReviews>>,
  estate: string,
  byHand: boolean,
): Promise<Judgement> {
  // Somebody who starts the workflow by hand means what is declared; what destroys still needs a review that shows it.
  const unreviewed = byHand ? reviews.open.filter(needsReview) : reviews.open;
  const reasons = unreviewed.map(
    ({ step, node }) => `${showId(step.object)} on ${node} is not as it was reviewed, or moved since`,
  );
  const allowed = new Set<string>();
  const guarded = plannedSteps(plan).filter(needsPermission);
  for (const review of reviews.found) {
    const mine = guarded.filter((planned) => covers(review, planned, plan));
    if (mine.length === 0) continue;
    const approvals = await readApprovals(github, {
      pull: review.pull,
      estate,
      since: review.comment.since,
      baseRef: review.pull.baseSha,
      guarded: guardedFiles(plan, estate),
    });
    for (const planned of mine) {
      const approval = approvals.find(({ verdict }) => verdict === planned.step.verdict);
      if (approval?.allowed) allowed.add(allowanceOf(planned));
      else
        reasons.push(
          `${showId(planned.step.object)} on ${planned.node}: ${approval?.reason ?? 'nobody allowed it'}`,
        );
    }
  }
  return { allowed, reasons: reasons.length > 0 ? [...reasons, ...reviews.reasons] : [] };
}

async function refuse(
  run: GitHubRun,
  github: GitHub,
  reviews: readonly Reviewed[],
  estate: string,
  reasons: readonly string[],
): Promise<never> {
  const text = renderRefusal(reasons);
  await writeSummary(text);
  const [newest] = reviews;
  if (newest) await postReport(github, { number: newest.pull.number, estate, runId: run.runId, text });
  throw new RefusedError('Nothing was applied.', reasons);
}

async function applyReviewed(
  run: GitHubRun,
  options: GitHubOptions,
  opened: OpenEstate,
  surveyed: Survey,
  output: Output,
): Promise<number> {
  const { event } = run;
  const branch =
    event.name === 'push' ? event.ref.replace(/^refs\/heads\//, '') : await defaultBranch(options);
  const estate = await estateInRepository(options.estate);
  const github = await run.connect();
  const commits = await mergesToApply(options, opened);
  const reviews = await findReviews(github, surveyed.plan, commits, { branch, estate, key: run.key });
  const limits = await limitsBefore(options.estate, surveyed, opened.estate.limits, reviews.found);
  const agreed = { ...surveyed, plan: withAllowances(surveyed.plan, limits) };
  const { allowed, reasons } = await judge(
    github,
    agreed.plan,
    reviews,
    estate,
    event.name === 'workflow_dispatch',
  );
  // What lacks permission has said so, in the words of its pull request.
  const permitted = reasons.length > 0 ? new Set(GUARDED) : allowed;
  const blocked = [...reasons, ...objections(agreed.plan, permitted)];
  if (blocked.length > 0) return refuse(run, github, reviews.found, estate, [...new Set(blocked)]);
  const progress = showProgress(output);
  const identity = await newRun(options.estate);
  const report = await applyPlan({ ...opened.estate, limits: limits ?? new Map() }, agreed, {
    ...opened,
    identity,
    allowed,
    lockSeconds: LOCK_SECONDS,
    progress,
    shouldStop: () => false,
  }).finally(progress.close);
  const code = reportExitCode(report);
  const repairs = code !== 1 ? await repairAfterApply(opened, options.estate, output) : undefined;
  const text = [renderReportMarkdown(report), repairs?.text ?? ''].filter(Boolean).join('\n');
  await writeSummary(text);
  for (const { pull } of reviews.found)
    await postReport(github, { number: pull.number, estate, runId: run.runId, text });
  output.result(renderReport(report, { colour: false }));
  return repairs?.failed ? 1 : code;
}

/** Where the schemas need nothing, what was merged may be about a pair of sites. */
async function repairOnly(
  run: GitHubRun,
  options: GitHubOptions,
  opened: OpenEstate,
  output: Output,
): Promise<number> {
  const { text, failed } = await repairAfterApply(opened, options.estate, output);
  const code = failed ? 1 : 0;
  if (text === '') return code;
  await writeSummary(text);
  output.result(text);
  const { event } = run;
  if (event.name !== 'push') return code;
  const estate = await estateInRepository(options.estate);
  const github = await run.connect();
  const sha = await git(options.estate, 'rev-parse', 'HEAD');
  const branch = event.ref.replace(/^refs\/heads\//, '');
  const { pull } = await findReview(github, { sha, branch, estate, key: run.key });
  if (pull) await postReport(github, { number: pull.number, estate, runId: run.runId, text });
  return code;
}

async function defaultBranch(options: GitHubOptions): Promise<string> {
  const name = process.env.GITHUB_REF_NAME;
  return name || git(options.estate, 'rev-parse', '--abbrev-ref', 'HEAD');
}

export async function githubApply(options: GitHubOptions, output: Output): Promise<number> {
  const run = openGitHubRun(output);
  if (run.event.name !== 'push' && run.event.name !== 'workflow_dispatch') {
    throw new PlumblineError(`\`github apply\` runs on push or workflow_dispatch, not on ${run.event.name}.`);
  }
  const opened = await openToPlan(options, output);
  try {
    const agreed = await survey(opened.estate, opened);
    try {
      await keepArtifacts(options.artifacts, { 'plan.json': renderJson(agreed.plan) });
      if (plannedSteps(agreed.plan).length === 0) {
        const code = planExitCode(agreed.plan);
        output.result(
          `Nothing to apply: ${code === 0 ? 'everything is as declared.' : verdictLine(agreed.plan)}\n`,
        );
        return code === 0 ? await repairOnly(run, options, opened, output) : code;
      }
      return await applyReviewed(run, options, opened, agreed, output);
    } finally {
      await agreed.close();
    }
  } finally {
    await opened.close();
  }
}
