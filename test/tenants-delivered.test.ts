/** Tenants on a real server that has its users from a file: planned, delivered, kept apart, and taken away. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { planFindings, plannedSteps } from '../src/model/plan.ts';
import { startUsersFileEstate, type UsersFileEstate } from './support/users-file-estate.ts';

let estate: UsersFileEstate;
beforeAll(async () => {
  estate = await startUsersFileEstate();
});
afterAll(() => estate?.stop());

const SCHEMA = `kind: Database
name: avesa
on: test
---
kind: ScdTable
database: avesa
name: companies
tenant: tenant_id
key: company_id
columns: { tenant_id: LowCardinality(String), company_id: UInt64, name: String }
`;

const tenant = (name: string, more = ''): string =>
  `---\nkind: Tenant\nname: ${name}\non: test\nusers: [{ name: "{tenant}_app", identified: { with: no_password } }]\n${more}`;

async function apply(): Promise<void> {
  const { results, remaining } = await estate.apply();
  expect(results.filter(({ outcome }) => outcome !== 'done').map(({ error }) => error)).toEqual([]);
  expect(plannedSteps(remaining)).toEqual([]);
}

const namesFor = async (user: string) =>
  (await estate.as(user).rows<string[]>('SELECT name FROM avesa.companies_current ORDER BY name')).flat();

test('each reads its own rows, and the next plan is empty', async () => {
  await estate.declare(SCHEMA, tenant('acme') + tenant('globex'));
  await apply();
  await estate.sql.run(
    "INSERT INTO avesa.companies (tenant_id, company_id, name) VALUES ('acme', 1, 'ours'), ('globex', 1, 'theirs'), ('globex', 2, 'too')",
  );
  expect(await namesFor('acme_app')).toEqual(['ours']);
  expect(await namesFor('globex_app')).toEqual(['theirs', 'too']);
  expect(plannedSteps(await estate.plan())).toEqual([]);
  await expect(estate.as('acme_app').rows('SELECT * FROM avesa.companies_landing')).rejects.toThrow(
    /privileges/,
  );
});

test('one that is taken away can read nothing, and its rows stay and are counted', async () => {
  await estate.declare(SCHEMA, tenant('acme') + tenant('globex', 'remove: access\n'));
  const told = planFindings(await estate.plan()).map(({ rule, message }) => `${rule}: ${message}`);
  expect(
    told.map((text) => text.replace(/\d+ bytes/, 'n bytes').replace(/[0-9a-f]{32}/, 'id')),
  ).toMatchInlineSnapshot(`
    [
      "rows-stay: tenant \`globex\` is taken away, and its rows stay: avesa.companies (2 rows, n bytes). To drop them as well, run for each table, such as: ALTER TABLE \`avesa\`.\`companies\` DROP PARTITION ID 'id'",
    ]
  `);
  await apply();
  await expect(namesFor('globex_app')).rejects.toThrow();
  expect(await namesFor('acme_app')).toEqual(['ours']);
  expect(await estate.sql.rows('SELECT count() FROM avesa.companies')).toEqual([[3]]);
});
