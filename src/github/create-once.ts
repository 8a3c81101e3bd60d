/** A request that creates something goes in; what it created comes out, once, even where the first answer was lost. */
import { GitHubError } from './api-error.ts';

/** For requests whose repetition would create a second thing: Octokit must not repeat them by itself. */
export const NO_RETRIES = { retries: 0 } as const;

/** After a fault of the server or the line, looks for what may have been created before it tries once more. */
export async function createOnce<T>(
  create: () => Promise<T>,
  find: () => Promise<T | undefined>,
): Promise<T> {
  try {
    return await create();
  } catch (error) {
    const lost = error instanceof GitHubError && (error.status === 0 || error.status >= 500);
    if (!lost) throw error;
    return (await find()) ?? (await create());
  }
}
