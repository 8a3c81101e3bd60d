/** A server's folder goes in; the environment variables that its users' file takes secrets from come out, each with a value. */
import { createHash, randomBytes } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { USERS_FILE } from '../model/node-file.ts';

const hex = (algorithm: string, text: string | Buffer): string =>
  createHash(algorithm).update(text).digest('hex');

const isHash = (text: string, digits: number): boolean => text.length === digits && /^[0-9a-f]+$/i.test(text);

const nobodysSecret = (): string => randomBytes(32).toString('hex');

/** By element of the file: what its variable must hold for a password. A hash stays as it is. */
const VALUES: ReadonlyMap<string, (secret: string) => string> = new Map([
  ['password_sha256_hex', (secret) => (isHash(secret, 64) ? secret : hex('sha256', secret))],
  [
    'password_double_sha1_hex',
    (secret) => (isHash(secret, 40) ? secret : hex('sha1', createHash('sha1').update(secret).digest())),
  ],
]);

/** Text of a variable is read as XML. */
const escaped = (text: string): string => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');

function valueFor(element: string, secret: string): string {
  const value = VALUES.get(element);
  if (value) return value(secret);
  if (!element.endsWith('_hex')) return escaped(secret);
  // Hashes with a salt can't be made of a password here.
  return /^[0-9a-f]+$/i.test(secret) ? secret : nobodysSecret();
}

const FROM_ENVIRONMENT = /<(\w+) from_env="(\w+)"/g;

/**
 * A server whose environment lacks a variable of the file does not start, so one that nobody set gets a value that nobody knows:
 * its user can't sign in.
 */
export function serverSecrets(
  folder: string,
  environment: Readonly<Record<string, string | undefined>>,
): Record<string, string> {
  const file = join(folder, USERS_FILE);
  if (!existsSync(file)) return {};
  const found: Record<string, string> = {};
  for (const [, element = '', name = ''] of readFileSync(file, 'utf8').matchAll(FROM_ENVIRONMENT)) {
    const secret = environment[name] ?? nobodysSecret();
    found[name] = valueFor(element, secret);
  }
  return found;
}
