/** A pull request and an estate go in; their plan comment, and why other comments that look like it don't count, come out. */
import type { GitHub } from './client.ts';
import { claimsToBePlan, type Marker, type MarkerReading, readMarker } from './marker.ts';
import { type CommentParts, splitParts } from './older-plans.ts';

export interface CommentQuery {
  /** The pull request's number. */
  readonly number: number;
  /** The estate's folder inside the repository, `.` for its root. */
  readonly estate: string;
  /** `PLUMBLINE_SIGNING_KEY`, where one is configured. */
  readonly key: string | undefined;
  /** The commit whose plan is preferred where several comments qualify. */
  readonly commit?: string;
}

export interface PlanComment {
  readonly id: number;
  readonly url: string;
  readonly body: string;
  readonly marker: Marker;
  readonly parts: CommentParts;
  /** GitHub's time from which on this digest is shown; what people said before it was about another plan. */
  readonly since: string;
  /** Whether the token's own identity wrote it. */
  readonly own: boolean;
}

export type RefusalKind = 'tampered' | 'foreign' | 'other estate';

export interface RefusedComment {
  readonly kind: RefusalKind;
  readonly url: string;
  readonly reason: string;
}

export interface CommentSearch {
  /** Ours, and as we wrote it. */
  readonly plan?: PlanComment;
  /** The comment to write to: by the token's own identity and for this estate, even if somebody edited it. */
  readonly own?: { readonly id: number; readonly url: string; readonly body: string };
  readonly refused: readonly RefusedComment[];
}

interface RawComment {
  readonly id: number;
  readonly html_url: string;
  readonly body?: string;
  readonly updated_at: string;
  readonly user: { readonly login: string; readonly type: string } | null;
}

type Verdict =
  | { readonly plan: PlanComment }
  | { readonly refused: RefusedComment; readonly rewrite: boolean };

function judge(raw: RawComment, reading: MarkerReading, query: CommentQuery, login: string): Verdict {
  const { user, html_url: url, body = '' } = raw;
  const own = user?.login === login;
  const refuse = (kind: RefusalKind, reason: string, rewrite = false): Verdict => {
    return { refused: { kind, url, reason }, rewrite };
  };
  // A person's comment never counts, not even with a true signature, which anybody can copy from the original.
  if (!own && !(query.key !== undefined && user?.type === 'Bot')) {
    return refuse('foreign', `it is by @${user?.login ?? 'ghost'}, not by @${login}`);
  }
  if (reading.status === 'none') return refuse('foreign', 'it has no marker');
  const estate = reading.marker?.estate;
  if (estate !== undefined && estate !== query.estate) {
    return refuse('other estate', `it is about the estate \`${estate}\`, not \`${query.estate}\``);
  }
  if (reading.status === 'refused') return refuse('tampered', reading.reason, own && estate !== undefined);
  const { marker } = reading;
  const below = body.slice(body.indexOf('\n') + 1);
  const parts = splitParts(below, marker.boundary);
  const since = marker.since ?? raw.updated_at;
  return { plan: { id: raw.id, url, body, marker, parts, since, own } };
}

function best(plans: readonly PlanComment[], commit: string | undefined): PlanComment | undefined {
  const rank = ({ marker, own }: PlanComment): number => (marker.commit === commit ? 2 : 0) + (own ? 1 : 0);
  return plans.toSorted((a, b) => rank(b) - rank(a) || a.id - b.id)[0];
}

/**
 * Reads the pull request's comments, oldest first, 100 with each request, and stops at the page that has the token's own
 * intact comment. Plumbline writes it when the pull request opens, so one request is the rule; a first plan on a pull request
 * that already has many comments reads all of them.
 */
export async function findPlanComment(github: GitHub, query: CommentQuery): Promise<CommentSearch> {
  const { owner, name: repo, fullName: repository } = github.repository;
  const place = { repository, number: query.number, key: query.key };
  const login = await github.login();
  const plans: PlanComment[] = [];
  const refused: RefusedComment[] = [];
  let edited: CommentSearch['own'];
  const pages = github.paginate.iterator(github.rest.issues.listComments, {
    ...{ owner, repo, issue_number: query.number, per_page: 100 },
  });
  for await (const { data } of pages) {
    for (const raw of data.filter(({ body }) => claimsToBePlan(body ?? ''))) {
      const verdict = judge(raw, readMarker(raw.body ?? '', place), query, login);
      if ('plan' in verdict) plans.push(verdict.plan);
      else refused.push(verdict.refused);
      if ('refused' in verdict && verdict.rewrite) {
        edited ??= { id: raw.id, url: raw.html_url, body: raw.body ?? '' };
      }
    }
    if (plans.some(({ own }) => own)) break;
  }
  const plan = best(plans, query.commit);
  const own = plans.find((one) => one.own) ?? edited;
  return { ...(plan ? { plan } : {}), ...(own ? { own } : {}), refused };
}
