/** A person and some declarations go in; why the person does not own all of them, if so, comes out. */
import { GitHubError } from './api-error.ts';
import { readBaseFile } from './base-file.ts';
import type { GitHub } from './client.ts';
import { type CodeOwners, parseCodeOwners } from './code-owners.ts';

/** GitHub reads the first of these. */
const PLACES = ['.github/CODEOWNERS', 'CODEOWNERS', 'docs/CODEOWNERS'];

async function readCodeOwners(github: GitHub, baseRef: string): Promise<CodeOwners | undefined> {
  for (const path of PLACES) {
    const text = await readBaseFile(github, baseRef, path);
    if (text !== undefined) return parseCodeOwners(text);
  }
  return undefined;
}

type Membership = 'member' | 'no member' | 'unknown';

async function membershipOf(github: GitHub, owner: string, login: string): Promise<Membership> {
  const [org = '', team_slug = ''] = owner.slice(1).split('/');
  if (org.toLowerCase() !== github.repository.owner.toLowerCase()) return 'no member';
  try {
    const { data } = await github.rest.teams.getMembershipForUserInOrg({ org, team_slug, username: login });
    return data.state === 'active' ? 'member' : 'no member';
  } catch (error) {
    // A token without the organization permission `members: read` gets 403, or 404 as for somebody who is no member.
    if (error instanceof GitHubError && [403, 404].includes(error.status)) return 'unknown';
    throw error;
  }
}

/**
 * Undefined when the person owns every one of the paths according to CODEOWNERS at the given commit or branch; else the reason.
 * Teams need a token that may read the organization's members; addresses are never taken for a person. Throws a GitHubError
 * or PlumblineError when GitHub fails.
 */
export async function missingOwnership(
  github: GitHub,
  baseRef: string,
  login: string,
  paths: readonly string[],
): Promise<string | undefined> {
  if (paths.length === 0) return 'which declarations it is about can not be told';
  const codeOwners = await readCodeOwners(github, baseRef);
  if (!codeOwners) return 'the policy asks for code owners, and the base branch has no CODEOWNERS';
  const known = new Map<string, Membership>();
  const isOwner = async (owner: string): Promise<Membership> => {
    if (!owner.startsWith('@')) return 'unknown';
    if (!owner.includes('/')) {
      return owner.slice(1).toLowerCase() === login.toLowerCase() ? 'member' : 'no member';
    }
    const membership = known.get(owner) ?? (await membershipOf(github, owner, login));
    known.set(owner, membership);
    return membership;
  };
  for (const path of paths) {
    const owners = codeOwners.ownersOf(path);
    if (owners.length === 0) return `CODEOWNERS names nobody for ${path}`;
    const found: Membership[] = [];
    for (const owner of owners) {
      found.push(await isOwner(owner));
      if (found.at(-1) === 'member') break;
    }
    if (found.includes('member')) continue;
    const unknown = owners.filter((_owner, at) => found[at] === 'unknown');
    const hint =
      unknown.length > 0 ? `; whether that is so for ${unknown.join(', ')} this token can't tell` : '';
    return `${path} is owned by ${owners.join(', ')}, and @${login} is not among them${hint}`;
  }
  return undefined;
}
