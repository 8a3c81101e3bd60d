/** A load that wrote goes in; where the table is declared so, the tenant's partition is merged into one part, and why not comes out. */
import { ServerError } from '../live/server.ts';
import { PlumblineError } from '../model/errors.ts';
import { identifier, literal, qualified } from '../sql/quote.ts';
import { mergeStatement } from './expired.ts';
import type { LoadRecord } from './ledger.ts';
import type { Load } from './load.ts';

const HOUR = 3_600_000;

/** The partition of the rows that the load wrote, how many parts it has, and their bytes on disk. */
async function partitionOf({ server, scd, tenant }: Load, version: string) {
  const [row] = await server.rows<[string, number, number]>(
    `SELECT partition_id, count(), sum(bytes_on_disk) FROM system.parts
     WHERE active AND database = ${literal(scd.database)} AND table = ${literal(scd.name)} AND partition_id IN (
       SELECT _partition_id FROM ${qualified([scd.database, scd.name])}
       WHERE ${identifier(scd.tenant)} = ${literal(tenant)} AND ${identifier(scd.validity.version)} = ${version} LIMIT 1)
     GROUP BY partition_id`,
    { settings: { output_format_json_quote_64bit_integers: 0 }, timeout: HOUR },
  );
  const [id = '', parts = 0, bytes = 0] = row ?? [];
  return { id, parts, bytes };
}

/** What a load has written is written: a merge that fails is told, and the load is good. */
export async function mergePartition(load: Load, { written, version }: LoadRecord): Promise<string[]> {
  const { server, scd, statements, watch } = load;
  if (scd.mergeAfterLoad === undefined || written === 0) return [];
  try {
    const { id, parts, bytes } = await partitionOf(load, version);
    if (parts < 2 || bytes > scd.mergeAfterLoad) return [];
    const queryId = statements.id();
    watch('merging', queryId);
    await server.run(mergeStatement(scd, id), {
      queryId,
      timeout: HOUR,
      settings: { optimize_throw_if_noop: 1 },
    });
    return [];
  } catch (error) {
    if (!(error instanceof PlumblineError)) throw error;
    return [`The partition was not merged: ${error instanceof ServerError ? error.reason : error.message}`];
  }
}
