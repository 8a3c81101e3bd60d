/** A commit of the repository goes in; what its `plumbline.yaml` asks for before guarded steps run comes out. */
import { readSettingsText, SETTINGS_FILE } from '../declared/settings-text.ts';
import type { Policy } from '../model/review.ts';
import { readBaseFile } from './base-file.ts';
import type { GitHub } from './client.ts';

/**
 * The policy at a commit or branch that has none of the pull request's own commits: whoever asks for a permission must not
 * also write who gives it. Before the merge that is the base branch; after it, the commit before the push. The defaults
 * where there is no such file; throws a GitHubError, PlumblineError or DeclarationError whenever it can't be told.
 */
export async function readPolicy(github: GitHub, baseRef: string): Promise<Policy> {
  return readSettingsText((await readBaseFile(github, baseRef, SETTINGS_FILE)) ?? '').policy;
}
