/** A tenant's rows in a table with history and a moment go in; how much ended before it comes out, and the SQL that removes it. */
import type { Server } from '../live/server.ts';
import { PlumblineError } from '../model/errors.ts';
import type { ScdTable } from '../model/scd.ts';
import { identifier, literal, qualified } from '../sql/quote.ts';
import { list } from './versions.ts';

export interface Expired {
  /** Versions that ended before the moment and were not taken back. */
  readonly versions: number;
  /** Rows that go, those of versions that were taken back or written twice included. */
  readonly rows: number;
  /** What they take up on disk, as a share of their partition. */
  readonly bytes: number;
  /** Versions and deletions that stay. */
  readonly kept: number;
  /** Of what goes, how many still have an earlier row that ends later, and that would hold again without them. */
  readonly shadowing: number;
  /** The partition that holds the tenant's rows; undefined where there are none. */
  readonly partition: string | undefined;
}

const HOUR = 3_600_000;
const NUMBERS = { settings: { output_format_json_quote_64bit_integers: 0 }, timeout: HOUR } as const;

/** Milliseconds since 1970, as SQL. */
const moment = (milliseconds: number): string => `fromUnixTimestamp64Milli(toInt64(${milliseconds}))`;

const historyOf = ({ database, name }: ScdTable): string => qualified([database, name]);

/** Throws a PlumblineError where the tenant's rows are not a partition of their own. */
async function partitionOf(server: Server, scd: ScdTable, tenant: string): Promise<string | undefined> {
  const rows = await server.rows<[string]>(
    `SELECT DISTINCT _partition_id FROM ${historyOf(scd)} WHERE ${identifier(scd.tenant)} = ${literal(tenant)} LIMIT 2`,
    { timeout: HOUR },
  );
  if (rows.length < 2) return rows[0]?.[0];
  throw new PlumblineError(
    `Rows of tenant ${tenant} are in several partitions of ${scd.database}.${scd.name}; apply the declarations first.`,
  );
}

/** `limit` in milliseconds since 1970. Throws a ServerError. */
export async function readExpired(
  server: Server,
  scd: ScdTable,
  tenant: string,
  limit: number,
): Promise<Expired> {
  const { validity, key } = scd;
  const [from, to, version, retracted] = [
    validity.from,
    validity.to,
    validity.version,
    validity.retracted,
  ].map(identifier);
  const partition = await partitionOf(server, scd, tenant);
  if (partition === undefined)
    return { versions: 0, rows: 0, bytes: 0, kept: 0, shadowing: 0, partition: undefined };
  const at = moment(limit);
  const [row] = await server.rows<[number, number, number, number]>(
    `SELECT countIf(\`#end\` < ${at} AND NOT \`#back\`), sum(\`#old\`), countIf(\`#end\` >= ${at}), countIf(\`#end\` < ${at} AND \`#longest\` >= ${at})
     FROM (
       SELECT max((${version}, ${to})).2 AS \`#end\`, argMax(${retracted}, (${version}, ${to})) AS \`#back\`,
         max(${to}) AS \`#longest\`, countIf(${to} < ${at}) AS \`#old\`
       FROM ${historyOf(scd)} WHERE ${identifier(scd.tenant)} = ${literal(tenant)} GROUP BY ${list(key)}, ${from}
     )`,
    NUMBERS,
  );
  const [versions = 0, rows = 0, kept = 0, shadowing = 0] = row ?? [];
  const [size] = await server.rows<[number]>(
    `SELECT toUInt64(sum(bytes_on_disk) * ${rows} / greatest(sum(rows), 1)) FROM system.parts
     WHERE active AND database = ${literal(scd.database)} AND table = ${literal(scd.name)} AND partition_id = ${literal(partition)}`,
    NUMBERS,
  );
  return { versions, rows, bytes: size?.[0] ?? 0, kept, shadowing, partition };
}

/** Merges rows of one version into the one that counts. Rows of deletions stay: that takes CLEANUP. */
export function mergeStatement(scd: ScdTable, partition: string): string {
  return `OPTIMIZE TABLE ${historyOf(scd)} PARTITION ID ${literal(partition)} FINAL`;
}

/** A condition on each row alone, so that replicas and parts agree whenever they come to it. */
export function removeStatement(scd: ScdTable, tenant: string, limit: number, partition: string): string {
  return (
    `ALTER TABLE ${historyOf(scd)} DELETE IN PARTITION ID ${literal(partition)} ` +
    `WHERE ${identifier(scd.tenant)} = ${literal(tenant)} AND ${identifier(scd.validity.to)} < ${moment(limit)}`
  );
}
