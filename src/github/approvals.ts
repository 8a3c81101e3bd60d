/** What a plan needs permission for goes in; whether somebody who may do so has given it, and why or why not, comes out. */
import { DeclarationError, PlumblineError } from '../model/errors.ts';
import { showPlace } from '../model/place.ts';
import type { Approval, Guarded, Policy } from '../model/review.ts';
import type { GitHub } from './client.ts';
import { repositoryPath } from './guarded-files.ts';
import { type LabelEvent, readLabelEvents } from './label-event.ts';
import { missingOwnership } from './owners.ts';
import { readPolicy } from './policy.ts';
import type { Account, PullRequest } from './pull-request.ts';

export interface ApprovalRequest {
  readonly pull: PullRequest;
  /** The estate's folder inside the repository, `.` for its root. */
  readonly estate: string;
  /** Since when the plan is shown, in GitHub's time; undefined when it is not shown yet. A label set before is for another plan. */
  readonly since: string | undefined;
  /** A commit or branch without the pull request's own commits: the base branch, or after the merge the commit before the push. */
  readonly baseRef: string;
  /** From `guardedFiles`. */
  readonly guarded: ReadonlyMap<Guarded, readonly string[]>;
}

/** GitHub lists no more files of a pull request than this. */
const LISTED = 3000;
const FOLDERS = ['clusters/', 'schemas/', 'tenants/'];

/** The declarations that the pull request changes, under their names before and after. */
async function changedDeclarations(github: GitHub, { pull, estate }: ApprovalRequest): Promise<string[]> {
  const { owner, name: repo } = github.repository;
  const files = await github.paginate(github.rest.pulls.listFiles, {
    ...{ owner, repo, pull_number: pull.number, per_page: 100 },
  });
  if (files.length >= LISTED) throw new PlumblineError('The pull request changes too many files to list.');
  const folders = FOLDERS.map((folder) => repositoryPath(estate, folder));
  return files
    .flatMap(({ filename, previous_filename }) => [filename, previous_filename ?? filename])
    .filter((path) => folders.some((folder) => path.startsWith(folder)));
}

async function canWrite(github: GitHub, { login, id }: Account): Promise<boolean> {
  const { owner, name: repo } = github.repository;
  const { data } = await github.rest.repos.getCollaboratorPermissionLevel({ owner, repo, username: login });
  // A login that was given up can be taken by somebody else.
  return data.user?.id === id && ['admin', 'write'].includes(data.permission);
}

/** Why a label does not allow anything; undefined when it does. */
async function objection(
  github: GitHub,
  request: ApprovalRequest,
  policy: Policy,
  files: readonly string[],
  { actor, at }: LabelEvent,
): Promise<string | undefined> {
  const { pull, since, baseRef } = request;
  if (!actor) return 'whoever set it is not on GitHub any more';
  if (actor.type !== 'User') return `@${actor.login} set it, which is no person`;
  // Times are whole seconds: within the same one nobody can tell which came first.
  if (since === undefined || !(Date.parse(at) > Date.parse(since))) {
    return `@${actor.login} set it before this plan was shown; take it off and set it again`;
  }
  if (!policy.authorMayAllow && (!pull.author || pull.author.id === actor.id)) {
    return pull.author
      ? `@${actor.login} set it, who is the author of the pull request`
      : 'the author is not on GitHub any more, so nobody can be told from the author';
  }
  if (!(await canWrite(github, actor))) return `@${actor.login} set it, who has no write access`;
  if (!policy.codeOwners) return undefined;
  const paths = new Set([...files, ...(await changedDeclarations(github, request))]);
  return await missingOwnership(github, baseRef, actor.login, [...paths].sort());
}

function whyUnknown(error: unknown): string {
  if (error instanceof DeclarationError) {
    const [finding] = error.findings;
    return `the policy has a mistake: ${finding?.place ? showPlace(finding.place) : ''} ${finding?.message}`;
  }
  if (error instanceof PlumblineError) return error.message;
  throw error;
}

/**
 * One answer for each verdict in `guarded`; no request when there is none. A verdict is allowed when its label is on the pull
 * request, and whoever set it last did so after this very plan was shown, is a person with write access, is not the author
 * (unless the policy says otherwise) and, where the policy asks for it, owns every declaration that the pull request changes
 * or the steps come from. Whatever GitHub fails to answer is a reason against it.
 */
export async function readApprovals(github: GitHub, request: ApprovalRequest): Promise<Approval[]> {
  const { pull, guarded, baseRef } = request;
  const approvals: Approval[] = [];
  let known: { readonly policy: Policy; readonly labels: Map<string, LabelEvent> } | undefined;
  for (const [verdict, files] of guarded) {
    const answer = (allowed: boolean, reason: string) => approvals.push({ verdict, allowed, reason });
    try {
      known ??= {
        policy: await readPolicy(github, baseRef),
        labels: pull.labels.length > 0 ? await readLabelEvents(github, pull.number) : new Map(),
      };
      const label = known.policy.labels[verdict];
      const event = pull.labels.includes(label) ? known.labels.get(label) : undefined;
      const why = event && (await objection(github, request, known.policy, files, event));
      if (!event) answer(false, `nobody has set ${label}`);
      else if (why === undefined) answer(true, `@${event.actor?.login} set ${label}`);
      else answer(false, `${label} does not count: ${why}`);
    } catch (error) {
      answer(false, `this could not be checked: ${whyUnknown(error)}`);
    }
  }
  return approvals;
}
