/** An estate and one of its clusters go in; what a user needs there who plans, watches, imports and compares, and writes nothing, comes out. */
import { ACCESS_TABLES } from '../kinds/access-row.ts';
import { TEMPORARY_ENGINES } from '../kinds/engine-abilities.ts';
import type { Cluster, Estate } from '../model/estate.ts';
import { qualified } from '../sql/quote.ts';
import { comparedTables } from './compared-tables.ts';
import { type Need, on, tidy } from './need.ts';

const words = (text: string): string[] => text.trim().split(/\s+/);

/** Every table of `system` that is read, beside those about access. */
export const SYSTEM_TABLES: readonly string[] = words(`
  databases tables columns parts mutations replicas clusters macros
  functions named_collections workloads resources
  table_engines database_engines table_functions data_type_families aggregate_function_combinators keywords
  settings merge_tree_settings disks`);

const select = (tables: readonly string[]): string[] => on(['SELECT'], tables);

const own = (tables: readonly string[]): string[] => select(tables.map((table) => `plumbline.${table}`));

/** The histories of a cluster, whose versions are checked row by row. */
export function histories({ scd = [] }: Estate, { name }: Cluster): string[][] {
  return scd.filter(({ clusters }) => clusters.has(name)).map((table) => [table.database, table.name]);
}

export function plannerNeeds(estate: Estate, cluster: Cluster): Need[] {
  const scd = histories(estate, cluster).map(qualified);
  const compared = comparedTables(estate, cluster);
  const federated = (estate.federations ?? []).length > 0;
  return tidy([
    {
      why: 'to know the server and what is on it',
      rights: select(SYSTEM_TABLES.map((table) => `system.${table}`)),
    },
    {
      why: 'to see all that is there, also what nobody declared',
      rights: ['SHOW DATABASES, SHOW TABLES, SHOW COLUMNS, SHOW DICTIONARIES ON *.*'],
    },
    {
      why: 'to see the names and keys of named collections; their values are never shown',
      rights: ['SHOW NAMED COLLECTIONS ON *'],
    },
    {
      why: 'to see users, roles and rights',
      rights: ['SHOW ACCESS ON *.*', ...select(ACCESS_TABLES.map((table) => `system.${table}`))],
    },
    {
      why: 'to have the server read declarations in temporary tables and views, of engines that reach nothing outside of them',
      rights: [
        'CREATE ARBITRARY TEMPORARY TABLE, CREATE TEMPORARY VIEW ON *.*',
        ...TEMPORARY_ENGINES.map((engine) => `TABLE ENGINE ON ${engine}`),
      ],
    },
    {
      why: 'to wait for what a killed apply left under way; the text of queries is not shown',
      rights: ['SELECT(query_id, elapsed) ON system.processes'],
    },
    {
      why: 'to tell who changed what drifted',
      rights: [
        'SELECT(type, user, event_time, event_time_microseconds, query_kind, tables, query_id) ON system.query_log',
      ],
    },
    { why: 'to know what was applied before', rights: own(['journal', 'rebuilds']) },
    ...(federated
      ? [
          {
            why: 'to see what the nodes of a federation say of themselves in Keeper',
            rights: select(['system.zookeeper']),
          },
          {
            why: 'to know how far a federation is, and whether its nodes reach each other',
            rights: [...own(['federation_stages', 'federation_exports']), 'READ ON REMOTE'],
          },
          {
            why: 'to tell which nodes of a federation still receive rows, and what reading it costs; no query is shown',
            rights: [
              'SELECT(event_type, event_date, event_time, database, table, part_name, partition_id, rows, error) ON system.part_log',
              'SELECT(is_initial_query, memory_usage, ProfileEvents) ON system.query_log',
            ],
          },
        ]
      : []),
    ...(scd.length > 0
      ? [{ why: 'to check tables with history', rights: [...own(['scd_loads']), ...select(scd)] }]
      : []),
    ...(compared.length > 0
      ? [
          {
            why: 'to compare the sites of pairs, row by row',
            rights: [...own(['dr_checks']), ...select(['system.server_settings', ...compared])],
          },
        ]
      : []),
  ]);
}
