/** A table that a processor without Plumbline filled becomes a table with history: its versions stay, or nothing is touched. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { loadEstate } from '../src/commands/estate-options.ts';
import { newRun } from '../src/commands/identity.ts';
import { acceptLive } from '../src/import/accept.ts';
import { plannedSteps } from '../src/model/plan.ts';
import type { ScdTable } from '../src/model/scd.ts';
import { readVerified, verifyQuery } from '../src/scd/invariants.ts';
import { loadFeed } from '../src/scd/load.ts';
import { size } from './support/size.ts';
import { startTestEstate, type TestEstate } from './support/test-estate.ts';

const KEYS = size(2_000, 1_000_000);
const TENANTS = ['acme', 'globex', 'initech'];

const DATABASE = 'kind: Database\nname: avesa\non: test\n';
const COLUMNS = `columns:
  tenant_id: String
  company_id: String
  name: String
  industry: Nullable(String)
  updated_at: DateTime64(3)
`;
const PLAIN = `---
kind: Table
database: avesa
name: companies
${COLUMNS}  effective_date: { type: DateTime64(3), default: now64(3) }
  expiry_date: { type: DateTime64(3), default: "toDateTime64('2999-12-31 23:59:59', 3)" }
  is_current: { type: Bool, default: "true" }
  record_hash: String
partition_by: tenant_id
order_by: [tenant_id, company_id, effective_date]
`;
const SCD = `---
kind: ScdTable
database: avesa
name: companies
tenant: tenant_id
key: company_id
${COLUMNS}ignored: [updated_at]
`;
const FEED = `---
kind: Feed
name: everything
table: avesa.companies
source: { table: 'inbox.{tenant}' }
mode: full
`;

/** Up to three versions of every key, hashed by the formula that the processor had. */
const versions = (keys: number): string => `
INSERT INTO avesa.companies
SELECT ['acme', 'globex', 'initech'][1 + number % 3] AS tenant_id, toString(intDiv(number, 9)) AS company_id,
  'Company ' || toString(number) AS name, [NULL, '', 'Software'][1 + intDiv(number, 3) % 3] AS industry, effective_date AS updated_at,
  toDateTime64('2026-01-01 00:00:00', 3) + 86400 * (intDiv(number, 3) % 3) AS effective_date,
  if(is_current, toDateTime64('2999-12-31 23:59:59', 3), effective_date + 86400) AS expiry_date,
  intDiv(number, 3) % 3 = 2 OR number + 3 >= ${keys} AS is_current, lower(hex(MD5(name || ifNull(industry, '')))) AS record_hash
FROM numbers(${keys}) SETTINGS optimize_on_insert = 0`;

const HISTORY = 'tenant_id, company_id, name, industry, updated_at, effective_date, expiry_date, is_current';

describe('a plain table becomes one with history', () => {
  let estate: TestEstate;
  const sql = () => estate.sql[0] as TestEstate['sql'][number];
  const digest = async (): Promise<string[]> =>
    (
      await sql().rows<string[]>(
        `SELECT toString(count()), toString(sum(cityHash64(tuple(${HISTORY})))), toString(sumIf(cityHash64(tuple(${HISTORY})), is_current))
         FROM avesa.companies`,
      )
    )[0] ?? [];

  beforeAll(async () => {
    estate = await startTestEstate();
  });
  afterAll(() => estate.stop());

  test('not while its rows are no history, and then it is as it was', async () => {
    await estate.write({ 'avesa.yaml': DATABASE + PLAIN });
    await estate.apply();
    await sql().run(versions(KEYS));
    const before = await digest();
    const open = "toDateTime64('2999-12-31 23:59:59', 3)";
    await sql().run(
      `INSERT INTO avesa.companies VALUES ('acme', 'x', 'A', NULL, now(), '2026-01-01', ${open}, true, ''), ('acme', 'x', 'B', NULL, now(), '2026-01-02', ${open}, true, ''),
       ('globex', 'y', 'A', NULL, now(), '2026-01-01', '2026-02-01', false, ''), ('globex', 'y', 'B', NULL, now(), '2026-01-01', '2026-02-01', false, '')`,
    );
    await estate.write({ 'avesa.yaml': DATABASE + SCD });
    const { results } = await estate.apply();
    expect(results.map(({ outcome }) => outcome)).toEqual(['failed', ...Array(4).fill('not run')]);
    const [failed] = results;
    expect(failed?.error).toBe(
      "rows of avesa.companies don't fit: keys with more than one current version: 1, such as ('acme','x'); " +
        "keys with versions that hold at the same time: 1, such as ('acme','x'); " +
        "versions that are there twice, with other values: 1, such as ('globex','y'); avesa.companies is as it was",
    );
    await sql().run(
      "ALTER TABLE avesa.companies DELETE WHERE company_id IN ('x', 'y') SETTINGS mutations_sync = 2",
    );
    expect(await digest()).toEqual(before);
  });

  test('with every version, and the first load opens none', async () => {
    const before = await digest();
    await estate.write({ 'avesa.yaml': DATABASE + SCD + FEED });
    const { results, remaining } = await estate.apply();
    expect(results.flatMap(({ error }) => error ?? [])).toEqual([]);
    expect(plannedSteps(remaining)).toEqual([]);
    expect(await digest()).toEqual(before);
    const [current] = await sql().rows<string[]>('SELECT toString(count()) FROM avesa.companies_current');
    const [open] = await sql().rows<string[]>('SELECT toString(countIf(is_current)) FROM avesa.companies');
    expect(current).toEqual(open);

    const { scd: [scd] = [], feeds: [feed] = [] } = await loadEstate(estate.folder);
    await sql().run('CREATE DATABASE inbox');
    for (const tenant of TENANTS) {
      await sql().run(
        `CREATE TABLE inbox.${tenant} ENGINE = Memory AS SELECT company_id, name, industry, now64(3) AS updated_at
         FROM avesa.companies_current WHERE tenant_id = '${tenant}'`,
      );
      const { record } = await loadFeed({
        ...{ cluster: 'test', server: sql(), scd: scd as ScdTable, tenant, lockSeconds: 60 },
        feed: feed as NonNullable<typeof feed>,
        identity: await newRun(estate.folder),
        watch: () => {},
      });
      expect([record.outcome, record.opened, record.closed]).toEqual(['done', 0, 0]);
      const [row = []] = await sql().rows<string[]>(verifyQuery(scd as ScdTable, tenant));
      expect(readVerified(scd as ScdTable, row)).toMatchObject({ violations: [] });
    }
  });

  test('and what drifts in it is changed in no file', async () => {
    const schemas = { 'avesa.yaml': DATABASE + SCD };
    await estate.write(schemas);
    await sql().run('ALTER TABLE avesa.companies_landing ADD COLUMN more String');
    await sql().run('DROP VIEW avesa.companies_as_of');
    const drifted = await estate.survey();
    const { acceptances, reasons } = await acceptLive(await loadEstate(estate.folder), drifted, () =>
      Promise.reject(new Error('nobody needs to be asked')),
    ).finally(drifted.close);
    expect([acceptances, reasons]).toEqual([
      [],
      ['view avesa.companies_as_of', 'table avesa.companies_landing'].map(
        (object) => `${object} follows from ScdTable avesa.companies: change that by hand`,
      ),
    ]);
  });
});
