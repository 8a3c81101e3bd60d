/** Settings of users, roles and profiles as declared go in; they come out as the server would store them. */
import { nearest } from '../model/nearest.ts';
import { ParseError } from '../sql/cursor.ts';
import {
  declareElements,
  describeElements,
  type Elements,
  type SettingDeclaration,
} from './access-settings.ts';
import type { Normaliser } from './kind.ts';
import { said } from './said.ts';
import { canonicalSetting } from './setting-value.ts';

/** Prefixes of a server's own settings are in no list of it, so it is asked about each name that is in none. */
async function typeOf(name: string, types: ReadonlyMap<string, string>, server: Normaliser): Promise<string> {
  const type = types.get(name);
  if (type !== undefined) return type;
  if (await server.takesSetting(name)) return '';
  const meant = nearest(name, [...types.keys()]);
  const hint = meant === undefined ? '' : `; did you mean \`${meant}\`?`;
  throw new ParseError(`the server knows no setting \`${name}\`${hint}`);
}

/** Throws `ParseError` for settings that the server does not know, and for values that it would not take. */
export async function canonicalSettings(
  settings: Elements['settings'],
  server: Normaliser,
): Promise<Elements['settings']> {
  if (Object.keys(settings).length === 0) return settings;
  const types = await server.settingTypes();
  const { settings: declared = new Map<string, SettingDeclaration>() } = describeElements({
    settings,
    profiles: undefined,
  });
  const canonical = await Promise.all(
    [...declared].map(async ([name, one]): Promise<[string, SettingDeclaration]> => {
      const type = await typeOf(name, types, server);
      const value = (text: string | undefined): string | undefined => {
        try {
          return text === undefined ? undefined : canonicalSetting(type, text);
        } catch (error) {
          if (!(error instanceof ParseError)) throw error;
          throw new ParseError(`setting ${name}: ${error.message}`);
        }
      };
      if (typeof one === 'string') return [name, value(one) ?? ''];
      return [name, said({ ...one, value: value(one.value), min: value(one.min), max: value(one.max) })];
    }),
  );
  return declareElements({ settings: Object.fromEntries(canonical) }).settings;
}
