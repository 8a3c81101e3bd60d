/** Tables with history on a cluster go in; for every tenant that has rows there comes out whether its history is right. */
import { connect, type Server, ServerError } from '../live/server.ts';
import { PlumblineError } from '../model/errors.ts';
import type { Cluster } from '../model/estate.ts';
import type { ScdTable } from '../model/scd.ts';
import { identifier, literal, qualified } from '../sql/quote.ts';
import { readVerified, type Verified, verifyQuery } from './invariants.ts';
import { firstReplicas, shardOf } from './tenant-shard.ts';

export interface TenantCheck extends Verified {
  readonly cluster: string;
  readonly node: string;
  readonly table: string;
  readonly tenant: string;
}

/** A node or a table on it that could not be read. */
export interface Unchecked {
  readonly cluster: string;
  readonly node: string;
  readonly table: string;
  readonly reason: string;
}

export interface CheckRequest {
  readonly clusters: readonly Cluster[];
  readonly tables: readonly ScdTable[];
  /** Ids; undefined for all that have rows. */
  readonly tenants?: ReadonlySet<string> | undefined;
}

const HOUR = 3_600_000;

async function checkTable(
  server: Server,
  { scd, shard, shards }: { readonly scd: ScdTable; readonly shard: number; readonly shards: number },
  wanted: CheckRequest['tenants'],
): Promise<TenantCheck[]> {
  const column = identifier(scd.tenant);
  const some = wanted && ` WHERE ${column} IN (${[...wanted].map(literal).join(', ') || 'NULL'})`;
  const found = await server.rows<[string]>(
    `SELECT DISTINCT toString(${column}) FROM ${qualified([scd.database, scd.name])}${some ?? ''} ORDER BY 1`,
    { timeout: HOUR },
  );
  const checks: TenantCheck[] = [];
  for (const [tenant] of found) {
    const [row = []] = await server.rows<string[]>(verifyQuery(scd, tenant), { timeout: HOUR });
    const verified = readVerified(scd, row);
    const own = await shardOf(server, tenant, shards);
    const astray = {
      rule: `lies on shard ${shard + 1}, and loads write those of the tenant to shard ${own + 1}`,
      count: verified.versions,
      example: tenant,
    };
    checks.push({
      cluster: server.node.cluster,
      node: server.node.name,
      table: `${scd.database}.${scd.name}`,
      tenant,
      ...verified,
      violations: [...verified.violations, ...(own === shard ? [] : [astray])],
    });
  }
  return checks;
}

/** One shard after the other, since each reads all it has. */
export async function checkHistories({ clusters, tables, tenants }: CheckRequest): Promise<{
  readonly checks: readonly TenantCheck[];
  readonly unchecked: readonly Unchecked[];
}> {
  const checks: TenantCheck[] = [];
  const unchecked: Unchecked[] = [];
  for (const cluster of clusters) {
    const nodes = firstReplicas(cluster);
    for (const [shard, node] of nodes.entries()) {
      const server = connect(node);
      for (const scd of tables.filter((table) => table.clusters.has(cluster.name))) {
        try {
          checks.push(...(await checkTable(server, { scd, shard, shards: nodes.length }, tenants)));
        } catch (error) {
          if (!(error instanceof PlumblineError)) throw error;
          const reason = error instanceof ServerError ? error.reason : error.message;
          unchecked.push({
            cluster: cluster.name,
            node: node.name,
            table: `${scd.database}.${scd.name}`,
            reason,
          });
        }
      }
      await server.close();
    }
  }
  return { checks, unchecked };
}
