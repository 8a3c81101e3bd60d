/** Makes sure that what a node does not show is not there, and not only hidden from the user who asks. */
import { PlumblineError } from '../model/errors.ts';
import type { DeclaredObject } from '../model/estate.ts';
import { nameKey } from '../model/object.ts';
import type { State } from '../model/state.ts';
import { qualified } from '../sql/quote.ts';
import type { Server } from './server.ts';

/** system.tables and system.databases leave out, without a word, what the user has no right to see. */
const RIGHTS = 'SHOW DATABASES, SHOW TABLES, SHOW COLUMNS';

/**
 * Asks only about databases of which a declared object is missing. Throws a PlumblineError that names the rights to grant:
 * a plan would create what exists.
 */
export async function checkSight(
  server: Server,
  objects: readonly DeclaredObject[],
  cluster: string,
  live: State,
): Promise<void> {
  const missing = objects.filter(
    ({ clusters, tree }) => clusters.has(cluster) && !live.has(nameKey(tree.root.id)),
  );
  const databases = new Set(missing.map(({ tree }) => tree.root.id.path[0] ?? ''));
  for (const database of databases) {
    const right = `${RIGHTS} ON ${qualified([database])}.*`;
    if (await server.may(right)) continue;
    throw new PlumblineError(
      `the user may not see all of ${database}, so nobody knows what is missing: GRANT ${right}`,
    );
  }
}
