/** Attacks of the tenant acme that would get past its policies, so that it must not have the rights for them. */
import type { Attack } from './isolation-attacks.ts';

export interface Overreach extends Attack {
  /** Who gets through: one with every right under the same policies, or one without any policy. */
  readonly by?: 'default';
}

const reach = (what: string, sql: Attack['sql'], by?: 'default'): Overreach => ({
  ...{ what, sql },
  ...(by !== undefined && { by }),
});

/** Nothing that they give is anything but another tenant's. */
export const READING: readonly Overreach[] = [
  reach('joinGet()', "SELECT joinGet('avesa.notes_joined', 'text', toUInt64(1))"),
  reach('dictGet()', "SELECT dictGet('avesa.notes_by_id', 'text', toUInt64(1))"),
  reach('dictGetOrDefault()', "SELECT dictGetOrDefault('avesa.notes_by_id', 'text', toUInt64(1), '')"),
  reach('dictionary()', "SELECT * FROM dictionary('avesa.notes_by_id')"),
  reach('rows that no load could take', 'SELECT * FROM avesa.companies_quarantine'),
  reach('rows on their way', 'SELECT * FROM avesa.companies_landing'),
  reach('the rows behind a view', 'SELECT * FROM avesa.`.inner_id.{texts}`'),
  reach('remote()', "SELECT * FROM remote('127.0.0.1:{native}', avesa.notes)", 'default'),
  reach(
    'remote() as another user',
    "SELECT * FROM remote('127.0.0.1:{native}', avesa.notes, 'default', '')",
    'default',
  ),
  reach('cluster()', "SELECT * FROM cluster('main', avesa.notes)", 'default'),
  reach('clusterAllReplicas()', "SELECT * FROM clusterAllReplicas('main', avesa.notes)", 'default'),
  reach(
    'url() to the server itself',
    "SELECT * FROM url('http://127.0.0.1:{http}/?user=default&query=SELECT+text+FROM+avesa.notes', 'TSV', 'text String')",
  ),
  reach('partitions', 'SELECT partition FROM system.parts'),
  reach('partitions by column', 'SELECT DISTINCT partition FROM system.parts_columns'),
  reach('partitions of projections', 'SELECT DISTINCT partition FROM system.projection_parts'),
  reach('the query log', 'SELECT query FROM system.query_log'),
  reach('policies', 'SELECT select_filter FROM system.row_policies'),
  reach('users', 'SELECT name FROM system.users'),
  reach('SHOW USERS', 'SHOW USERS'),
  reach('SHOW CREATE of a policy', 'SHOW CREATE POLICIES ON avesa.notes', 'default'),
  reach('a temporary table', [
    "CREATE TEMPORARY TABLE mine AS SELECT * FROM dictionary('avesa.notes_by_id')",
    'SELECT * FROM mine',
  ]),
  reach('a view of its own', [
    'CREATE OR REPLACE VIEW avesa.mine DEFINER = default SQL SECURITY DEFINER AS SELECT * FROM avesa.notes',
    'SELECT * FROM avesa.mine',
  ]),
  reach('a copy of the table', [
    'CREATE TABLE avesa.copied AS avesa.notes',
    "ALTER TABLE avesa.copied ATTACH PARTITION 'globex' FROM avesa.notes",
    'SELECT * FROM avesa.copied',
  ]),
];

/** They change what others read, or what acme may do. */
export const WRITING: readonly Overreach[] = [
  reach('a row of another tenant', "INSERT INTO avesa.notes VALUES ('globex', 99, 'ours', 1)"),
  reach(
    'an asynchronous one',
    "INSERT INTO avesa.notes SETTINGS async_insert = 1, wait_for_async_insert = 0 VALUES ('globex', 99, 'ours', 1)",
  ),
  reach('an INSERT through a Buffer', "INSERT INTO avesa.notes_buffer VALUES ('globex', 99, 'ours', 1)"),
  reach(
    'an INSERT through all shards',
    "INSERT INTO avesa.notes_all SETTINGS distributed_foreground_insert = 1, insert_shard_id = 1 VALUES ('globex', 99, 'ours', 1)",
  ),
  reach("others' rows made its own", "ALTER TABLE avesa.notes_memory UPDATE tenant_id = 'acme' WHERE 1"),
  reach('a lightweight delete', "DELETE FROM avesa.tallies WHERE tenant_id != 'acme'"),
  reach('a dropped partition', "ALTER TABLE avesa.notes DROP PARTITION 'initech'"),
  reach('TRUNCATE', 'TRUNCATE TABLE avesa.notes_log'),
  reach('a dropped table', 'DROP TABLE avesa.notes_log'),
  reach('KILL QUERY', "KILL QUERY WHERE user = 'nobody' SYNC"),
  reach('a reloaded dictionary', 'SYSTEM RELOAD DICTIONARY avesa.notes_by_id'),
  reach('a function', 'CREATE FUNCTION mine AS (x) -> x'),
  reach('CHECK TABLE', 'CHECK TABLE avesa.notes'),
  reach('OPTIMIZE', 'OPTIMIZE TABLE avesa.notes FINAL'),
  reach('BACKUP', 'BACKUP TABLE avesa.notes TO Null'),
];
