/** `plumbline github plan`: shows a pull request's plan in its one comment, or, for a fork, in the step summary. */

import { relative, resolve } from 'node:path';
import { survey } from '../apply/survey.ts';
import { type PairPreview, previewRepairs } from '../dr/pair-preview.ts';
import { readApprovals } from '../github/approvals.ts';
import { shownSince, writePlanComment } from '../github/comment.ts';
import type { GitHubEvent } from '../github/event.ts';
import { findPlanComment } from '../github/find-comment.ts';
import { guardedFiles } from '../github/guarded-files.ts';
import { joinMarks } from '../github/step-marks.ts';
import { planWithLint } from '../lint/in-plan.ts';
import { DeclarationError, PlumblineError } from '../model/errors.ts';
import type { Estate } from '../model/estate.ts';
import type { Finding } from '../model/finding.ts';
import type { Plan } from '../model/plan.ts';
import { planFindings } from '../model/plan.ts';
import type { Approval, Rehearsal, ReviewContext } from '../model/review.ts';
import { VERSION } from '../model/version.ts';
import { withinBoth } from '../plan/allowances.ts';
import { stepMarks } from '../plan/step-marks.ts';
import { rehearse, rehearseFrom } from '../rehearse/rehearse.ts';
import { renderComment } from '../render/comment.ts';
import { renderMistakes } from '../render/comment-mistakes.ts';
import { renderJson } from '../render/json.ts';
import { renderJunit, renderJunitMistakes } from '../render/junit.ts';
import { renderSarif } from '../render/sarif.ts';
import { lintDeclared } from './declared-lint.ts';
import { loadEstate } from './estate-options.ts';
import { atCommit, git } from './git.ts';
import {
  type GitHubOptions,
  type GitHubRun,
  keepArtifacts,
  openGitHubRun,
  writeSummary,
} from './github-run.ts';
import { limitsAt } from './limits-at.ts';
import { openToPlan } from './open-to-plan.ts';
import type { Output } from './output.ts';
import { planExitCode } from './plan.ts';

export interface GitHubPlanOptions extends GitHubOptions {
  /** `false` rehearses from the base branch's declarations and asks no live server. */
  readonly live: boolean;
}

type PullRequest = Extract<GitHubEvent, { name: 'pull_request' }>['pull'];

interface Planned {
  readonly plan: Plan;
  readonly rehearsal: Rehearsal;
  readonly base: Estate | undefined;
  readonly head: Estate;
  /** What lint finds in all of the head's declarations. */
  readonly lint: readonly Finding[];
  /** Those that the apply repairs. */
  readonly pairs: readonly PairPreview[];
}

/** The base branch's declarations; undefined where they can't be read, as in an estate's first pull request. */
async function loadBase(options: GitHubPlanOptions, pull: PullRequest): Promise<Estate | undefined> {
  const top = await git(options.estate, 'rev-parse', '--show-toplevel');
  const inside = await estateInRepository(options.estate);
  const base = await git(options.estate, 'merge-base', pull.baseSha, pull.headSha);
  try {
    return await atCommit(top, base, (checkout) => loadEstate(resolve(checkout, inside)));
  } catch (error) {
    if (error instanceof DeclarationError) return undefined;
    throw error;
  }
}

/** No plan has it, so nothing can be applied on the strength of a comment with it. */
const NO_DIGEST = '0'.repeat(32);
const NOTHING: Estate = { clusters: [], objects: [], prune: new Map(), pairs: [] };

async function makePlan(options: GitHubPlanOptions, pull: PullRequest, output: Output): Promise<Planned> {
  const head = await loadEstate(options.estate);
  const lint = lintDeclared(head, options.estate);
  const base = await loadBase(options, pull);
  if (!options.live || pull.fork) {
    // Embedded servers hold no rows, so that everything would be below a limit.
    const { limits: _limits, ...unlimited } = head;
    const { plan, rehearsal } = await rehearseFrom(base ?? NOTHING, unlimited);
    return { head, base, lint, plan: planWithLint(plan, lint), rehearsal, pairs: [] };
  }
  const opened = await openToPlan(options, output);
  try {
    // A pull request must not give itself a permission: a limit that it raises counts after its merge.
    const limits = withinBoth(head.limits, await limitsAt(options.estate, pull.baseSha));
    const estate = { ...opened.estate, limits };
    const { plan, states, close } = await survey(estate, { ...opened, keepStates: true });
    await close();
    const rehearsal = await rehearse(estate, plan, states);
    const pairs = await previewRepairs(estate, opened.connectTimeout);
    return { head, base, lint, plan: planWithLint(plan, lint), rehearsal, pairs };
  } finally {
    await opened.close();
  }
}

async function contextOf(
  run: GitHubRun,
  options: GitHubPlanOptions,
  pull: PullRequest,
): Promise<ReviewContext> {
  const { serverUrl, runUrl, repository } = run;
  const estate = await estateInRepository(options.estate);
  return { serverUrl, repository: repository.fullName, commit: pull.headSha, estate, runUrl };
}

async function show(
  run: GitHubRun,
  options: GitHubPlanOptions,
  pull: PullRequest,
  { plan, rehearsal, base, head, pairs }: Planned,
  output: Output,
): Promise<void> {
  const context = await contextOf(run, options, pull);
  const { estate } = context;
  const topology = { ...(base && { before: base }), after: head };
  const render = (approvals: readonly Approval[]) =>
    renderComment({ plan, context, approvals, rehearsal, previous: [], topology, pairs });
  if (pull.fork) {
    // Its token can only read.
    await writeSummary(render([]).summary);
    return;
  }
  const github = await run.connect();
  const query = { number: pull.number, estate, key: run.key, commit: pull.headSha };
  const search = await findPlanComment(github, query);
  const approvals = await readApprovals(github, {
    pull,
    estate,
    since: shownSince(search, plan.digest),
    baseRef: pull.baseRef,
    guarded: guardedFiles(plan, estate),
  });
  const rendered = render(approvals);
  await writeSummary(rendered.summary);
  if (rendered.unnamed > 0) {
    output.note(
      `${rendered.unnamed} destructive or rebuilding objects have no room in the comment: split the pull request.`,
    );
  }
  const text = joinMarks(rendered.comment, stepMarks(plan));
  const written = await writePlanComment(github, query, search, {
    commit: pull.headSha,
    digest: plan.digest,
    text,
  });
  output.note(`The plan's comment was ${written.action}${written.url ? `: ${written.url}` : '.'}`);
}

/** In the place of a plan, so that nobody reads the one of an older commit as if it were this one's. */
async function showMistakes(
  run: GitHubRun,
  pull: PullRequest,
  context: ReviewContext,
  findings: readonly Finding[],
  output: Output,
): Promise<void> {
  const { comment, summary } = renderMistakes(findings, context);
  await writeSummary(summary);
  if (pull.fork) return;
  const github = await run.connect();
  const query = { number: pull.number, estate: context.estate, key: run.key, commit: pull.headSha };
  const draft = { commit: pull.headSha, digest: NO_DIGEST, text: comment };
  const { action } = await writePlanComment(github, query, await findPlanComment(github, query), draft);
  output.note(`The mistakes' comment was ${action}.`);
}

/** The estate's folder inside its repository, `.` for its root. */
export async function estateInRepository(folder: string): Promise<string> {
  const top = await git(folder, 'rev-parse', '--show-toplevel');
  return relative(top, resolve(folder)).replaceAll('\\', '/') || '.';
}

export async function githubPlan(options: GitHubPlanOptions, output: Output): Promise<number> {
  const run = openGitHubRun(output);
  if (run.event.name !== 'pull_request') {
    throw new PlumblineError(`\`github plan\` runs on pull_request, not on ${run.event.name}.`);
  }
  const { pull } = run.event;
  const reports = { estate: await estateInRepository(options.estate), version: VERSION };
  try {
    const planned = await makePlan(options, pull, output);
    const { plan } = planned;
    await keepArtifacts(options.artifacts, {
      'plan.json': renderJson(plan),
      'findings.sarif': renderSarif([...planFindings(plan), ...planned.lint], reports),
      'plan.junit.xml': renderJunit(plan, { changesFail: false }),
    });
    await show(run, options, pull, planned, output);
    const failed = planned.rehearsal.outcome === 'failed' || planned.rehearsal.outcome === 'not empty';
    return failed || planExitCode(plan) === 1 ? 1 : 0;
  } catch (error) {
    if (error instanceof DeclarationError) {
      const context = await contextOf(run, options, pull);
      await showMistakes(run, pull, context, error.findings, output);
      await keepArtifacts(options.artifacts, {
        'findings.sarif': renderSarif(error.findings, reports),
        'plan.junit.xml': renderJunitMistakes(error.findings),
      });
    }
    throw error;
  }
}
