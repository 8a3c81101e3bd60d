/** Settings profiles: settings with constraints that users and roles have in common; changed in one statement. */
import type { Tree } from '../model/object.ts';
import { Cursor } from '../sql/cursor.ts';
import { identifier } from '../sql/quote.ts';
import { declareNames, describeNames, type NamesDeclaration, namesOfRow, readNames } from './access-names.ts';
import { isReadOnly, rowsBy, storageText, storageWords, textOf } from './access-row.ts';
import { accessRule, accessStatement, readStorage } from './access-rule.ts';
import {
  declareElements,
  describeElements,
  type Elements,
  type ElementsDeclaration,
  elementsOfRows,
  elementsText,
  readElements,
  sameSettings,
} from './access-settings.ts';
import { canonicalSettings } from './canonical-settings.ts';
import type { RootKind } from './kind.ts';
import { said } from './said.ts';

export type SettingsProfile = Elements &
  Readonly<{
    to: string;
    /** Where no statement changes it. */
    storage: string | undefined;
  }>;

interface SettingsProfileDeclaration extends Pick<ElementsDeclaration, 'settings'> {
  readonly name: string;
  readonly inherit?: readonly string[];
  readonly to?: NamesDeclaration;
}

const profileOf = ({ root }: Tree): SettingsProfile => root.attributes as SettingsProfile;

const nameOf = ({ root }: Tree): string => identifier(root.id.path[0] ?? '');

function createText(tree: Tree): string {
  const profile = profileOf(tree);
  const storage = storageWords(profile.storage);
  return `CREATE SETTINGS PROFILE ${nameOf(tree)}${storage}${elementsText(profile, 'INHERIT')} TO ${profile.to}`;
}

function readProfile(text: string, id: Tree['root']['id']): Tree {
  const cursor = new Cursor(text);
  cursor.expect('CREATE SETTINGS PROFILE');
  cursor.name();
  const storage = readStorage(cursor);
  const elements = readElements(cursor, 'INHERIT');
  cursor.expect('TO');
  const to = readNames(cursor);
  if (!cursor.ended) cursor.fail('the end');
  return { root: { id, attributes: { ...elements, to, storage } }, parts: [] };
}

export const settingsProfile: RootKind<SettingsProfile> = {
  name: 'settings profile',
  document: 'SettingsProfile',
  attributes: {
    settings: accessRule(sameSettings),
    profiles: accessRule(),
    to: accessRule(),
    storage: 'ignore',
  },
  declare(declared) {
    const { name, settings, inherit, to = 'none' } = declared.value as SettingsProfileDeclaration;
    const place = declared.place();
    const elements = declareElements({
      ...(settings && { settings }),
      ...(inherit && { profiles: inherit }),
    });
    const attributes = { ...elements, to: declareNames(to), storage: undefined };
    const id = { kind: 'settings profile', path: [name] };
    return { root: { id, attributes, ...(place && { place }) }, parts: [] };
  },
  async read(server) {
    const [profiles, elements] = await Promise.all([
      server.access('settings_profiles'),
      server.access('settings_profile_elements'),
    ]);
    const byProfile = rowsBy(elements, 'profile_name');
    return profiles.map((row) => {
      const name = textOf(row, 'name') ?? '';
      const settings = elementsOfRows(byProfile.get(name) ?? [], 'INHERIT');
      const to = namesOfRow(row, 'apply_to');
      return {
        id: { kind: 'settings profile', path: [name] },
        statement: `CREATE SETTINGS PROFILE ${identifier(name)}${storageText(row)}${settings} TO ${to}`,
      };
    });
  },
  comesWithServer: isReadOnly,
  parse: (live) => readProfile(live.statement, live.id),
  async normalise(tree, server) {
    const settings = await canonicalSettings(profileOf(tree).settings, server);
    return { root: { ...tree.root, attributes: { ...tree.root.attributes, settings } }, parts: [] };
  },
  create: (to) => accessStatement(createText(to), `new settings for ${profileOf(to).to}`),
  // What is not said behind SETTINGS is gone after the statement; NONE takes everything away.
  alter(to) {
    const elements = elementsText(profileOf(to), 'INHERIT') || ' SETTINGS NONE';
    const text = `ALTER SETTINGS PROFILE ${nameOf(to)}${elements} TO ${profileOf(to).to}`;
    return [accessStatement(text, 'other settings, or for others')];
  },
  drop: (from) =>
    accessStatement(
      `DROP SETTINGS PROFILE ${nameOf(from)}`,
      'its limits hold no more, and who inherits it is left without them',
      'destructive',
    ),
  describe(tree) {
    const { settings, profiles } = describeElements(profileOf(tree));
    const { to } = profileOf(tree);
    return said({
      name: tree.root.id.path[0],
      settings,
      inherit: profiles,
      to: to === 'NONE' ? undefined : describeNames(to),
    });
  },
};
