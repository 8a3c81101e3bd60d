/** A statement about access goes in; how a real server answers it comes out, where the server did not understand it. */
import { fillSecrets } from '../../src/kinds/secret.ts';
import { type Server, ServerError } from '../../src/live/server.ts';

/**
 * The engine has no storage for them, and nobody has the names: THERE_IS_NO_PROFILE, UNKNOWN_USER, THERE_IS_NO_QUOTA, UNKNOWN_ROLE,
 * ACCESS_STORAGE_FOR_INSERTION_NOT_FOUND, UNKNOWN_ROW_POLICY, ACCESS_STORAGE_READONLY, and SUPPORT_IS_DISABLED,
 * because it is built without SSH. All of that is said of a statement that was understood.
 */
const UNDERSTOOD = new Set([180, 192, 199, 344, 495, 511, 514, 523]);

/** Undefined where it was understood. */
export async function misunderstood(
  server: Server | undefined,
  statement: string,
  secretOf: (name: string) => string,
): Promise<string | undefined> {
  try {
    await server?.run(fillSecrets(statement, secretOf));
    return `${statement} was taken`;
  } catch (error) {
    if (!(error instanceof ServerError)) throw error;
    return UNDERSTOOD.has(error.code ?? 0) ? undefined : `${statement}: ${error.message}`;
  }
}
