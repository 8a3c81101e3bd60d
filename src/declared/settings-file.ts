/** The estate's folder goes in; the settings of the repository it lies in come out. */
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { PlumblineError } from '../model/errors.ts';
import { errorCode } from './listing.ts';
import { readSettingsText, SETTINGS_FILE, type Settings } from './settings-text.ts';

/** The nearest file, from the estate's folder up to the root of its repository; undefined where there is none. */
function findFile(folder: string): string | undefined {
  const file = join(folder, SETTINGS_FILE);
  if (existsSync(file)) return file;
  const parent = dirname(folder);
  return existsSync(join(folder, '.git')) || parent === folder ? undefined : findFile(parent);
}

function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw new PlumblineError(`${file} can't be read (${errorCode(error)}).`);
  }
}

export interface EstateSettings extends Settings {
  /** Whether they stand in the estate's own folder, and so hold for no other estate. */
  readonly isOwn: boolean;
}

/** Throws a DeclarationError for mistakes in it, and a PlumblineError where it can't be read. */
export function readSettings(estate: string): EstateSettings {
  const folder = resolve(estate);
  const file = findFile(folder);
  if (file === undefined) return { ...readSettingsText(''), isOwn: true };
  const name = relative(folder, file).replaceAll('\\', '/');
  return { ...readSettingsText(readText(file), name), isOwn: name === SETTINGS_FILE };
}
