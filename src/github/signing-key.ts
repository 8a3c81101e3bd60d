/** Environment variables go in; the key that plan comments are signed with comes out, where there is one. */
import { PlumblineError } from '../model/errors.ts';
import type { Environment } from './settings.ts';

/** Anybody can try keys against a signature that is public, so a short key is as good as none. */
const SHORTEST = 32;

/** `PLUMBLINE_SIGNING_KEY`. Throws a PlumblineError for a key under 32 characters. */
export function readSigningKey(env: Environment): string | undefined {
  const key = env.PLUMBLINE_SIGNING_KEY?.trim();
  if (!key) return undefined;
  if (key.length >= SHORTEST) return key;
  throw new PlumblineError(
    `PLUMBLINE_SIGNING_KEY is shorter than ${SHORTEST} characters; \`openssl rand -hex 32\` makes a good one.`,
  );
}
