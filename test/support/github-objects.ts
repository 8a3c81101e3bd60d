/** What the stand-in for GitHub remembers goes in; the objects of GitHub's REST API, as its description asks for, come out. */
import { fill } from './github-openapi.ts';
import type { ChangedFile, Comment, GitHubState, Issue, LabelChange, Pull, User } from './github-state.ts';

type Json = Record<string, unknown>;

/** Adds to the state's facts the addresses under which they are reached. */
export function createObjects(state: GitHubState, api: string) {
  const web = 'https://github.test';
  const repo = `${api}/repos/${state.repository}`;

  const account = ({ login, id, type }: User): Json =>
    fill('simple-user', {
      login,
      id,
      type,
      node_id: `U_${id}`,
      url: `${api}/users/${encodeURIComponent(login)}`,
    });
  const by = (login: string): Json => account(state.user(login));

  function repository(fork: boolean): Json {
    const owner = fill('simple-user', { login: state.owner, id: 1, type: 'Organization' });
    const full_name = fork ? `fork/${state.name}` : state.repository;
    return fill('repository', {
      id: fork ? 43 : 42,
      name: state.name,
      full_name,
      fork,
      owner,
      private: true,
    });
  }

  const labels = (issue: Issue): Json[] =>
    [...issue.labels].map((name, at) => ({
      ...{ id: at + 1, node_id: 'LA', url: `${repo}/labels/${encodeURIComponent(name)}`, name },
      ...{ color: 'ededed', default: false, description: '' },
    }));

  function pullFields(issue: Issue, pull: Pull): Json {
    const { number, title, body, createdAt, updatedAt, closedAt = null } = issue;
    const side = (ref: string, sha: string, fork: boolean): Json => {
      const user = by(issue.author);
      return { label: `${state.owner}:${ref}`, ref, sha, user, repo: repository(fork) };
    };
    return {
      ...{ id: number + 500, node_id: `PR_${number}`, number, title, body, labels: labels(issue) },
      ...{ state: issue.open ? 'open' : 'closed', user: by(issue.author), author_association: 'MEMBER' },
      ...{ created_at: createdAt, updated_at: updatedAt, closed_at: closedAt },
      ...{ merged_at: pull.mergedAt ?? null, merge_commit_sha: pull.mergeCommit ?? null },
      head: side(pull.headRef, pull.headSha, pull.fork),
      base: side(pull.baseRef, pull.baseSha, false),
      html_url: `${web}/${state.repository}/pull/${number}`,
      url: `${repo}/pulls/${number}`,
    };
  }

  return {
    account,
    labels,
    publicUser: (user: User): Json =>
      fill('public-user', { login: user.login, id: user.id, type: user.type, user_view_type: 'public' }),

    comment: ({ id, issue, author, body, createdAt, updatedAt }: Comment): Json =>
      fill('issue-comment', {
        ...{ id, node_id: `IC_${id}`, body, user: by(author), created_at: createdAt, updated_at: updatedAt },
        ...{ author_association: 'NONE', performed_via_github_app: null },
        html_url: `${web}/${state.repository}/issues/${issue}#issuecomment-${id}`,
        issue_url: `${repo}/issues/${issue}`,
        url: `${repo}/issues/comments/${id}`,
      }),

    labelEvent: ({ id, event, label, actor, actorId, at }: LabelChange): Json => ({
      ...{ id, node_id: `LE_${id}`, url: `${repo}/issues/events/${id}`, event },
      ...{ commit_id: null, commit_url: null, created_at: at, performed_via_github_app: null },
      actor: { ...by(actor), id: actorId },
      label: { name: label, color: 'ededed' },
    }),

    issue: (issue: Issue): Json => {
      const { number, title, body, open, stateReason, createdAt, updatedAt, closedAt = null } = issue;
      const url = `${repo}/issues/${number}`;
      const html_url = `${web}/${state.repository}/${issue.pull ? 'pull' : 'issues'}/${number}`;
      const linked = { url, html_url, diff_url: html_url, patch_url: html_url };
      return fill('issue', {
        ...{
          id: number + 500,
          node_id: `I_${number}`,
          number,
          title,
          body,
          labels: labels(issue),
          url,
          html_url,
        },
        ...{ state: open ? 'open' : 'closed', state_reason: stateReason, user: by(issue.author) },
        ...{ created_at: createdAt, updated_at: updatedAt, closed_at: closedAt, comments: 0 },
        ...(issue.pull ? { pull_request: linked } : {}),
      });
    },

    pullSimple: (issue: Issue, pull: Pull): Json => fill('pull-request-simple', pullFields(issue, pull)),
    pull: (issue: Issue, pull: Pull): Json =>
      fill('pull-request', {
        ...pullFields(issue, pull),
        ...{ merged: pull.mergedAt !== undefined, mergeable: true, mergeable_state: 'clean' },
        ...{ changed_files: pull.files.length, commits: 1, additions: 1, deletions: 0 },
      }),

    changedFile: ({ filename, previous }: ChangedFile): Json =>
      fill('diff-entry', {
        ...{ filename, sha: null, status: previous ? 'renamed' : 'modified' },
        ...(previous ? { previous_filename: previous } : {}),
      }),

    file: (path: string, text: string): Json => {
      const big = Buffer.byteLength(text) > 1 << 20;
      // GitHub breaks the lines of base64.
      const content = Buffer.from(text).toString('base64').replace(/.{60}/g, '$&\n');
      return fill('content-file', {
        ...{ type: 'file', name: path.split('/').at(-1), path, sha: 'f'.repeat(40), size: text.length },
        ...(big ? { encoding: 'none', content: '' } : { encoding: 'base64', content }),
      });
    },

    folder: (entries: readonly (readonly [type: 'file' | 'dir', path: string])[]): Json[] =>
      entries.map(([type, path]) => ({
        ...{ type, name: path.split('/').at(-1), path, sha: 'f'.repeat(40), size: 0 },
        ...{ url: repo, git_url: repo, html_url: web, download_url: null },
        _links: { git: repo, self: repo, html: web },
      })),
  };
}

export type GitHubObjects = ReturnType<typeof createObjects>;
