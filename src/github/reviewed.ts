/** A commit on the base branch goes in; the plan that was reviewed on its pull request, or why there is none, comes out. */
import type { GitHub } from './client.ts';
import { findPlanComment, type PlanComment, type RefusalKind } from './find-comment.ts';
import { type PullRequest, toPullRequest } from './pull-request.ts';

export interface ReviewQuery {
  /** The commit that was pushed to the base branch. */
  readonly sha: string;
  /** The branch it was pushed to. */
  readonly branch: string;
  /** The estate's folder inside the repository, `.` for its root. */
  readonly estate: string;
  /** `PLUMBLINE_SIGNING_KEY`, where one is configured. */
  readonly key: string | undefined;
}

export type Review =
  | { readonly status: 'reviewed'; readonly pull: PullRequest; readonly comment: PlanComment }
  | {
      readonly status: 'no pull request' | 'no plan' | 'stale' | RefusalKind;
      /** Absent when there is none. */
      readonly pull?: PullRequest;
      /** A sentence for people. */
      readonly reason: string;
    };

/** The merged pull request of a commit: GitHub also lists others that merely contain it. */
async function mergedBy(github: GitHub, { sha, branch }: ReviewQuery): Promise<PullRequest[]> {
  const { owner, name: repo } = github.repository;
  const raw = await github.paginate(github.rest.repos.listPullRequestsAssociatedWithCommit, {
    ...{ owner, repo, commit_sha: sha, per_page: 100 },
  });
  return raw
    .map(toPullRequest)
    .filter(({ mergeCommit, baseRef }) => mergeCommit === sha && baseRef === branch);
}

const TOLD_FIRST: readonly RefusalKind[] = ['tampered', 'other estate', 'foreign'];

/**
 * The pull request whose merge made the commit, and the intact plan comment about its head. Throws a GitHubError when GitHub
 * fails, so that nothing is taken for unreviewed, or reviewed, by accident. Two requests as a rule.
 */
export async function findReview(github: GitHub, query: ReviewQuery): Promise<Review> {
  const { sha, branch, estate, key } = query;
  const [pull, another] = await mergedBy(github, query);
  if (!pull) {
    const reason = `No pull request was merged into ${branch} as ${sha}: somebody pushed it directly.`;
    return { status: 'no pull request', reason };
  }
  if (another) {
    const reason = `${sha} is the merge of both #${pull.number} and #${another.number}.`;
    return { status: 'no pull request', reason };
  }
  const search = await findPlanComment(github, { number: pull.number, estate, key, commit: pull.headSha });
  const { plan, refused } = search;
  if (!plan) {
    const worst = TOLD_FIRST.flatMap((kind) => refused.find((one) => one.kind === kind) ?? [])[0];
    const where = `#${pull.number} has no plan of the estate \`${estate}\``;
    if (!worst) return { status: 'no plan', pull, reason: `${where}.` };
    return {
      status: worst.kind,
      pull,
      reason: `${where}: the comment ${worst.url} does not count, ${worst.reason}.`,
    };
  }
  if (plan.marker.commit !== pull.headSha) {
    const reason = `The plan on #${pull.number} is of ${plan.marker.commit}, but ${pull.headSha} was merged.`;
    return { status: 'stale', pull, reason };
  }
  return { status: 'reviewed', pull, comment: plan };
}

/** Why a plan made now is not the reviewed one; undefined when it means the same. */
export function departureFrom(comment: PlanComment, digest: string): string | undefined {
  if (comment.marker.digest === digest) return undefined;
  return `The reviewed plan (${comment.marker.digest}) is not what the servers need now (${digest}).`;
}
