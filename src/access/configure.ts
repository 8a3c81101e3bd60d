/** The access objects declared for a cluster go in; those that its servers show once they have them from a file come out. */
import { describeNames } from '../kinds/access-names.ts';
import { granteeOf, rolesGranted } from '../kinds/grant-form.ts';
import type { User } from '../kinds/user.ts';
import { describeMethods } from '../kinds/user-methods.ts';
import { wholeSql } from '../kinds/whole-sql.ts';
import { nameKey, showPath, type Tree } from '../model/object.ts';
import { ParseError } from '../sql/cursor.ts';
import { type Holder, holdersOf } from './holders.ts';
import { userFilters } from './row-filters.ts';
import { type Standard, standardProfile } from './standard-profile.ts';
import { userProfiles } from './user-profiles.ts';
import { userQuotas } from './user-quotas.ts';
import type { Configured, Mistake } from './users-file.ts';
import { unwritableName } from './users-xml.ts';

export interface Around {
  /** The user that Plumbline itself signs in as. */
  readonly signedInAs: string;
  /** Profiles of other files of the server, which those of this file may inherit. */
  readonly profiles: ReadonlySet<string>;
  /** Whether its servers know several methods for one user. */
  readonly severalMethods: boolean;
  /** The profile that all users begin with. */
  readonly standard: Standard;
}

const nameOf = ({ root }: Tree): string => root.id.path[0] ?? '';

const userOf = ({ root }: Tree): User => root.attributes as User;

/** Roles that are all switched on at the beginning are those that a file gives. */
function hasOtherDefaults(tree: Tree, granted: ReadonlySet<string>): boolean {
  const names = describeNames(userOf(tree).default_roles);
  if (names === 'all' || names === 'any') return false;
  if (names === 'none') return granted.size > 0;
  return 'all_except' in names
    ? names.all_except.some((role) => granted.has(role))
    : [...granted].some((role) => !names.includes(role));
}

function userMistake(tree: Tree, granted: ReadonlySet<string>, around: Around): string | undefined {
  const user = userOf(tree);
  const methods = [describeMethods(user.identified, [nameOf(tree)])].flat();
  if (nameOf(tree) === around.signedInAs)
    return 'Plumbline signs in as this user; its file must not say what that user may do';
  if (user.valid_until !== undefined) return 'a configuration file has no word for `valid_until`';
  if (user.grantees !== 'ANY') return 'a configuration file has no word for `grantees`';
  if (/\bLIKE\b/.test(user.hosts.replace(/'(?:[^'\\]|\\.)*'/g, '')))
    return 'a configuration file has no word for `hosts: { like: … }`; use `regexp`';
  if (hasOtherDefaults(tree, granted))
    return 'in a configuration file all roles of a user are switched on; leave `default_roles` out, or name all of them';
  if (methods.length > 1 && !around.severalMethods)
    return 'configuration files of servers before 26.7 know one method for each user';
  return undefined;
}

const fromFile = (tree: Tree, changed: object = {}): Tree => ({
  root: { ...tree.root, attributes: { ...tree.root.attributes, ...changed, storage: 'users_xml' } },
  parts: [],
});

/** Profiles that nobody declares, without which a server would refuse the whole file. */
function strangeProfiles(trees: readonly Tree[], others: ReadonlySet<string>): Mistake[] {
  const profiles = trees.filter(({ root }) => root.id.kind === 'settings profile');
  const known = new Set([...profiles.map(nameOf), ...others]);
  return trees.flatMap((tree): Mistake[] => {
    const { profiles: inherited } = tree.root.attributes;
    const names = typeof inherited === 'string' ? describeNames(inherited) : [];
    const stranger = Array.isArray(names) ? names.find((name) => !known.has(name)) : undefined;
    if (stranger === undefined) return [];
    return [{ tree, reason: `no settings profile is called \`${stranger}\`` }];
  });
}

/** What stands for the settings of a user or role has a name that a declared profile may have too. */
function twice(trees: readonly Tree[]): Mistake[] {
  const seen = new Set<string>();
  return trees.flatMap((tree): Mistake[] => {
    const key = nameKey(tree.root.id);
    if (!seen.has(key)) {
      seen.add(key);
      return [];
    }
    return [{ tree, reason: 'another object of the file needs this name; give it another one' }];
  });
}

function grantMistake(
  tree: Tree,
  users: ReadonlySet<string>,
  roles: ReadonlySet<string>,
): string | undefined {
  const grantee = granteeOf(tree);
  if (!users.has(grantee) && !roles.has(grantee))
    return `\`${grantee}\` is no user or role that is declared for this cluster`;
  const stranger = rolesGranted(tree).find((role) => !roles.has(role));
  return stranger === undefined
    ? undefined
    : `no role that is declared for this cluster is called \`${stranger}\``;
}

function readable(trees: readonly Tree[], mistakes: Mistake[]): Tree[] {
  return trees.flatMap((tree): Tree[] => {
    try {
      return [wholeSql(tree)];
    } catch (error) {
      if (!(error instanceof ParseError)) throw error;
      mistakes.push({ tree, reason: error.message });
      return [];
    }
  });
}

const NAMED = new Set(['user', 'role', 'quota', 'settings profile']);

export function configure(declared: readonly Tree[], around: Around): Configured {
  const mistakes: Mistake[] = [];
  const trees = readable(declared, mistakes);
  const all = (kind: string): Tree[] => trees.filter(({ root }) => root.id.kind === kind);
  const [users, roles, grants] = [all('user'), all('role'), all('grant')];
  const [userNames, roleNames] = [new Set(users.map(nameOf)), new Set(roles.map(nameOf))];
  const known = new Set([...userNames, ...roleNames]);
  const given = new Map<string, string[]>();
  for (const grant of grants)
    given.set(granteeOf(grant), [...(given.get(granteeOf(grant)) ?? []), ...rolesGranted(grant)]);
  const holders: Holder[] = holdersOf([...userNames], given);
  const note = (tree: Tree, reason: string | undefined): void => {
    if (reason !== undefined) mistakes.push({ tree, reason });
  };
  for (const tree of trees)
    if (NAMED.has(tree.root.id.kind)) note(tree, unwritableName(showPath(tree.root.id.path)));
  for (const tree of users) note(tree, userMistake(tree, new Set(given.get(nameOf(tree))), around));
  for (const tree of grants) note(tree, grantMistake(tree, userNames, roleNames));
  const plainUsers = users.map((tree) => fromFile(tree, { default_roles: 'ALL' }));
  const parts: Configured[] = [
    userProfiles({ users: plainUsers, roles, profiles: all('settings profile') }, holders, known),
    standardProfile(all('settings profile'), around.standard),
    userQuotas(all('quota'), holders, known),
    userFilters(all('row policy'), holders, known),
  ];
  const configured = [...parts.flatMap((part) => part.trees), ...grants.map((tree) => fromFile(tree))];
  const forAll = parts.find((part) => part.forAll)?.forAll;
  return {
    trees: configured,
    ...(forAll && { forAll }),
    mistakes: [
      ...mistakes,
      ...parts.flatMap((part) => part.mistakes),
      ...strangeProfiles(configured, around.profiles),
      ...twice(configured),
    ],
  };
}
