/** Profiles that all users have, and the profile of the server that all begin with, go in; that profile comes out as it will be. */
import { describeElements, type Elements } from '../kinds/access-settings.ts';
import type { SettingsProfile } from '../kinds/settings-profile.ts';
import type { Tree } from '../model/object.ts';
import { identifier } from '../sql/quote.ts';
import { STANDARD_PROFILE } from './held.ts';
import type { Configured, Mistake } from './users-file.ts';

/** What the server shows of it. */
export interface Standard {
  /** Undefined where no configuration file of the server has it. */
  readonly live: Tree | undefined;
  /** The profiles that it inherits by the file that was delivered last. */
  readonly held: readonly string[];
}

const elementsOf = ({ root }: Tree): Elements => root.attributes as unknown as Elements;

const nameOf = ({ root }: Tree): string => root.id.path[0] ?? '';

const isForAll = ({ root }: Tree): boolean => (root.attributes as SettingsProfile).to === 'ALL';

function mistakeOf(
  profile: Tree,
  settings: Elements['settings'],
  others: readonly string[],
): string | undefined {
  const said = Object.keys(elementsOf(profile).settings).find((name) => name in settings);
  if (said !== undefined)
    return `the profile \`${STANDARD_PROFILE}\` of the server says \`${said}\` itself, and that would count; take it out there`;
  const [other] = others;
  if (other === undefined) return undefined;
  return `the profile \`${STANDARD_PROFILE}\` of the server inherits \`${other}\` already, and a file can't add another; inherit it there`;
}

/** Nothing where nobody declares profiles for all, and none was there. */
export function standardProfile(profiles: readonly Tree[], { live, held }: Standard): Configured {
  const forAll = profiles.filter(isForAll);
  const [first] = forAll;
  if (!live) {
    if (!first) return { trees: [], mistakes: [] };
    const reason = `it is meant for all, and no file of this server has the profile \`${STANDARD_PROFILE}\`, which all begin with`;
    return { trees: [], mistakes: [{ tree: first, reason }] };
  }
  const inherited = describeElements(elementsOf(live)).profiles ?? [];
  const names = forAll.map(nameOf).sort();
  if (!first && !held.some((name) => inherited.includes(name))) return { trees: [], mistakes: [] };
  const ours = new Set([...held, ...profiles.map(nameOf)]);
  const others = inherited.filter((name) => !ours.has(name));
  const { settings } = elementsOf(live);
  const mistakes = forAll.flatMap((tree): Mistake[] => {
    const reason = mistakeOf(tree, settings, others);
    return reason === undefined ? [] : [{ tree, reason }];
  });
  const attributes: SettingsProfile = {
    settings,
    profiles: [...others, ...names].map(identifier).join(', ') || undefined,
    to: 'NONE',
    storage: 'users_xml',
  };
  const place = first?.root.place;
  const id = { kind: 'settings profile', path: [STANDARD_PROFILE] };
  const tree: Tree = { root: { id, attributes, ...(place && { place }) }, parts: [] };
  return { trees: [tree], mistakes, forAll: new Set(names) };
}
