/** Makes sure that what a node does not show is not there, and not only hidden from the user who asks. */
import { PlumblineError } from '../model/errors.ts';
import type { DeclaredObject } from '../model/estate.ts';
import { isInDatabase, nameKey, type ObjectId } from '../model/object.ts';
import type { State } from '../model/state.ts';
import { qualified } from '../sql/quote.ts';
import type { Server } from './server.ts';

/** system.tables and system.databases leave out, without a word, what the user has no right to see. */
const RIGHTS = 'SHOW DATABASES, SHOW TABLES, SHOW COLUMNS';

/** The right, and what can be seen with it; nothing for what everybody sees. */
function rightToSee({ kind, path: [name = ''], path }: ObjectId): (readonly [right: string, what: string])[] {
  if (isInDatabase({ kind, path })) return [[`${RIGHTS} ON ${qualified([name])}.*`, `all of ${name}`]];
  if (kind !== 'named collection') return [];
  return [[`SHOW NAMED COLLECTIONS ON ${qualified([name])}`, `the named collection ${name}`]];
}

/**
 * Asks only where a declared object is missing. Throws a PlumblineError that names the rights to grant:
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
  const rights = new Map(missing.flatMap(({ tree }) => rightToSee(tree.root.id)));
  for (const [right, what] of rights) {
    if (await server.may(right)) continue;
    throw new PlumblineError(`the user may not see ${what}, so nobody knows what is missing: GRANT ${right}`);
  }
}
