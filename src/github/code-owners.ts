/** The text of a CODEOWNERS file goes in; who owns a path comes out. */
import ignore, { type Ignore } from 'ignore';

interface Rule {
  readonly pattern: Ignore;
  /** Whether it matches what lies directly in a folder only: `docs/*`. */
  readonly shallow: boolean;
  /** `@user`, `@org/team` or an address; empty where the file says that nobody owns it. */
  readonly owners: readonly string[];
}

/** What gitignore has and CODEOWNERS does not; GitHub skips a line with any of it. */
const UNSUPPORTED = /^!|^\\#|(?<!\\)[[\]]/;

const OWNER = /^(?:@[\w-]+(?:\/[\w.-]+)?|[^\s@]+@[^\s@]+)$/;

function readRule(line: string): Rule | undefined {
  const words = line.match(/(?:\\.|[^\s\\])+/g) ?? [];
  const comment = words.findIndex((word) => word.startsWith('#'));
  const [pattern, ...owners] = comment < 0 ? words : words.slice(0, comment);
  if (pattern === undefined || UNSUPPORTED.test(pattern)) return undefined;
  if (owners.some((owner) => !OWNER.test(owner))) return undefined;
  return {
    pattern: ignore({ ignorecase: false }).add(pattern),
    shallow: /(?<!\*\*)\/\*$/.test(pattern),
    owners,
  };
}

function matches({ pattern, shallow }: Rule, path: string): boolean {
  if (!pattern.ignores(path)) return false;
  const folder = path.slice(0, path.lastIndexOf('/') + 1);
  // For gitignore a folder that matches takes all that is in it along; in CODEOWNERS `docs/*` does not reach further down.
  return !shallow || folder === '' || !pattern.ignores(folder);
}

export interface CodeOwners {
  /** The owners that the last matching line names; none when no line matches, or that line names none. */
  ownersOf(path: string): readonly string[];
}

/**
 * Reads it as GitHub does (https://docs.github.com/en/repositories/managing-your-repositorys-settings-and-features/customizing-your-repository/about-code-owners):
 * the last matching pattern wins, case counts, and lines with invalid syntax are skipped. Paths are relative to the repository.
 */
export function parseCodeOwners(text: string): CodeOwners {
  const rules = text.split(/\r?\n/).flatMap((line) => readRule(line) ?? []);
  return {
    ownersOf: (path) => rules.findLast((rule) => matches(rule, path))?.owners ?? [],
  };
}
