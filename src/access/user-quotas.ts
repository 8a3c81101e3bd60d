/** Quotas as declared go in; those that a configuration file can say come out, each with the users that have it. */
import { nameList } from '../kinds/access-names.ts';
import type { Quota } from '../kinds/quota.ts';
import { parseInterval } from '../kinds/quota-interval.ts';
import { showPath, type Tree } from '../model/object.ts';
import { type Holder, reached, unreachable } from './holders.ts';
import type { Configured, Mistake, XmlQuota } from './users-file.ts';

const quotaOf = ({ root }: Tree): Quota => root.attributes as Quota;

/** By what is counted apart: the element that says so. */
export const KEYED_ELEMENTS: ReadonlyMap<string, XmlQuota['keyed'] | ''> = new Map([
  ['user_name', ''],
  ['client_key, user_name', 'keyed'],
  ['ip_address', 'keyed_by_ip'],
  ['forwarded_ip_address', 'keyed_by_forwarded_ip'],
]);

/** In seconds: a server that finds more in its file does not start. */
const LONGEST = 2 ** 31 - 1;

/** A quota that one user has alone counts for this user anyway. */
const keysFor = (keyedBy: string, users: readonly string[]): string =>
  keyedBy === 'none' && users.length < 2 ? 'user_name' : keyedBy;

function mistakeOf(tree: Tree, users: readonly string[], known: ReadonlySet<string>): string | undefined {
  const { keyedBy, intervals, to } = quotaOf(tree);
  if (keyedBy === 'none' && users.length > 1)
    return 'a configuration file counts every user apart; say `keyed_by: user_name`, or give it to one user';
  if (!KEYED_ELEMENTS.has(keysFor(keyedBy, users)))
    return `a configuration file can not count by \`${keyedBy.split(', ').join('_or_')}\``;
  const parsed = intervals.map(parseInterval);
  if (parsed.some(({ limits }) => Object.values(limits).some((most) => Number(most) === 0)))
    return 'a limit of 0 means no limit in a configuration file';
  if (parsed.some(({ seconds }) => seconds > LONGEST))
    return 'a configuration file can not hold intervals of more than 68 years';
  return unreachable(to, known);
}

export function userQuotas(
  quotas: readonly Tree[],
  holders: readonly Holder[],
  known: ReadonlySet<string>,
): Configured {
  const mistakes: Mistake[] = [];
  const limitedBy = new Map<string, Tree>();
  const trees = quotas.map((tree): Tree => {
    const { keyedBy, to } = quotaOf(tree);
    const users = reached(to, holders).map(({ user }) => user);
    const reason = mistakeOf(tree, users, known);
    if (reason !== undefined) mistakes.push({ tree, reason });
    for (const user of users) {
      const other = limitedBy.get(user);
      if (other) {
        const why = `\`${user}\` has the quota ${showPath(other.root.id.path)} already, and a configuration file knows one for each user`;
        mistakes.push({ tree, reason: why });
      }
      limitedBy.set(user, tree);
    }
    const attributes = {
      ...tree.root.attributes,
      keyedBy: keysFor(keyedBy, users),
      to: nameList(users) || 'NONE',
      storage: 'users_xml',
    };
    return { root: { ...tree.root, attributes }, parts: [] };
  });
  return { trees, mistakes };
}
