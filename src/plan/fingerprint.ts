/** Short digests by which a plan remembers what it was made from. */
import { createHash } from 'node:crypto';

export const ABSENT = 'absent';

/** 16 hexadecimal digits of the SHA-256 of a text. */
export function digest(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 16);
}

/** Of a live object's canonical text; `absent` where there is none. */
export function fingerprint(statement: string | undefined): string {
  return statement === undefined ? ABSENT : digest(statement);
}
