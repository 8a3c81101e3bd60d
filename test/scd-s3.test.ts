/** Files in S3 on loopback become histories of three tenants: Parquet, lines of JSON and CSV, with all that is wrong in such files. */
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { scdCheck, scdLoad } from '../src/commands/scd.ts';
import { type Bucket, startBucket } from '../src/embedded/bucket.ts';
import type { Server } from '../src/live/server.ts';
import { size } from './support/size.ts';
import { startTestEstate, type TestEstate } from './support/test-estate.ts';

const ROWS = size(3_000, 400_000);
const CHANGED = size(30, 100_000);
const counted = (count: number): string => count.toLocaleString('en');
const TENANTS = ['acme', 'globex', 'initech'] as const;

const feed = (name: string, path: string, format: string, more = ''): string => `---
kind: Feed
name: ${name}
table: avesa.companies
source: { s3: { collection: lake, path: '${path}' } }
format: ${format}
mapping: { company_id: id, name: 'trim(title)' }
tenant_column: tenant
valid_from: updated_at
${more}
`;

const DECLARATIONS = `
kind: Database
name: avesa
on: test
---
kind: ScdTable
database: avesa
name: companies
tenant: tenant_id
key: company_id
ignored: updated_at
columns:
  tenant_id: LowCardinality(String)
  company_id: String
  name: String
  status: Enum8('Active' = 1, 'Gone' = 2)
  employees: Nullable(UInt32)
  revenue: Nullable(Decimal(18, 2))
  updated_at: DateTime64(3)
${feed('parquet', '{tenant}/parquet/*.parquet', 'Parquet', 'mode: full')}
${feed('lines', '{tenant}/lines/*.jsonl', 'JSONEachRow')}
${feed('late', '{tenant}/late/*.jsonl', 'JSONEachRow')}
${feed('tables', '{tenant}/tables/*.csv', 'CSVWithNames', 'max_bad_share: 60%')}
${feed('shared', 'all/*.jsonl', 'JSONEachRow')}
`;

let estate: TestEstate;
let s3: Bucket;
let server: Server;
beforeAll(async () => {
  estate = await startTestEstate();
  const [first] = estate.sql;
  if (!first) throw new Error('no server');
  server = first;
  const bucket = await startBucket(join(estate.folder, 's3'), 'lake');
  if (!bucket) throw new Error('s3rver is not installed');
  s3 = bucket;
  await server.run(
    `CREATE NAMED COLLECTION lake AS url = '${s3.url}', access_key_id = '${s3.key.id}', secret_access_key = '${s3.key.secret}'`,
  );
  await estate.write({ 'avesa.yaml': DECLARATIONS });
  await estate.apply();
});
afterAll(async () => {
  await estate.stop();
  await s3.stop();
});

async function put(path: string, format: string, select: string): Promise<void> {
  await server.run(`INSERT INTO FUNCTION s3(lake, filename = '${path}', format = '${format}') ${select}`, {
    settings: { s3_truncate_on_insert: 1 },
  });
}

const company = (tenant: string, from: string, rows: string): string =>
  `SELECT '${tenant}' AS tenant, toString(number) AS id, ' Company ' || id || ' ' AS title, if(number % 7 = 0, 'Gone', 'Active') AS status,
     if(number % 3 = 0, NULL, number % 5000) AS employees, toDecimal64(number % 100000, 2) / 4 AS revenue,
     toDateTime64('${from}', 3) AS updated_at FROM ${rows}`;

async function load(feeds: readonly string[], tenants: readonly string[] = TENANTS) {
  const said: string[] = [];
  const note = (text: string): void => void said.push(text);
  const options = {
    estate: estate.folder,
    connectTimeout: 10,
    tenant: tenants,
    feed: feeds,
    lockSeconds: 60,
  };
  const code = await scdLoad(
    { ...options, format: 'text' },
    { result: note, note, colour: false, live: false },
  );
  return { code, said: said.join('\n') };
}

const rows = async (query: string): Promise<unknown[]> => server.rows(query);

test(`${3 * ROWS} rows of Parquet, then changes as lines of JSON, and the views show what holds`, async () => {
  for (const tenant of TENANTS) {
    await put(
      `${tenant}/parquet/1.parquet`,
      'Parquet',
      company(tenant, '2026-01-01 00:00:00', `numbers(${ROWS})`),
    );
    const changed = `SELECT * REPLACE (999999 AS employees) FROM (${company(tenant, '2026-02-01 00:00:00', `numbers(${CHANGED})`)})`;
    await put(`${tenant}/lines/1.jsonl`, 'JSONEachRow', changed);
  }
  const first = await load(['parquet']);
  expect(first.said).toContain(
    `avesa.companies acme (parquet): ${counted(ROWS)} rows read, ${counted(ROWS)} opened`,
  );
  expect(first.code).toBe(0);
  expect((await load(['parquet'])).said).toContain('rows read, nothing new');
  const second = await load(['lines']);
  expect(second.said).toContain(`${counted(CHANGED)} opened, ${counted(CHANGED)} closed`);
  expect(
    await rows(
      `SELECT tenant_id, toUInt32(count()), toUInt32(countIf(employees = 999999)) FROM avesa.companies_current GROUP BY tenant_id ORDER BY tenant_id`,
    ),
  ).toEqual(TENANTS.map((tenant) => [tenant, ROWS, CHANGED]));
  expect(
    await rows(
      `SELECT toUInt32(count()), toUInt32(countIf(employees = 999999)), any(name) FROM avesa.companies_as_of(at = '2026-01-15 00:00:00') WHERE company_id = '8'`,
    ),
  ).toEqual([[3, 0, 'Company 8']]);
  const options = { estate: estate.folder, connectTimeout: 10, format: 'text' as const };
  const quiet = { result: () => {}, note: () => {}, colour: false, live: false };
  expect(await scdCheck(options, quiet)).toBe(0);
  expect(await rows('SELECT toUInt32(count()) FROM avesa.companies_landing')).toEqual([[0]]);
});

test('bad rows go into quarantine as they came, and too many of them fail the load', async () => {
  const lines = [
    '{"tenant":"acme","id":"x1","title":"fine","status":"Active","employees":5,"revenue":1.5,"updated_at":"2026-03-01T00:00:00Z"}',
    '{"tenant":"globex","id":"x2","title":"other","status":"Active","employees":5,"revenue":1.5,"updated_at":"2026-03-01 00:00:00"}',
    '{"tenant":"acme","id":"x3","title":"many","status":"Active","employees":-5,"revenue":1.5,"updated_at":"2026-03-01 00:00:00"}',
    '{"tenant":"acme","id":"x4","title":"state","status":"Asleep","employees":null,"revenue":null,"updated_at":"2026-03-01 00:00:00"}',
    '{"tenant":"acme","id":"x5","status":"Active","updated_at":"2026-03-01 00:00:00"}',
    '{"tenant":"acme","title":"no key","status":"Active","updated_at":"2026-03-01 00:00:00"}',
    '{"tenant":"acme","id":"x6","title":"when","status":"Active","updated_at":"yesterday"}',
    '{"tenant":"acme", broken',
  ];
  const values = lines.map((line) => `('${line.replace(/'/g, "\\'")}')`).join(', ');
  await put('acme/late/2.jsonl', 'LineAsString', `SELECT arrayJoin([${values}])`);
  const { code, said } = await load(['late'], ['acme']);
  expect(code).toBe(1);
  expect(said).toContain('rows are bad');
  expect(said).toContain('Nothing was changed; the rows are in quarantine.');
  const found = await rows(
    `SELECT load_reason, load_row FROM avesa.companies_quarantine WHERE tenant_id = 'acme' ORDER BY load_reason, load_row`,
  );
  expect(found.map((row) => (row as string[])[0]).sort()).toEqual([
    'a row of another tenant',
    'employees is no Nullable(UInt32)',
    "key can't be read: the line is no JSON",
    'key company_id is NULL',
    'name is NULL',
    'nothing says since when it is so',
    "status is no Enum8('Active' = 1, 'Gone' = 2)",
  ]);
  expect(found.map((row) => (row as string[])[1])).toContain(lines[7]);
  expect(await rows(`SELECT 1 FROM avesa.companies WHERE company_id LIKE 'x%'`)).toEqual([]);
});

test('CSV is read as text, so that a bad value spoils one row', async () => {
  const csv =
    'tenant,id,title,status,employees,revenue,updated_at\nacme,c1,"one, two",Active,,1.25,2026-03-01 00:00:00\nacme,c2,x,Active,many,,2026-03-01 00:00:00';
  await put('acme/tables/1.csv', 'RawBLOB', `SELECT '${csv.replace(/\n/g, '\\n')}'`);
  const { code, said } = await load(['tables'], ['acme']);
  expect(said).toContain('1 bad row is in quarantine: employees is no Nullable(UInt32).');
  expect(code).toBe(0);
  expect(
    await rows(
      `SELECT name, employees, toString(revenue) FROM avesa.companies_current WHERE company_id LIKE 'c%'`,
    ),
  ).toEqual([['one, two', null, '1.25']]);
});

test('a source that holds all tenants gives each its own rows', async () => {
  const both = ['acme', 'globex']
    .map((tenant) => company(tenant, '2026-04-01 00:00:00', 'numbers(5)'))
    .join(' UNION ALL ');
  await put('all/1.jsonl', 'JSONEachRow', `SELECT * REPLACE ('s' || id AS id) FROM (${both})`);
  const { code, said } = await load(['shared'], ['globex']);
  expect(said).toContain('avesa.companies globex (shared): 5 rows read, 5 opened');
  expect(code).toBe(0);
});

test('a column that is missing is named with those that are there, and one that comes is told', async () => {
  await put('globex/late/1.jsonl', 'JSONEachRow', company('globex', '2026-04-02 00:00:00', 'numbers(5)'));
  expect((await load(['late'], ['globex'])).code).toBe(0);
  await put(
    'globex/late/9.jsonl',
    'JSONEachRow',
    `SELECT *, 1 AS colour FROM (${company('globex', '2026-05-01 00:00:00', 'numbers(5)')})`,
  );
  const came = await load(['late'], ['globex']);
  expect(came.said).toContain('The source has a new column `colour`');
  await put(
    'initech/parquet/1.parquet',
    'Parquet',
    `SELECT 'initech' AS tenant, '1' AS id, now64(3) AS updated_at`,
  );
  const { code, said } = await load(['parquet'], ['initech']);
  expect(code).toBe(1);
  expect(said).toContain(
    'The source of feed `parquet` has no column `status`, `employees`, `revenue`; say in `mapping`',
  );
});

test('no statement that a load sends holds the key of the source', async () => {
  await server.run('SYSTEM FLUSH LOGS');
  const hits = await rows(
    `SELECT query FROM system.query_log WHERE query_id LIKE 'plumbline_load%' AND position(query, '${s3.key.secret}') > 0`,
  );
  expect(hits).toEqual([]);
});
