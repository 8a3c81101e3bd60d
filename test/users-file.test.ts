/** Users, policies, quotas and profiles that reach a real server by its `users.d`: planned, delivered, enforced, and taken back. */
import { createHash } from 'node:crypto';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { planFindings, plannedSteps } from '../src/model/plan.ts';
import { startUsersFileEstate, type UsersFileEstate } from './support/users-file-estate.ts';

const PASSWORD = 'correct-horse-42';

let estate: UsersFileEstate;
beforeAll(async () => {
  process.env.ACME_PASSWORD = createHash('sha256').update(PASSWORD).digest('hex');
  process.env.ACME_SENT = PASSWORD;
  estate = await startUsersFileEstate();
});
afterAll(() => estate?.stop());

const ACCESS = `kind: Database
name: shop
on: test
---
kind: Table
database: shop
name: orders
columns: { tenant: String, total: UInt64 }
order_by: tenant
---
kind: Role
name: tenant_acme
on: test
settings: { max_threads: { value: 1, max: 2 } }
---
kind: User
name: acme_app
on: test
identified: { with: sha256_password, password: { secret: ACME_PASSWORD } }
hosts: { local: true }
default_roles: [tenant_acme]
default_database: shop
---
kind: Grant
to: acme_app
roles: [tenant_acme]
on: test
---
kind: Grant
to: tenant_acme
target: shop.orders
privileges: [SELECT]
on: test
---
kind: RowPolicy
name: tenant_acme
on: test
database: shop
table: orders
filter: tenant='acme'
to: [tenant_acme]
---
kind: Quota
name: tenant_acme
on: test
keyed_by: user_name
intervals: [{ every: 1 YEAR, limits: { query_inserts: 2Ki } }]
to: [tenant_acme]
---
kind: SettingsProfile
name: tenant_acme
on: test
settings: { max_memory_usage: { value: 2G, max: 4G }, max_result_rows: { writability: const } }
to: [tenant_acme]
`;

async function planned(): Promise<string[]> {
  const plan = await estate.plan();
  expect(planFindings(plan)).toEqual([]);
  return plannedSteps(plan).flatMap(({ step }) =>
    step.changes.map(({ action, object }) => `${action} ${object.kind} ${object.path.join('.')}`),
  );
}

async function apply(): Promise<void> {
  const { results, remaining } = await estate.apply();
  expect(results.filter(({ outcome }) => outcome !== 'done').map(({ error }) => error)).toEqual([]);
  expect(plannedSteps(remaining).map(({ step }) => step.changes)).toEqual([]);
  expect(planFindings(remaining)).toEqual([]);
}

const acme = () => estate.as('acme_app', 'ACME_SENT');

test('one file gives everything to the server, and the next plan is empty', async () => {
  await estate.declare(ACCESS);
  expect(await planned()).toMatchInlineSnapshot(`
    [
      "create settings profile tenant_acme",
      "create settings profile settings_of_role_tenant_acme",
      "create settings profile settings_of_user_acme_app",
      "create role tenant_acme",
      "create user acme_app",
      "create quota tenant_acme",
      "create row policy acme_app ON shop.orders",
      "create grant roles TO acme_app",
      "create grant shop.orders TO tenant_acme",
      "create database shop",
      "create table shop.orders",
    ]
  `);
  await apply();
  await estate.sql.run("INSERT INTO shop.orders VALUES ('acme', 1), ('globex', 2), ('acme', 4)");
  expect(await planned()).toEqual([]);
});

test('no secret stands in the file', () => {
  const file = readFileSync(join(estate.serverFolder, 'users.d', 'plumbline.xml'), 'utf8');
  expect(file).toContain('<password_sha256_hex from_env="ACME_PASSWORD"/>');
  expect(file).not.toContain(process.env.ACME_PASSWORD);
});

test('a policy shows a user its own rows only', async () => {
  expect(await acme().rows('SELECT tenant, sum(total)::UInt32 FROM orders GROUP BY tenant')).toEqual([
    ['acme', 5],
  ]);
});

test('what is not granted answers 497', async () => {
  await expect(acme().rows('SELECT * FROM plumbline.journal')).rejects.toMatchObject({ code: 497 });
  await expect(acme().run("INSERT INTO shop.orders VALUES ('globex', 1)")).rejects.toMatchObject({
    code: 497,
  });
});

test('a constraint refuses a setting', async () => {
  await expect(acme().rows('SELECT 1 SETTINGS max_memory_usage = 5000000000')).rejects.toMatchObject({
    code: 452,
  });
  await expect(acme().rows('SELECT 1 SETTINGS max_threads = 3')).rejects.toMatchObject({ code: 452 });
  await expect(acme().rows('SELECT 1 SETTINGS max_result_rows = 3')).rejects.toMatchObject({ code: 452 });
  expect(await acme().rows("SELECT getSetting('max_memory_usage')::String")).toEqual([['2000000000']]);
});

test('a file that the server refuses is taken back', async () => {
  const file = join(estate.serverFolder, 'users.d', 'plumbline.xml');
  const before = readFileSync(file, 'utf8');
  const other = join(estate.serverFolder, 'users.d', 'other.xml');
  const needy =
    '<users><guest><no_password/><profile>tenant_acme</profile><grants><query>GRANT SHOW ON *.*</query></grants></guest></users>';
  writeFileSync(other, `<clickhouse>${needy}</clickhouse>`);
  await estate.declare(ACCESS.slice(0, ACCESS.indexOf('---\nkind: SettingsProfile')));
  const { results } = await estate.apply();
  expect(results.map(({ outcome }) => outcome)).toEqual(['failed']);
  expect(results[0]?.error).toContain('what was there before is there again');
  expect(readFileSync(file, 'utf8')).toBe(before);
  expect(await acme().rows('SELECT currentUser()')).toEqual([['acme_app']]);
  rmSync(other);
});

test('a quota stops the query that is one too many', async () => {
  await estate.declare(ACCESS.replace('query_inserts: 2Ki', 'queries: 2'));
  expect(await planned()).toEqual(['alter quota tenant_acme']);
  await apply();
  await acme().rows('SELECT count() FROM numbers(1)');
  await acme().rows('SELECT count() FROM numbers(1)');
  await expect(acme().rows('SELECT count() FROM numbers(1)')).rejects.toMatchObject({ code: 201 });
});

test('what leaves the declarations leaves the server; what other files say stays', async () => {
  await estate.declare(ACCESS.split('---').slice(0, 3).join('---'));
  expect(await planned()).toMatchInlineSnapshot(`
    [
      "drop grant roles TO acme_app",
      "drop grant shop.orders TO tenant_acme",
      "drop quota tenant_acme",
      "drop row policy acme_app ON shop.orders",
      "drop settings profile settings_of_user_acme_app",
      "drop settings profile tenant_acme",
      "drop user acme_app",
    ]
  `);
  await apply();
  await expect(acme().rows('SELECT 1')).rejects.toMatchObject({ code: 516 });
  expect(await estate.sql.rows('SELECT currentUser()')).toEqual([['default']]);
});

const RICH = `${ACCESS}---
kind: Role
name: reader
on: test
---
kind: Grant
to: tenant_acme
roles: [{ role: reader, admin_option: true }]
on: test
---
kind: Grant
to: reader
target: shop.notes
privileges: [SELECT, { privilege: INSERT, grant_option: true }]
revoked: [SELECT(secret)]
on: test
---
kind: Table
database: shop
name: notes
columns: { tenant: String, level: UInt8, secret: String }
order_by: tenant
---
kind: RowPolicy
name: own
on: test
database: shop
table: notes
filter: tenant = 'acme'
to: [tenant_acme]
---
kind: RowPolicy
name: shared
on: test
database: shop
table: notes
filter: tenant = 'all'
to: [acme_app]
---
kind: RowPolicy
name: harmless
on: test
database: shop
table: notes
filter: level < 3
restrictive: true
to: [reader]
`;

test('roles within roles, exceptions and several policies mean what they mean in statements', async () => {
  await estate.declare(RICH);
  await apply();
  await estate.sql.run(
    "INSERT INTO shop.notes VALUES ('acme', 1, 'x'), ('acme', 3, 'x'), ('all', 2, 'x'), ('globex', 1, 'x')",
  );
  expect(await acme().rows('SELECT tenant, level FROM notes ORDER BY tenant')).toEqual([
    ['acme', 1],
    ['all', 2],
  ]);
  await expect(acme().rows('SELECT secret FROM notes')).rejects.toMatchObject({ code: 497 });
  await estate.declare(RICH.replace(', { privilege: INSERT, grant_option: true }', ''));
  expect(await planned()).toEqual(['alter grant shop.notes TO reader']);
  await apply();
  await expect(acme().run("INSERT INTO shop.notes VALUES ('acme', 1, 'x')")).rejects.toMatchObject({
    code: 497,
  });
});
