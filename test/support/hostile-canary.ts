/** A database that belongs to somebody else: made once, and read again to see that nothing on the server has moved. */
import type { Server } from '../../src/live/server.ts';
import { literal } from '../../src/sql/quote.ts';

const CANARY = [
  "CREATE DATABASE canary COMMENT 'not ours'",
  "CREATE TABLE canary.rows (id UInt64, `a``b` String DEFAULT 'it''s', t Nullable(DateTime)) ENGINE = MergeTree ORDER BY id COMMENT '-- canary'",
  'INSERT INTO canary.rows SELECT number, toString(number), NULL FROM numbers(1000)',
  'CREATE TABLE canary.`; DROP TABLE canary.rows` (`SELECT` UInt8) ENGINE = Memory',
  'INSERT INTO canary.`; DROP TABLE canary.rows` VALUES (1)',
  'CREATE VIEW canary.view AS SELECT count() AS n FROM canary.rows',
  'CREATE TABLE canary.target (id UInt64) ENGINE = MergeTree ORDER BY id',
  'CREATE MATERIALIZED VIEW canary.mv TO canary.target AS SELECT id FROM canary.rows',
  "CREATE DICTIONARY canary.dictionary (id UInt64, `a``b` String) PRIMARY KEY id SOURCE(CLICKHOUSE(DB 'canary' TABLE 'rows')) LAYOUT(FLAT()) LIFETIME(0)",
  'CREATE FUNCTION canary_function AS (x) -> x + 1',
  "CREATE NAMED COLLECTION canary_collection AS a = 'b'",
];

export async function makeCanary(server: Server): Promise<void> {
  for (const statement of CANARY) await server.run(statement);
}

/** Everything on the server that is not in the named database, nor Plumbline's own or the server's. */
export async function canaryDigest(server: Server, ours: string): Promise<string> {
  const others = (column: string): string =>
    `${column} NOT IN ('system', 'plumbline', 'information_schema', 'INFORMATION_SCHEMA', ${literal(ours)})`;
  const queries = [
    `SELECT name, engine, comment, toString(uuid) FROM system.databases WHERE ${others('name')} ORDER BY name`,
    `SELECT database, name, toString(uuid), create_table_query, comment FROM system.tables WHERE ${others('database')} AND NOT is_temporary ORDER BY database, name`,
    `SELECT database, table, name, type, default_expression, comment FROM system.columns WHERE ${others('database')} ORDER BY ALL`,
    `SELECT database, table, name, rows, hash_of_all_files FROM system.parts WHERE active AND ${others('database')} ORDER BY ALL`,
    'SELECT count(), sum(cityHash64(tuple(*))) FROM canary.rows',
    'SELECT * FROM canary.`; DROP TABLE canary.rows`',
    'SELECT * FROM canary.view',
    "SELECT name, create_query FROM system.functions WHERE origin = 'SQLUserDefined' ORDER BY name",
    'SELECT name, toString(collection) FROM system.named_collections ORDER BY name',
    'SELECT name, value FROM system.settings WHERE changed ORDER BY name',
    'SELECT name, value FROM system.server_settings WHERE changed ORDER BY name',
    'SELECT name, storage FROM system.users ORDER BY name',
    'SELECT * FROM system.grants ORDER BY ALL',
  ];
  const answers = await Promise.all(queries.map((query) => server.rows(query)));
  return answers.map((rows) => JSON.stringify(rows)).join('\n');
}
