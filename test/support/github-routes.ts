/** What each operation of the stand-in for GitHub does: who is asking, the path's parameters, query and body in, an answer out. */
import type { GitHubObjects } from './github-objects.ts';
import { fill } from './github-openapi.ts';
import type { GitHubState, Issue, User } from './github-state.ts';

export interface Call {
  readonly params: Readonly<Record<string, string>>;
  readonly query: URLSearchParams;
  readonly body: Readonly<Record<string, unknown>>;
  readonly user: User;
  readonly token: Token;
}

/** What a token is and may do. */
export interface Token {
  readonly kind: 'installation' | 'user' | 'app';
  readonly login: string;
  readonly permissions: Readonly<Record<string, 'read' | 'write'>>;
}

/** A list is cut into pages by whoever sends it. */
export interface Answer {
  readonly status: number;
  readonly body?: unknown;
}

interface Route {
  /** As in the header `x-accepted-github-permissions`. */
  readonly needs: string;
  readonly answer: (call: Call) => Answer;
}

/** Characters that GitHub takes in a body. */
const BODY_LIMIT = 65_536;

export const DOCUMENTATION = 'https://docs.github.com/rest';
export const failed = (status: number, message: string, extra: object = {}): Answer => {
  return { status, body: { message, documentation_url: DOCUMENTATION, status: String(status), ...extra } };
};
const NOT_FOUND = failed(404, 'Not Found');
const ok = (body: unknown): Answer => ({ status: 200, body });

function invalidBody(resource: string, body: unknown): Answer | undefined {
  const invalid = (message: string, code: string): Answer =>
    failed(422, 'Validation Failed', { errors: [{ resource, code, field: 'body', message }] });
  if (typeof body !== 'string') return undefined;
  if ([...body].length > BODY_LIMIT)
    return invalid(`body is too long (maximum is ${BODY_LIMIT} characters)`, 'custom');
  return body.trim() === '' && resource === 'IssueComment'
    ? invalid("body can't be blank", 'missing_field')
    : undefined;
}

/** By operation id. `app` stands for what only an App's own token may do. */
export function createRoutes(
  state: GitHubState,
  objects: GitHubObjects,
  issueToken: (token: Token) => string,
  app: { readonly slug: string; readonly permissions: Token['permissions'] },
): Readonly<Record<string, Route>> {
  const issueOf = ({ params }: Call): Issue | undefined => state.issues.get(Number(params.issue_number));
  const pullOf = (number: unknown): Issue | undefined => {
    const issue = state.issues.get(Number(number));
    return issue?.pull ? issue : undefined;
  };
  const appOwner = () => objects.account(state.user(`${app.slug}[bot]`));

  const routes: Record<string, Route> = {
    'issues/list-comments': {
      needs: 'issues=read; pull_requests=read',
      answer(call) {
        const issue = issueOf(call);
        return issue ? ok(state.commentsOf(issue.number).map(objects.comment)) : NOT_FOUND;
      },
    },
    'issues/create-comment': {
      needs: 'issues=write; pull_requests=write',
      answer(call) {
        const issue = issueOf(call);
        if (!issue) return NOT_FOUND;
        const { body } = call.body;
        const invalid = invalidBody('IssueComment', body);
        if (invalid) return invalid;
        return {
          status: 201,
          body: objects.comment(state.comment(issue.number, call.user.login, String(body))),
        };
      },
    },
    'issues/update-comment': {
      needs: 'issues=write; pull_requests=write',
      answer({ params, body: { body } }) {
        const comment = state.comments.get(Number(params.comment_id));
        if (!comment) return NOT_FOUND;
        const invalid = invalidBody('IssueComment', body);
        if (invalid) return invalid;
        state.editComment(comment.id, String(body));
        return ok(objects.comment(comment));
      },
    },
    'issues/delete-comment': {
      needs: 'issues=write; pull_requests=write',
      answer({ params }) {
        return state.comments.delete(Number(params.comment_id)) ? { status: 204 } : NOT_FOUND;
      },
    },
    'issues/list-events': {
      needs: 'issues=read; pull_requests=read',
      answer(call) {
        const issue = issueOf(call);
        return issue ? ok(issue.changes.map(objects.labelEvent)) : NOT_FOUND;
      },
    },
    'issues/list-for-repo': {
      needs: 'issues=read',
      answer({ query }) {
        const wanted = (query.get('labels') ?? '').split(',').filter((label) => label !== '');
        const open = query.get('state') ?? 'open';
        const creator = query.get('creator');
        const found = [...state.issues.values()]
          .filter((one) => open === 'all' || one.open === (open === 'open'))
          .filter((one) => creator === null || one.author === creator)
          .filter((one) => wanted.every((label) => one.labels.has(label)))
          .sort((a, b) => (query.get('direction') === 'asc' ? a.number - b.number : b.number - a.number));
        return ok(found.map(objects.issue));
      },
    },
    'issues/create': {
      needs: 'issues=write',
      answer({ body: { title, body = '', labels = [] }, user }) {
        const invalid = invalidBody('Issue', body);
        if (invalid) return invalid;
        const issue = state.openIssue(user.login, String(title), String(body), labels as string[]);
        return { status: 201, body: objects.issue(issue) };
      },
    },
    'issues/get': {
      needs: 'issues=read; pull_requests=read',
      answer(call) {
        const issue = issueOf(call);
        return issue ? ok(objects.issue(issue)) : NOT_FOUND;
      },
    },
    'issues/update': {
      needs: 'issues=write; pull_requests=write',
      answer(call) {
        const issue = issueOf(call);
        const { title, body, state: wanted, state_reason: reason } = call.body;
        const invalid = invalidBody('Issue', body);
        if (!issue || invalid) return invalid ?? NOT_FOUND;
        if (typeof title === 'string') issue.title = title;
        if (typeof body === 'string') issue.body = body;
        if (wanted === 'closed' && issue.open) state.close(issue.number, String(reason ?? 'completed'));
        if (wanted === 'open' && !issue.open) state.reopen(issue.number);
        issue.updatedAt = state.tick();
        return ok(objects.issue(issue));
      },
    },
    'issues/add-labels': {
      needs: 'issues=write; pull_requests=write',
      answer(call) {
        const issue = issueOf(call);
        if (!issue) return NOT_FOUND;
        for (const label of (call.body.labels ?? []) as string[])
          state.label(issue.number, label, call.user.login);
        return ok(objects.labels(issue));
      },
    },
    'pulls/get': {
      needs: 'pull_requests=read',
      answer({ params }) {
        const issue = pullOf(params.pull_number);
        return issue?.pull ? ok(objects.pull(issue, issue.pull)) : NOT_FOUND;
      },
    },
    'pulls/list-files': {
      needs: 'pull_requests=read',
      answer({ params }) {
        const issue = pullOf(params.pull_number);
        return issue?.pull ? ok(issue.pull.files.map(objects.changedFile)) : NOT_FOUND;
      },
    },
    'repos/list-pull-requests-associated-with-commit': {
      needs: 'pull_requests=read',
      answer({ params: { commit_sha: sha } }) {
        const found = [...state.issues.values()].flatMap((issue) => {
          const { pull } = issue;
          return pull && (pull.mergeCommit === sha || pull.headSha === sha)
            ? [objects.pullSimple(issue, pull)]
            : [];
        });
        return ok(found);
      },
    },
    'repos/get-content': {
      needs: 'contents=read',
      answer({ params: { path = '' }, query }) {
        const ref = query.get('ref') ?? 'main';
        const files = state.files.get(ref);
        if (!files) return failed(404, `No commit found for the ref ${ref}`);
        const text = files.get(path);
        if (text !== undefined) return ok(objects.file(path, text));
        const prefix = path === '' ? '' : `${path.replace(/\/$/, '')}/`;
        const inside = [...files.keys()].filter((file) => file.startsWith(prefix));
        if (inside.length === 0 && prefix !== '') return NOT_FOUND;
        const entries = inside.map((file) => file.slice(prefix.length).split('/'));
        const listed = new Map(
          entries.map(([head = '', ...rest]) => [
            prefix + head,
            rest.length > 0 ? ('dir' as const) : ('file' as const),
          ]),
        );
        return ok(objects.folder([...listed].map(([file, type]) => [type, file] as const)));
      },
    },
    'repos/get-collaborator-permission-level': {
      needs: 'metadata=read',
      answer({ params: { username = '' } }) {
        const user = state.users.get(username);
        if (!user) return NOT_FOUND;
        const { permission } = user;
        const detail = { ...objects.account(user), role_name: permission };
        return ok({ permission, role_name: permission, user: detail });
      },
    },
    'teams/get-membership-for-user-in-org': {
      needs: 'members=read',
      answer({ params: { org, team_slug, username = '' } }) {
        const membership = state.teams.get(`${org}/${team_slug}`)?.get(username);
        if (!membership) return NOT_FOUND;
        return ok(fill('team-membership', { state: membership, role: 'member' }));
      },
    },
    'users/get-authenticated': {
      needs: '',
      answer({ user, token }) {
        if (token.kind !== 'user') return failed(403, 'Resource not accessible by integration');
        return ok(objects.publicUser(user));
      },
    },
    'apps/get-authenticated': {
      needs: '',
      answer: () =>
        ok(
          fill('integration', { id: 7, slug: app.slug, name: app.slug, owner: appOwner(), permissions: {} }),
        ),
    },
    'apps/get-repo-installation': {
      needs: '',
      answer: () => ok(fill('installation', { id: 77, app_id: 7, app_slug: app.slug, account: appOwner() })),
    },
    'apps/create-installation-access-token': {
      needs: '',
      answer({ params }) {
        if (params.installation_id !== '77') return NOT_FOUND;
        const { permissions, slug } = app;
        const token = issueToken({ kind: 'installation', login: `${slug}[bot]`, permissions });
        return {
          status: 201,
          body: fill('installation-token', { token, expires_at: '2100-01-01T00:00:00Z' }),
        };
      },
    },
  };
  return routes;
}

/** What only an App's own token may ask. */
export const APP_OPERATIONS: ReadonlySet<string> = new Set([
  'apps/get-authenticated',
  'apps/get-repo-installation',
  'apps/create-installation-access-token',
]);
