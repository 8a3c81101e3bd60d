/** Settings of users and roles as declared go in; each user comes out with the one profile that a configuration file gives it. */
import { describeElements, type Elements } from '../kinds/access-settings.ts';
import type { SettingsProfile } from '../kinds/settings-profile.ts';
import type { Tree } from '../model/object.ts';
import { identifier } from '../sql/quote.ts';
import { type Holder, reached, unreachable } from './holders.ts';
import type { Configured, Mistake } from './users-file.ts';

const elementsOf = ({ root }: Tree): Elements => root.attributes as unknown as Elements;

const nameOf = ({ root }: Tree): string => root.id.path[0] ?? '';

const hasSettings = (tree: Tree): boolean => Object.keys(elementsOf(tree).settings).length > 0;

const inheritedBy = (tree: Tree): readonly string[] => describeElements(elementsOf(tree)).profiles ?? [];

/** Nobody says `TO` in a configuration file. */
function configuredProfile(
  name: string,
  settings: Elements['settings'],
  inherit: readonly string[],
  { root: { place } }: Tree,
): Tree {
  const attributes: SettingsProfile = {
    settings,
    profiles: inherit.map(identifier).join(', ') || undefined,
    to: 'NONE',
    storage: 'users_xml',
  };
  return {
    root: { id: { kind: 'settings profile', path: [name] }, attributes, ...(place && { place }) },
    parts: [],
  };
}

/** What a role brings along stands in a profile of its own, which its users inherit. */
const roleProfile = (role: Tree): Tree[] =>
  hasSettings(role) || inheritedBy(role).length > 0
    ? [
        configuredProfile(
          `settings_of_role_${nameOf(role)}`,
          elementsOf(role).settings,
          inheritedBy(role),
          role,
        ),
      ]
    : [];

const without = (tree: Tree, profiles: string | undefined): Tree => ({
  root: {
    ...tree.root,
    attributes: { ...tree.root.attributes, settings: {}, profiles, storage: 'users_xml' },
  },
  parts: [],
});

/**
 * In the order in which servers merge settings: profiles that are applied to the user, then what its roles bring, then its own.
 */
export function userProfiles(
  declared: {
    readonly users: readonly Tree[];
    readonly roles: readonly Tree[];
    readonly profiles: readonly Tree[];
  },
  holders: readonly Holder[],
  known: ReadonlySet<string>,
): Configured {
  const profileTo = ({ root }: Tree): string => (root.attributes as SettingsProfile).to;
  const ofRoles = new Map(declared.roles.map((role) => [nameOf(role), roleProfile(role)]));
  const held = new Map(holders.map((holder) => [holder.user, holder]));
  const applied = new Map(holders.map(({ user }) => [user, [] as string[]]));
  // Those for all come with the profile that everybody begins with.
  for (const profile of declared.profiles.filter((one) => profileTo(one) !== 'ALL'))
    for (const { user } of reached(profileTo(profile), holders)) applied.get(user)?.push(nameOf(profile));
  const users = declared.users.flatMap((user): Tree[] => {
    const roles = [...(held.get(nameOf(user))?.roles ?? [])].sort();
    const brought = roles.flatMap((role) => (ofRoles.get(role) ?? []).map(nameOf));
    const inherit = [
      ...new Set([...(applied.get(nameOf(user)) ?? []).sort(), ...brought, ...inheritedBy(user)]),
    ];
    if (!hasSettings(user) && inherit.length < 2) return [without(user, inherit.map(identifier)[0])];
    const own = configuredProfile(
      `settings_of_user_${nameOf(user)}`,
      elementsOf(user).settings,
      inherit,
      user,
    );
    return [own, without(user, identifier(nameOf(own)))];
  });
  const mistakes = declared.profiles.flatMap((tree): Mistake[] => {
    const reason = profileTo(tree) === 'ALL' ? undefined : unreachable(profileTo(tree), known);
    return reason === undefined ? [] : [{ tree, reason }];
  });
  return {
    trees: [
      ...declared.profiles.map((tree) =>
        configuredProfile(nameOf(tree), elementsOf(tree).settings, inheritedBy(tree), tree),
      ),
      ...[...ofRoles.values()].flat(),
      ...declared.roles.map((role) => without(role, undefined)),
      ...users,
    ],
    mistakes,
  };
}
