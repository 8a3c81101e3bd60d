/** A node's live state and the journal go in; the users, roles, rights … that applies made there and that are still there come out. */
import { isAccess, nameKey, showId } from '../model/object.ts';
import type { State } from '../model/state.ts';
import { literal } from '../sql/quote.ts';
import { NO_SUCH_TABLE, type Server, ServerError } from './server.ts';

/** Objects of one request; a cluster can have thousands of tenants. */
const AT_ONCE = 5000;

/** What was dropped and made again by somebody else is not ours: the last of an apply's steps counts. */
async function lastMade(
  journal: Server,
  node: string,
  names: readonly string[],
  timeout: number,
): Promise<readonly string[]> {
  const rows = await journal.rows<[string]>(
    `SELECT object FROM plumbline.journal FINAL
     WHERE node = ${literal(node)} AND outcome = 'done' AND object IN (${names.map(literal).join(', ')})
     GROUP BY object HAVING argMax(action, (started, run, step)) != 'drop'`,
    { timeout },
  );
  return rows.map(([object]) => object);
}

/**
 * Name keys. `journal` is the node that keeps the journal; where it is not there, nothing counts as made. Throws a ServerError.
 * `timeout` in milliseconds.
 */
export async function appliedAccess(
  live: State,
  journal: Server | undefined,
  node: string,
  timeout: number,
): Promise<ReadonlySet<string>> {
  const keys = new Map(
    [...live.values()].flatMap(({ id }) => (isAccess(id) ? [[showId(id), nameKey(id)] as const] : [])),
  );
  const names = [...keys.keys()];
  const made = new Set<string>();
  try {
    for (let at = 0; journal && at < names.length; at += AT_ONCE) {
      for (const name of await lastMade(journal, node, names.slice(at, at + AT_ONCE), timeout))
        made.add(keys.get(name) ?? '');
    }
  } catch (error) {
    if (!(error instanceof ServerError)) throw error;
    // Nothing was applied there yet; and that another node does not answer is told of that one.
    const isElsewhere = error.code === undefined && error.node !== node;
    if (!NO_SUCH_TABLE.has(error.code) && !isElsewhere) throw error;
  }
  return made;
}
