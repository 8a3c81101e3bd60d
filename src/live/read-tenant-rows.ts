/** Tenants that are to go and a node go in; what says how many of their rows stay there comes out. */
import type { Finding } from '../model/finding.ts';
import type { Tenant } from '../model/tenant.ts';
import { literal, qualified } from '../sql/quote.ts';
import type { Server } from './server.ts';

interface Left {
  readonly path: readonly string[];
  readonly partition: string;
  readonly rows: number;
  readonly bytes: number;
}

function finding({ name, place }: Tenant, left: readonly Left[], node: string): Finding {
  const what = left.map(({ path, rows, bytes }) => `${path.join('.')} (${rows} rows, ${bytes} bytes)`);
  const [first] = left;
  const how = first
    ? ` To drop them as well, run for each table, such as: ALTER TABLE ${qualified(first.path)} DROP PARTITION ID ${literal(first.partition)}`
    : '';
  const message = `tenant \`${name}\` is taken away, and its rows stay: ${what.join(', ')}.${how}`;
  return { severity: 'warning', rule: 'rows-stay', message, node, ...(place && { place }) };
}

/**
 * One query for all of them, over partitions that hold rows of one tenant only; nothing is told of tenants without any.
 * Throws a ServerError.
 */
export async function readTenantRows(server: Server, tenants: readonly Tenant[]): Promise<Finding[]> {
  const leaving = tenants.filter(({ removed, clusters }) => removed && clusters.has(server.node.cluster));
  const keys = leaving.flatMap(({ id, partitioned }) =>
    partitioned.map(([database = '', table = '']) => `(${[database, table, id].map(literal).join(', ')})`),
  );
  if (keys.length === 0) return [];
  const rows = await server.rows<[string, string, string, string, string, string]>(
    `SELECT database, table, partition, any(partition_id), toString(sum(rows)), toString(sum(bytes_on_disk))
     FROM system.parts WHERE active AND (database, table, partition) IN (${keys.join(', ')})
     GROUP BY database, table, partition ORDER BY database, table`,
  );
  return leaving.flatMap((tenant) => {
    const left = rows
      .filter(([, , partition]) => partition === tenant.id)
      .map(([database, table, , partition, count, bytes]) => ({
        ...{ path: [database, table], partition, rows: Number(count), bytes: Number(bytes) },
      }));
    return left.length > 0 ? [finding(tenant, left, server.node.name)] : [];
  });
}
