/** Short digests by which a plan remembers what it was made from. */
import { createHash } from 'node:crypto';

export const ABSENT = 'absent';

/**
 * 32 hexadecimal digits of the SHA-256 of a text: who writes declarations also writes what is digested, so two texts of one
 * digest must be out of reach.
 */
export function digest(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 32);
}

/** Of a live object's canonical text; `absent` where there is none. */
export function fingerprint(statement: string | undefined): string {
  return statement === undefined ? ABSENT : digest(statement);
}
