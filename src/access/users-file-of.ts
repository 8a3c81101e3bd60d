/** Access objects as a server shows them that has them from its files go in; what its file says comes out, or why it can't. */
import { describeElements, type Elements } from '../kinds/access-settings.ts';
import { granteeOf, statementsWithoutGrantee } from '../kinds/grant-form.ts';
import type { Quota } from '../kinds/quota.ts';
import { parseInterval } from '../kinds/quota-interval.ts';
import { type RowPolicy, rowPolicyTarget } from '../kinds/row-policy.ts';
import type { User } from '../kinds/user.ts';
import { describeHosts } from '../kinds/user-hosts.ts';
import { describeMethods } from '../kinds/user-methods.ts';
import type { Tree } from '../model/object.ts';
import { Cursor } from '../sql/cursor.ts';
import { authenticationElements } from './authentication.ts';
import { STANDARD_PROFILE } from './held.ts';
import { KEYED_ELEMENTS } from './user-quotas.ts';
import type {
  Mistake,
  UsersFile,
  XmlElement,
  XmlFilter,
  XmlProfile,
  XmlQuota,
  XmlSetting,
  XmlUser,
} from './users-file.ts';
import { unwritableText } from './users-xml.ts';

const nameOf = ({ root }: Tree): string => root.id.path[0] ?? '';

const unquoted = (name: string): string => new Cursor(name).name();

/** Trees by a text of theirs, in their order. */
function grouped(trees: readonly Tree[], key: (tree: Tree) => string): ReadonlyMap<string, readonly Tree[]> {
  const found = new Map<string, Tree[]>();
  for (const tree of trees) {
    const others = found.get(key(tree));
    if (others) others.push(tree);
    else found.set(key(tree), [tree]);
  }
  return found;
}

function settingOf([name, declared]: readonly [string, unknown]): XmlSetting {
  const { value, min, max, writability } =
    typeof declared === 'object'
      ? (declared as Partial<Record<string, string>>)
      : { value: String(declared) };
  const written =
    writability === 'const' || writability === 'changeable_in_readonly' ? writability : undefined;
  return { name, value, min, max, writability: written };
}

function profileOf(tree: Tree): XmlProfile {
  const { settings = new Map(), profiles = [] } = describeElements(
    tree.root.attributes as unknown as Elements,
  );
  return { name: nameOf(tree), inherit: profiles, settings: [...settings].map(settingOf) };
}

/** The profile of the server's own files gets what is declared for all, and keeps what it says itself. */
function sharedProfile(tree: Tree, forAll: ReadonlySet<string>): XmlProfile {
  const { name, inherit } = profileOf(tree);
  return { name, inherit: inherit.filter((one) => forAll.has(one)), settings: [], isShared: true };
}

function quotaOf(tree: Tree): XmlQuota {
  const { keyedBy, intervals } = tree.root.attributes as Quota;
  const keyed = KEYED_ELEMENTS.get(keyedBy);
  return {
    name: nameOf(tree),
    keyed: keyed === '' ? undefined : keyed,
    intervals: intervals.map(parseInterval),
  };
}

function filterOf(tree: Tree): XmlFilter {
  const { database, table = '' } = rowPolicyTarget(tree);
  return { database, table, filter: (tree.root.attributes as RowPolicy).filter };
}

function networksOf({ hosts }: User): XmlUser['networks'] {
  const declared = describeHosts(hosts);
  if (declared === undefined || declared === 'any') return undefined;
  if (declared === 'none') return [];
  const list = (element: 'ip' | 'host' | 'host_regexp', values: readonly string[] = []) =>
    values.map((value) => [element, value] as const);
  return [
    ...(declared.local ? [['host', 'localhost'] as const] : []),
    ...list('ip', declared.ip),
    ...list('host', declared.name),
    ...list('host_regexp', declared.regexp),
  ];
}

/** By user: the quota that it has. */
function quotasByUser(quotas: readonly Tree[]): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  for (const tree of quotas) {
    const { to } = tree.root.attributes as Quota;
    if (to === 'NONE') continue;
    const cursor = new Cursor(to);
    do found.set(cursor.name(), nameOf(tree));
    while (cursor.takes(','));
  }
  return found;
}

function textsOf(element: XmlElement): string[] {
  return typeof element.content === 'string' ? [element.content] : element.content.flatMap(textsOf);
}

/** Every text of the tree that the file would hold. */
function textsIn(tree: Tree, user: XmlUser | undefined): string[] {
  const { kind } = tree.root.id;
  if (kind === 'grant') return [...statementsWithoutGrantee(tree)];
  if (kind === 'row policy') return Object.values(filterOf(tree));
  if (kind === 'settings profile')
    return profileOf(tree).settings.flatMap(({ value = '', min = '', max = '' }) => [value, min, max]);
  if (!user) return [];
  const networks = (user.networks ?? []).map(([, value]) => value);
  return [...user.authentication.flatMap(textsOf), ...networks, user.defaultDatabase ?? ''];
}

/** `forAll` are the profiles that everybody has, if there are any. Throws nothing: what a file can't hold is told beside it. */
export function usersFileOf(
  trees: readonly Tree[],
  forAll?: ReadonlySet<string>,
): {
  readonly file: UsersFile;
  readonly mistakes: readonly Mistake[];
} {
  const ordered = [...trees].sort((a, b) => (nameOf(a) < nameOf(b) ? -1 : 1));
  const byKind = grouped(ordered, ({ root }) => root.id.kind);
  const all = (kind: string): readonly Tree[] => byKind.get(kind) ?? [];
  const mistakes: Mistake[] = [];
  const grants = grouped(all('grant'), granteeOf);
  const filters = grouped(all('row policy'), ({ root }) => unquoted((root.attributes as RowPolicy).to));
  const quotas = quotasByUser(all('quota'));
  const grantsOf = (name: string): string[] => (grants.get(name) ?? []).flatMap(statementsWithoutGrantee);
  const users = all('user').map((tree): XmlUser => {
    const name = nameOf(tree);
    const user = tree.root.attributes as User;
    const authentication = authenticationElements([describeMethods(user.identified, [name])].flat());
    if ('reason' in authentication) mistakes.push({ tree, reason: authentication.reason });
    return {
      name,
      authentication: 'reason' in authentication ? [] : authentication,
      networks: networksOf(user),
      profile: user.profiles === undefined ? undefined : unquoted(user.profiles),
      quota: quotas.get(name),
      defaultDatabase: user.default_database,
      grants: grantsOf(name),
      filters: (filters.get(name) ?? []).map(filterOf),
    };
  });
  const byName = new Map(users.map((user) => [user.name, user]));
  for (const tree of ordered) {
    const texts = textsIn(tree, tree.root.id.kind === 'user' ? byName.get(nameOf(tree)) : undefined);
    const reason = texts.map(unwritableText).find((why) => why !== undefined);
    if (reason !== undefined) mistakes.push({ tree, reason });
  }
  const file = {
    users,
    roles: all('role').map((tree) => ({ name: nameOf(tree), grants: grantsOf(nameOf(tree)) })),
    profiles: all('settings profile').flatMap((tree): XmlProfile[] => {
      if (!forAll || nameOf(tree) !== STANDARD_PROFILE) return [profileOf(tree)];
      return forAll.size > 0 ? [sharedProfile(tree, forAll)] : [];
    }),
    quotas: all('quota').map(quotaOf),
  };
  return { file, mistakes };
}
