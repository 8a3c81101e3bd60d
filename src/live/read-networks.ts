/** A server goes in; a node of the Keeper that it uses comes out, and of the journal which addresses of it are ours. */
import { literal } from '../sql/quote.ts';
import { ACCESS_DENIED, NO_SUCH_TABLE, type Server, ServerError } from './server.ts';

/** Undefined where there is no such node. Throws a ServerError, also where the server uses no Keeper. `timeout` in milliseconds. */
export async function readKeeperNode(
  server: Server,
  path: string,
  timeout: number,
): Promise<string | undefined> {
  const slash = path.lastIndexOf('/');
  const [parent, name] = [path.slice(0, slash) || '/', path.slice(slash + 1)];
  const rows = await server.rows<[string]>(
    `SELECT value FROM system.zookeeper WHERE path = ${literal(parent)} AND name = ${literal(name)}`,
    { timeout },
  );
  return rows[0]?.[0];
}

/** Addresses that earlier runs brought, as far as anybody knows; also of a run whose end nobody saw. `timeout` in milliseconds. */
export async function readOwned(
  journal: Server,
  object: string,
  timeout: number,
): Promise<readonly string[]> {
  try {
    const rows = await journal.rows<[readonly string[]]>(
      `SELECT arraySlice(statements, 2) FROM plumbline.journal FINAL
       WHERE object = ${literal(object)} AND outcome IN ('done', 'pending', 'unknown', 'running')
       ORDER BY started DESC, run, step LIMIT 1`,
      { timeout },
    );
    return rows[0]?.[0] ?? [];
  } catch (error) {
    if (!(error instanceof ServerError)) throw error;
    if (NO_SUCH_TABLE.has(error.code) || error.code === ACCESS_DENIED) return [];
    throw error;
  }
}
