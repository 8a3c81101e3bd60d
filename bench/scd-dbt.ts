/**
 * A server goes in; a snapshot as dbt-clickhouse keeps it is on it: made from a history, and brought up to date from a table of
 * changes by the statements of its snapshot materialization (strategy `timestamp`, one snapshot for all tenants).
 */
import type { Server } from '../src/live/server.ts';
import { COLUMNS } from './scd-data.ts';

const KEY = "concat(tenant_id, '-', company_id)";

/** The table with what dbt adds to each row: an id of the version, and three times. */
export async function makeSnapshot(server: Server): Promise<void> {
  await server.run(
    `CREATE TABLE bench.snapshot ENGINE = MergeTree ORDER BY (tenant_id, company_id, dbt_valid_from) AS
     SELECT tenant_id, ${COLUMNS}, halfMD5(coalesce(cast(${KEY} AS Nullable(String)), '') || '|' || coalesce(cast(effective_date AS Nullable(String)), '')) AS dbt_scd_id,
       effective_date AS dbt_updated_at, effective_date AS dbt_valid_from, if(is_current, NULL, expiry_date) AS dbt_valid_to
     FROM bench.companies`,
  );
}

/** Stage what changed, write the table anew without it, with it closed, and with what is new; drop the old one, rename the new one. */
export async function dbtSnapshot(server: Server, changes: string): Promise<void> {
  const id = `halfMD5(coalesce(cast(${KEY} AS Nullable(String)), '') || '|' || coalesce(cast(updated_at AS Nullable(String)), ''))`;
  const all = `tenant_id, ${COLUMNS}, dbt_scd_id, dbt_updated_at, dbt_valid_from, dbt_valid_to`;
  await server.run(
    `CREATE TABLE bench.snapshot__dbt_tmp ENGINE = MergeTree ORDER BY tuple() AS
     WITH snapshot_query AS (SELECT tenant_id, ${COLUMNS} FROM ${changes}),
       snapshotted_data AS (SELECT *, ${KEY} AS dbt_unique_key FROM bench.snapshot WHERE dbt_valid_to IS NULL),
       insertions_source_data AS (SELECT *, ${KEY} AS dbt_unique_key, updated_at AS dbt_updated_at, updated_at AS dbt_valid_from,
         nullif(updated_at, updated_at) AS dbt_valid_to, ${id} AS dbt_scd_id FROM snapshot_query),
       updates_source_data AS (SELECT *, ${KEY} AS dbt_unique_key, updated_at AS dbt_updated_at, updated_at AS dbt_valid_from,
         updated_at AS dbt_valid_to FROM snapshot_query),
       insertions AS (SELECT 'insert' AS dbt_change_type, insertions_source_data.* FROM insertions_source_data
         LEFT OUTER JOIN snapshotted_data ON snapshotted_data.dbt_unique_key = insertions_source_data.dbt_unique_key
         WHERE snapshotted_data.dbt_unique_key IS NULL OR (snapshotted_data.dbt_unique_key IS NOT NULL AND snapshotted_data.dbt_valid_from < insertions_source_data.updated_at)),
       updates AS (SELECT 'update' AS dbt_change_type, updates_source_data.*, snapshotted_data.dbt_scd_id FROM updates_source_data
         JOIN snapshotted_data ON snapshotted_data.dbt_unique_key = updates_source_data.dbt_unique_key
         WHERE snapshotted_data.dbt_valid_from < updates_source_data.updated_at)
     SELECT * FROM insertions UNION ALL SELECT * FROM updates SETTINGS join_use_nulls = 1`,
  );
  await server.run('CREATE TABLE bench.snapshot__snapshot_upsert AS bench.snapshot');
  const into = `INSERT INTO bench.snapshot__snapshot_upsert (${all})`;
  await server.run(
    `${into} SELECT ${all} FROM bench.snapshot WHERE dbt_scd_id NOT IN (SELECT dbt_scd_id FROM bench.snapshot__dbt_tmp)`,
  );
  const kept = all
    .split(', ')
    .map((name) =>
      name === 'dbt_valid_to' ? 'updated.dbt_valid_to AS dbt_valid_to' : `target.${name} AS ${name}`,
    );
  await server.run(
    `${into} WITH updated AS (SELECT dbt_scd_id, dbt_valid_to FROM bench.snapshot__dbt_tmp WHERE dbt_change_type IN ('update', 'delete'))
     SELECT ${kept.join(', ')} FROM bench.snapshot AS target JOIN updated ON target.dbt_scd_id = updated.dbt_scd_id`,
  );
  await server.run(`${into} SELECT ${all} FROM bench.snapshot__dbt_tmp WHERE dbt_change_type IN ('insert')`);
  await server.run('DROP TABLE bench.snapshot');
  await server.run('RENAME TABLE bench.snapshot__snapshot_upsert TO bench.snapshot');
  await server.run('DROP TABLE bench.snapshot__dbt_tmp');
}
