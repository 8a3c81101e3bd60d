/** Reads the value of a credential at the moment it is needed: from the environment or from a file. */
import { readFileSync } from 'node:fs';
import { PlumblineError } from '../model/errors.ts';
import type { Credential } from '../model/estate.ts';

/** Throws a PlumblineError that names the variable or file, never a value. */
export function resolveCredential(credential: Credential, whose: string): string {
  if ('plain' in credential) return credential.plain;
  if ('env' in credential) {
    const value = process.env[credential.env];
    if (value === undefined) {
      throw new PlumblineError(`${whose}: the environment variable ${credential.env} is not set.`);
    }
    return value;
  }
  try {
    return readFileSync(credential.file, 'utf8').trimEnd();
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new PlumblineError(`${whose}: the file ${credential.file} can't be read (${code}).`);
  }
}
