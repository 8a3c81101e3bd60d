/** What `plumbline bootstrap` prints is enough: planners plan with it and write nothing, appliers apply, load and repair, and nothing beside. */
import { readdirSync, readFileSync } from 'node:fs';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { survey } from '../src/apply/survey.ts';
import { applierNeeds } from '../src/bootstrap/applier-needs.ts';
import { dr } from '../src/commands/dr.ts';
import { drRepair } from '../src/commands/dr-repair.ts';
import { drift } from '../src/commands/drift.ts';
import { loadEstate } from '../src/commands/estate-options.ts';
import { importLive } from '../src/commands/import-live.ts';
import { plan } from '../src/commands/plan.ts';
import { scdCheck, scdExpire, scdLoad } from '../src/commands/scd.ts';
import { type Server, ServerError } from '../src/live/server.ts';
import { planFindings, plannedSteps } from '../src/model/plan.ts';
import { type BootstrappedEstate, startBootstrapped } from './support/bootstrapped-estate.ts';

const ROOT = join(import.meta.dirname, '..');
const STANDBY = readFileSync(join(ROOT, 'clusters/standby.yaml'), 'utf8');

const FEED = `kind: Feed
name: companies_canonical
table: avesa.companies
source: { table: inbox.companies }
tenant_column: tenant_id
valid_from: updated_at
window: all
`;

const TENANT = 'kind: Tenant\nname: acme\non: [community, enterprise]\nretention: 1 day\n';

/** Embedded servers store no users, so nothing is applied while these are declared. */
const ACCESS = `kind: Role
name: reader
on: standby
---
kind: SettingsProfile
name: careful
on: standby
settings: { max_threads: 2 }
to: [reader]
---
kind: User
name: app
on: standby
identified: { with: no_password }
default_roles: [reader]
---
kind: Quota
name: hourly
on: standby
intervals: [{ every: 1 HOUR, limits: { queries: 10 } }]
to: [reader]
---
kind: RowPolicy
name: some
on: standby
database: telemetry
table: hourly
filter: device_id = 1
to: [reader]
---
kind: Grant
to: reader
on: standby
target: telemetry.hourly
privileges: [SELECT, { privilege: 'INSERT(device_id)', grant_option: true }]
---
kind: Grant
to: app
on: standby
roles: [reader]
`;

let estate: BootstrappedEstate;
let planner: Server;
let applier: Server;
beforeAll(async () => {
  estate = await startBootstrapped({
    'schemas/access.yaml': ACCESS,
    'schemas/feeds.yaml': FEED,
    // Of other addresses than those that are declared, plans with --url would say that the file differs.
    'clusters/federation.yaml': '# none\n',
    'clusters/standby.yaml': STANDBY.replace('hot_after: 10 MINUTE', 'hot_after: 1 SECOND'),
  });
  await rm(join(estate.folder, 'schemas/access.yaml'));
  planner = estate.as('plumbline_planner', 'community-1');
  applier = estate.as('plumbline_applier', 'community-1');
});
afterAll(() => estate?.stop());

/** What a command exits with, and all that it says. */
async function said(command: (output: Parameters<typeof plan>[1]) => Promise<number>) {
  const texts: string[] = [];
  const write = (text: string): void => void texts.push(text);
  const code = await command({ result: write, note: write, colour: false, live: false });
  return { code, text: texts.join('') };
}

const options = () => ({
  estate: estate.folder,
  url: estate.urls,
  connectTimeout: 10,
  resolve: ['telemetry.example.com=192.0.2.10'],
  format: 'text' as const,
  lockSeconds: 60,
});

describe('the applier', () => {
  test('applies the example estate', async () => {
    const { results, remaining } = await estate.apply();
    expect(results.filter(({ outcome }) => outcome !== 'done').flatMap(({ error }) => error ?? [])).toEqual(
      [],
    );
    expect(plannedSteps(remaining).map(({ step }) => step.statements)).toEqual([]);
    expect(planFindings(remaining)).toEqual([]);
  });

  test('loads what feeds bring', async () => {
    for (const node of ['community-1', 'community-2', 'enterprise']) {
      const sql = estate.as('default', node);
      await sql.run('CREATE DATABASE vault');
      await sql.run('CREATE TABLE vault.keys (k UInt8) ENGINE = Log');
      await sql.run('CREATE DATABASE inbox');
      await sql.run(
        'CREATE TABLE inbox.companies ENGINE = Log AS SELECT * EXCEPT (effective_date, expiry_date, is_current, ' +
          'record_version, is_retracted) FROM avesa.companies',
      );
      await sql.run(
        "INSERT INTO inbox.companies (tenant_id, company_id, name, updated_at) VALUES ('acme', '1', 'One', '2026-01-01')",
      );
    }
    const load = () => said((output) => scdLoad({ ...options(), tenant: ['acme'] }, output));
    const first = await load();
    expect(first.code, first.text).toBe(0);
    for (const node of ['community-1', 'community-2', 'enterprise'])
      await estate
        .as('default', node)
        .run(
          "INSERT INTO inbox.companies (tenant_id, company_id, name, updated_at) VALUES ('acme', '1', 'Two', '2026-02-01')",
        );
    const second = await load();
    expect(second.code, second.text).toBe(0);
    const { code, text } = await said((output) => scdCheck(options(), output));
    expect(code, text).toBe(0);
  });

  test('removes versions that ended', async () => {
    await mkdir(join(estate.folder, 'tenants'));
    await writeFile(join(estate.folder, 'tenants/acme.yaml'), TENANT);
    const { code, text } = await said((output) =>
      scdExpire({ ...options(), table: ['avesa.companies'], yes: true }, output),
    );
    await rm(join(estate.folder, 'tenants'), { recursive: true });
    expect(code, text).toBe(0);
    const ledger = await estate
      .as('default', 'enterprise')
      .rows("SELECT outcome, toUInt32(deleted) FROM plumbline.scd_loads FINAL WHERE mode = 'expire'");
    expect(ledger).toEqual([['done', 1]]);
  });

  test('repairs pairs', async () => {
    const sql = estate.as('default', 'enterprise');
    await sql.run(
      "INSERT INTO telemetry.measurements (timestamp, device_id, metric, value) SELECT now() - 86400, number, 'm', 1 FROM numbers(100)",
    );
    await new Promise((resolve) => setTimeout(resolve, 1500));
    const { code, text } = await said((output) => drRepair({ ...options(), yes: true }, output));
    expect(code, text).toBe(0);
    const [row] = await estate
      .as('default', 'standby')
      .rows<[string]>('SELECT toString(count()) FROM telemetry.measurements');
    expect(row).toEqual(['100']);
  });
});

/** The code of the error with which the server refuses, and its message; undefined when it does not. */
async function refusal(server: Server, statement: string, session?: string) {
  const error = await server.run(statement, session === undefined ? {} : { session }).then(
    () => undefined,
    (caught: unknown) => caught,
  );
  if (error === undefined) return undefined;
  if (!(error instanceof ServerError)) throw error;
  return error.code;
}

const ACCESS_DENIED = 497;
/** Understood and allowed: an embedded server has nowhere to keep it, or to change it, or does not know the role that it could not keep. */
const NOT_STORED = [514, 495, 511];

type Command = (output: Parameters<typeof plan>[1]) => Promise<number>;
const COMMANDS: readonly (readonly [string, Command])[] = [
  ['plan', (output) => plan(options(), output)],
  ['drift', (output) => drift(options(), output)],
  ['scd check', (output) => scdCheck(options(), output)],
  ['dr compare', (output) => dr(options(), output)],
  [
    'import',
    (output) =>
      importLive({ ...options(), layout: 'database', out: join(estate.folder, 'imported') }, output),
  ],
];

describe('the planner', () => {
  test.each(COMMANDS)('can %s', async (_command, run) => {
    estate.signIn('plumbline_planner');
    const { code, text } = await said(run);
    expect(code, text).toBe(0);
    expect(text).not.toMatch(/may not|GRANT|privilege/);
  });

  test.each([
    'SELECT * FROM telemetry.measurements',
    'SELECT * FROM inbox.companies',
    'SELECT query FROM system.processes',
    "SELECT * FROM url('http://127.0.0.1:1/', 'CSV', 'a String')",
    "SELECT * FROM file('x', 'CSV', 'a String')",
    "SELECT * FROM remote('127.0.0.1', 'avesa', 'companies')",
    "INSERT INTO FUNCTION file('x.csv', 'CSV', 'a String') VALUES ('x')",
    "CREATE TEMPORARY TABLE t (k UInt8) ENGINE = File('CSV', 'x.csv')",
    "CREATE TEMPORARY TABLE t (k UInt8) ENGINE = URL('http://127.0.0.1:1/', 'CSV')",
    "CREATE TEMPORARY TABLE t (k UInt8) ENGINE = Distributed('enterprise', 'telemetry', 'hourly')",
    "CREATE TEMPORARY TABLE t (k UInt8) ENGINE = Executable('x.sh', 'CSV')",
    "CREATE TEMPORARY TABLE t (k UInt8) ENGINE = MySQL('127.0.0.1:1', 'd', 't', 'u', '')",
    'CREATE DATABASE other',
    'CREATE TABLE avesa.other (k UInt8) ENGINE = MergeTree ORDER BY k',
    'CREATE VIEW avesa.other AS SELECT 1 AS k',
    "INSERT INTO avesa.companies (tenant_id) VALUES ('x')",
    "INSERT INTO plumbline.journal (run) VALUES ('x')",
    'ALTER TABLE avesa.companies ADD COLUMN k UInt8',
    'ALTER TABLE plumbline.lock ADD COLUMN k UInt8',
    'ALTER TABLE avesa.companies DELETE WHERE 1',
    "ALTER TABLE avesa.companies DROP PARTITION 'acme'",
    'DELETE FROM avesa.companies WHERE 1',
    'TRUNCATE TABLE avesa.companies',
    'OPTIMIZE TABLE avesa.companies',
    'RENAME TABLE avesa.companies TO avesa.other',
    'EXCHANGE TABLES avesa.companies AND avesa.contacts',
    'DROP TABLE avesa.companies',
    'DETACH TABLE avesa.companies',
    'DROP DATABASE avesa',
    'CREATE FUNCTION thrice AS x -> x * 3',
    "CREATE NAMED COLLECTION other AS a = '1'",
    'CREATE WORKLOAD everything',
    'CREATE USER other',
    'CREATE ROLE other',
    'ALTER USER plumbline_planner SETTINGS NONE',
    'GRANT SELECT ON avesa.* TO plumbline_planner',
    'CREATE ROW POLICY p ON avesa.companies USING 1 TO ALL',
    'SYSTEM FLUSH LOGS',
    'SYSTEM STOP MERGES avesa.companies',
    'SYSTEM SHUTDOWN',
  ])('can not: %s', async (statement) => {
    expect(await refusal(planner, statement, 'planner')).toBe(ACCESS_DENIED);
  });
});

describe('the applier alone', () => {
  test('may make users and what they get where those are declared', async () => {
    await writeFile(join(estate.folder, 'schemas/access.yaml'), ACCESS);
    estate.signIn('plumbline_applier');
    const declared = await estate.estate();
    const { plan: planned, close } = await survey(declared, {
      settled: { has: () => false, add: () => {}, save: () => {} },
      connectTimeout: 10_000,
      clusters: new Set(['standby']),
    });
    await close();
    await rm(join(estate.folder, 'schemas/access.yaml'));
    const there = estate.as('plumbline_applier', 'standby');
    const statements = plannedSteps(planned).flatMap(({ step }) => step.statements);
    expect(statements.length).toBeGreaterThanOrEqual(7);
    // Whom a statement names must be there before rights are checked.
    for (const statement of statements.map((text) => text.replace(/TO `reader`/, 'TO `plumbline_planner`')))
      expect(NOT_STORED, statement).toContain(await refusal(there, statement));
    for (const statement of [
      'GRANT SELECT ON telemetry.measurements TO plumbline_planner',
      'GRANT INSERT ON telemetry.hourly TO plumbline_planner',
      'CREATE ROW POLICY p ON telemetry.measurements USING 1 TO ALL',
    ])
      expect(await refusal(there, statement), statement).toBe(ACCESS_DENIED);
  });

  test.each([
    'SELECT * FROM vault.keys',
    'INSERT INTO vault.keys VALUES (2)',
    'DROP TABLE vault.keys',
    'CREATE DATABASE other',
    'CREATE TABLE vault.other (k UInt8) ENGINE = MergeTree ORDER BY k',
    'INSERT INTO inbox.companies (tenant_id) VALUES (1)',
    'RENAME TABLE vault.keys TO avesa.keys',
    'CREATE VIEW avesa.keys AS SELECT * FROM vault.keys',
    "SELECT * FROM merge('vault', '.*')",
    "SELECT * FROM url('http://127.0.0.1:1/', 'CSV', 'a String')",
    "SELECT * FROM file('x', 'CSV', 'a String')",
    "CREATE TABLE avesa.other (k UInt8) ENGINE = URL('http://127.0.0.1:1/', 'CSV')",
    'SELECT query FROM system.processes',
    'CREATE FUNCTION thrice AS x -> x * 3',
    "CREATE NAMED COLLECTION other AS a = '1'",
    'CREATE USER other',
    'CREATE ROLE other',
    'ALTER USER plumbline_applier SETTINGS NONE',
    'GRANT SELECT ON avesa.* TO plumbline_planner',
    'CREATE ROW POLICY p ON avesa.companies USING 1 TO ALL',
    'SYSTEM FLUSH LOGS',
  ])('can not: %s', async (statement) => {
    expect(await refusal(applier, statement, 'applier')).toBe(ACCESS_DENIED);
  });
});

test('every table of system that is read anywhere is among the rights', async () => {
  const files = readdirSync(join(ROOT, 'src'), { recursive: true, encoding: 'utf8' });
  const texts = files
    .filter((file) => file.endsWith('.ts') && !file.startsWith('bootstrap/'))
    .map((file) => readFileSync(join(ROOT, 'src', file), 'utf8'));
  const read = texts.flatMap((text) =>
    [...text.matchAll(/\b(?:FROM|JOIN)\s+system\.(\w+)/g)].map(([, name = '']) => name),
  );
  const declared = await loadEstate(ROOT);
  const granted = declared.clusters
    .flatMap((cluster) => applierNeeds(declared, cluster))
    .flatMap(({ rights }) => rights)
    .join('\n');
  expect([...new Set(read)].filter((name) => !granted.includes(` ON system.${name}`))).toEqual([]);
});
