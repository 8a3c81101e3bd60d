/** A pull request as GitHub's API and its events describe it goes in; the facts that a review needs come out. */

export interface Account {
  readonly login: string;
  /** Stays the same when the login changes. */
  readonly id: number;
  /** `User`, `Bot`, `Organization` … */
  readonly type: string;
}

export interface PullRequest {
  readonly number: number;
  /** Absent when the account was deleted. */
  readonly author?: Account;
  /** The commit that is reviewed; after the merge, the one that was merged. */
  readonly headSha: string;
  readonly headRef: string;
  /** Whether it comes from another repository, so that its workflows get no secrets. */
  readonly fork: boolean;
  /** The branch it is to be merged into. */
  readonly baseRef: string;
  /** A commit of that branch, not always its newest. */
  readonly baseSha: string;
  readonly labels: readonly string[];
  readonly open: boolean;
  readonly merged: boolean;
  /** Of a merged pull request: the commit on the base branch. */
  readonly mergeCommit?: string;
}

interface RawAccount {
  readonly login: string;
  readonly id: number;
  readonly type: string;
}

/** What the REST API's two forms of a pull request and the one in events have in common. */
export interface RawPullRequest {
  readonly number: number;
  readonly state: string;
  readonly user: RawAccount | null;
  readonly head: {
    readonly sha: string;
    readonly ref: string;
    /** Null when the fork was deleted. */
    readonly repo: { readonly id: number } | null;
  };
  readonly base: { readonly sha: string; readonly ref: string; readonly repo: { readonly id: number } };
  readonly labels: readonly { readonly name?: string }[];
  readonly merged_at: string | null;
  readonly merge_commit_sha?: string | null;
}

export function toAccount({ login, id, type }: RawAccount): Account {
  return { login, id, type };
}

export function toPullRequest(raw: RawPullRequest): PullRequest {
  const merged = raw.merged_at !== null;
  return {
    number: raw.number,
    ...(raw.user ? { author: toAccount(raw.user) } : {}),
    headSha: raw.head.sha,
    headRef: raw.head.ref,
    fork: raw.head.repo?.id !== raw.base.repo.id,
    baseRef: raw.base.ref,
    baseSha: raw.base.sha,
    labels: raw.labels.flatMap(({ name }) => (name === undefined ? [] : [name])),
    open: raw.state === 'open',
    merged,
    ...(merged && raw.merge_commit_sha ? { mergeCommit: raw.merge_commit_sha } : {}),
  };
}
