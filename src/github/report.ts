/** What became of a merge goes in; it comes out as a comment of its own on the pull request. */
import { PlumblineError } from '../model/errors.ts';
import type { GitHub } from './client.ts';
import { BODY_LIMIT } from './comment.ts';
import { createOnce, NO_RETRIES } from './create-once.ts';

export interface Report {
  /** The pull request's number. */
  readonly number: number;
  /** The estate's folder inside the repository, `.` for its root. */
  readonly estate: string;
  /** The workflow run's `runId`: a run reports once about an estate. */
  readonly runId: string;
  /** Markdown. */
  readonly text: string;
}

/**
 * Posts a new comment and gives its address. The plan's comment is left alone: it is sealed, and nobody is notified of an
 * edit. One request; after a fault it looks whether the comment is there before it posts again. Throws a GitHubError, and a
 * PlumblineError for a text that GitHub would not take.
 */
export async function postReport(github: GitHub, { number, estate, runId, text }: Report): Promise<string> {
  const { owner, name: repo } = github.repository;
  const issue = { owner, repo, issue_number: number };
  const marker = `<!-- plumbline:report:1 estate=${encodeURIComponent(estate)} run=${encodeURIComponent(runId)} -->`;
  const body = `${marker}\n\n${text.trim()}`;
  if (body.length > BODY_LIMIT) {
    throw new PlumblineError(`The report has ${body.length} characters; GitHub takes ${BODY_LIMIT}.`);
  }
  return await createOnce(
    async () =>
      (await github.rest.issues.createComment({ ...issue, body, request: NO_RETRIES })).data.html_url,
    async () => {
      const login = await github.login();
      const all = await github.paginate(github.rest.issues.listComments, { ...issue, per_page: 100 });
      return all.find((one) => one.user?.login === login && one.body?.startsWith(marker))?.html_url;
    },
  );
}
