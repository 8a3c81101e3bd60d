/** Users with the roles that they have, and whom a policy, a quota or a profile reaches. */
import { describeNames } from '../kinds/access-names.ts';

/** A user, and every role that comes with those it was given. */
export interface Holder {
  readonly user: string;
  readonly roles: ReadonlySet<string>;
}

/** `given` has the roles that each user and role was given. */
export function holdersOf(users: readonly string[], given: ReadonlyMap<string, readonly string[]>): Holder[] {
  const reach = (name: string, roles: Set<string>): Set<string> => {
    for (const role of given.get(name) ?? []) {
      if (roles.has(role)) continue;
      roles.add(role);
      reach(role, roles);
    }
    return roles;
  };
  return users.map((user) => ({ user, roles: reach(user, new Set()) }));
}

/** The holders that `to`, as a statement says it, applies to. */
export function reached(to: string, holders: readonly Holder[]): Holder[] {
  const names = describeNames(to);
  if (names === 'none') return [];
  if (typeof names === 'string') return [...holders];
  const isExcept = 'all_except' in names;
  const listed = new Set(isExcept ? names.all_except : names);
  return holders.filter(
    ({ user, roles }) => (listed.has(user) || [...roles].some((role) => listed.has(role))) !== isExcept,
  );
}

/** Why a file can't say `to`: it reaches nobody but its own users. Undefined where it can. */
export function unreachable(to: string, known: ReadonlySet<string>): string | undefined {
  const names = describeNames(to);
  if (names === 'none') return undefined;
  if (typeof names === 'string' || 'all_except' in names)
    return 'it is meant for all, and a configuration file reaches its own users only; name users and roles';
  const stranger = names.find((name) => !known.has(name));
  if (stranger === undefined) return undefined;
  return `\`${stranger}\` is no user or role that is declared for this cluster`;
}
