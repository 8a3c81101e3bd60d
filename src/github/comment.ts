/** A rendered plan goes in; it comes out as the pull request's one comment about the estate, edited in place. */
import { PlumblineError } from '../model/errors.ts';
import type { GitHub } from './client.ts';
import { createOnce, NO_RETRIES } from './create-once.ts';
import { type CommentQuery, type CommentSearch, findPlanComment, type PlanComment } from './find-comment.ts';
import { sealBody, settledText } from './marker.ts';
import { type CommentParts, joinParts, type OlderPlan } from './older-plans.ts';

/** Characters that GitHub takes in a comment or an issue. */
export const BODY_LIMIT = 65_536;
/** Characters that a plan and the older ones folded below it may have together, the marker not counted. */
const ROOM = 60_000 - 512;
/** Older plans that are kept where there is room. */
const OLDER = 10;

export interface PlanDraft {
  /** The commit that was planned. */
  readonly commit: string;
  readonly digest: string;
  /** Markdown, under 60,000 characters. */
  readonly text: string;
}

export interface WrittenComment {
  /** `outdated`: the pull request has moved on to another commit, whose plan must not be written over. */
  readonly action: 'created' | 'updated' | 'unchanged' | 'outdated';
  readonly url?: string;
}

/** Since when a digest is shown, in GitHub's time; undefined when it is not shown yet, so that nobody can have meant it. */
export function shownSince({ plan }: CommentSearch, digest: string): string | undefined {
  return plan?.marker.digest === digest ? plan.since : undefined;
}

function partsOf(previous: PlanComment | undefined, { digest, text }: PlanDraft): CommentParts {
  if (!previous) return { text, older: [], left: 0 };
  const { marker, parts } = previous;
  const was: OlderPlan = { commit: marker.commit, digest: marker.digest, text: parts.text };
  // The same plan of a newer commit takes its place.
  const all = marker.digest === digest ? parts.older : [was, ...parts.older];
  const dropped = Math.max(0, all.length - OLDER);
  return { text, older: all.slice(0, OLDER), left: parts.left + dropped };
}

function compose(
  github: GitHub,
  query: CommentQuery,
  draft: PlanDraft,
  previous: PlanComment | undefined,
): { readonly body: string; readonly same: boolean } {
  const { boundary, text } = joinParts(partsOf(previous, draft), ROOM);
  const { commit, digest } = draft;
  const place = { repository: github.repository.fullName, number: query.number, key: query.key };
  const seal = (since?: string): string => {
    const marker = { estate: query.estate, commit, digest, boundary, ...(since ? { since } : {}) };
    return sealBody(marker, text, place);
  };
  const isShown = previous?.marker.digest === digest;
  // Without a time of its own the comment's last edit counts; writing it again would move that.
  if (isShown && settledText(seal(previous.marker.since)) === settledText(previous.body)) {
    return { body: previous.body, same: true };
  }
  return { body: seal(isShown ? previous.since : undefined), same: false };
}

interface CreatedComment {
  readonly id: number;
  readonly html_url: string;
  readonly user?: { readonly login: string } | null;
}

async function create(github: GitHub, query: CommentQuery, body: string): Promise<WrittenComment> {
  const { owner, name: repo } = github.repository;
  const issue = { owner, repo, issue_number: query.number };
  const found = await createOnce<CreatedComment>(
    async () => (await github.rest.issues.createComment({ ...issue, body, request: NO_RETRIES })).data,
    async () => {
      const { own } = await findPlanComment(github, query);
      return own && { id: own.id, html_url: own.url };
    },
  );
  const login = await github.login();
  const author = found.user?.login;
  if (author !== undefined && author !== login) {
    // Nobody would find it again, and every run would add another one.
    await github.rest.issues.deleteComment({ owner, repo, comment_id: found.id });
    throw new PlumblineError(
      `The token writes as ${author}, not as ${login}, so the comment could not be found again; set PLUMBLINE_LOGIN to ${author}.`,
    );
  }
  return { action: 'created', url: found.html_url };
}

/**
 * Writes the plan to the comment that `findPlanComment` found, or to a new one. No request when nothing has changed; else
 * two, since it makes sure first that the pull request is still at the planned commit. Throws a GitHubError, and a PlumblineError for a text that GitHub would not take.
 */
export async function writePlanComment(
  github: GitHub,
  query: CommentQuery,
  search: CommentSearch,
  draft: PlanDraft,
): Promise<WrittenComment> {
  const text = draft.text.replaceAll('\r\n', '\n').trim();
  const { body, same } = compose(github, query, { ...draft, text }, search.plan);
  if (body.length > BODY_LIMIT) {
    throw new PlumblineError(
      `The plan has ${body.length} characters; GitHub takes ${BODY_LIMIT} in a comment.`,
    );
  }
  if (same && search.own) return { action: 'unchanged', url: search.own.url };
  const { owner, name: repo } = github.repository;
  const { data: pull } = await github.rest.pulls.get({ owner, repo, pull_number: query.number });
  if (pull.head.sha !== draft.commit) return { action: 'outdated' };
  if (!search.own) return await create(github, query, body);
  await github.rest.issues.updateComment({ owner, repo, comment_id: search.own.id, body });
  return { action: 'updated', url: search.own.url };
}
