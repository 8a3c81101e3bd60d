/** Asks a node what it knows of its replicas of some tables. */
import { type ObjectId, pathKey } from '../model/object.ts';
import type { Replica } from '../model/replica.ts';
import { literal } from '../sql/quote.ts';
import type { Server } from './server.ts';

/** Name → what it stands for on this node. */
export async function readMacros(server: Server): Promise<Map<string, string>> {
  return new Map(await server.rows<[string, string]>('SELECT macro, substitution FROM system.macros'));
}

/** By name key; tables that the node has not or that are not replicated are left out. No column makes it ask Keeper. */
export async function readReplicas(server: Server, ids: readonly ObjectId[]): Promise<Map<string, Replica>> {
  if (ids.length === 0) return new Map();
  const names = ids.map(
    ({ path: [database = '', table = ''] }) => `(${literal(database)}, ${literal(table)})`,
  );
  const rows = await server.rows<[string, string, string, string, number, string]>(
    `SELECT database, table, zookeeper_path, toString(columns_version),
       toUInt8(is_readonly OR is_session_expired), toString(queue_size)
     FROM system.replicas WHERE (database, table) IN (${names.join(', ')})`,
  );
  return new Map(
    rows.map(([database, table, path, version, isReadOnly, queue]) => [
      pathKey([database, table]),
      { path, version: Number(version), isReadOnly: isReadOnly === 1, queue: Number(queue) },
    ]),
  );
}
