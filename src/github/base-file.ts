/** A path and a commit or branch go in; the text of that file in the repository, or that there is none, comes out. */
import { PlumblineError } from '../model/errors.ts';
import { GitHubError } from './api-error.ts';
import type { GitHub } from './client.ts';

/** GitHub lists no more entries of a folder than this. */
const LISTED = 1000;

/**
 * GitHub answers 404 both for a file that is not there and for a commit or repository that the token may not see; only where
 * the root folder can be listed does it mean that the file is not there.
 */
async function assertReadable(github: GitHub, ref: string, path: string): Promise<void> {
  const { owner, name: repo } = github.repository;
  const { data } = await github.rest.repos.getContent({ owner, repo, path: '', ref });
  const isThere = !Array.isArray(data) || data.some((entry) => entry.path === path);
  if (isThere || data.length >= LISTED) {
    throw new PlumblineError(`Whether ${path} is in the repository at ${ref} can't be told.`);
  }
}

/** Undefined when the file is not there. Throws a GitHubError or PlumblineError whenever that is not certain. */
export async function readBaseFile(github: GitHub, ref: string, path: string): Promise<string | undefined> {
  const { owner, name: repo } = github.repository;
  let answer: Awaited<ReturnType<typeof github.rest.repos.getContent>>;
  try {
    answer = await github.rest.repos.getContent({ owner, repo, path, ref });
  } catch (error) {
    if (!(error instanceof GitHubError) || error.status !== 404) throw error;
    await assertReadable(github, ref, path);
    return undefined;
  }
  const { data } = answer;
  // Files over 1 MiB come without content, with the encoding `none`.
  if (Array.isArray(data) || data.type !== 'file' || !('content' in data) || data.encoding !== 'base64') {
    throw new PlumblineError(`${path} at ${ref} is no file of at most 1 MiB.`);
  }
  return Buffer.from(data.content, 'base64').toString('utf8');
}
