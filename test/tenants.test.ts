/** Declarations of tenants go in; the objects that each stands for, and what is wrong with the others, are checked. */
import { cp } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { expand } from '../src/declared/expand.ts';
import { readDeclarations } from '../src/declared/files.ts';
import { authoredText } from '../src/live/desired.ts';
import { isAccess, showPath } from '../src/model/object.ts';
import { lazyRoot, stateOf } from '../src/model/state.ts';
import { diffStates, stepsOf } from '../src/plan/plan.ts';
import { absentOn, withTenants } from '../src/plan/with-tenants.ts';
import { ACME, expanded, SCHEMA } from './support/declared-tenants.ts';
import { makeFolder } from './support/folder.ts';

async function statements(tenants: string, schema?: string): Promise<string[]> {
  const { estate, told } = await expanded(tenants, schema);
  expect(told).toEqual([]);
  return estate.objects
    .filter(({ tree }) => isAccess(tree.root.id))
    .map(({ tree, clusters }) => `${[...clusters].join('+')}: ${authoredText(tree)}`);
}

describe('a tenant', () => {
  test('is a role, its policies and what it may read', async () => {
    expect(await statements(ACME)).toMatchInlineSnapshot(`
      [
        "main: CREATE ROLE \`tenant_acme\`",
        "main: CREATE ROW POLICY \`tenant_acme\` ON \`_table_function\`.\`mergeTreeAnalyzeIndexes\` AS PERMISSIVE FOR SELECT USING 0 TO \`tenant_acme\`",
        "main: CREATE ROW POLICY \`tenant_acme\` ON \`_table_function\`.\`mergeTreeAnalyzeIndexesUUID\` AS PERMISSIVE FOR SELECT USING 0 TO \`tenant_acme\`",
        "main: CREATE ROW POLICY \`tenant_acme\` ON \`_table_function\`.\`mergeTreeIndex\` AS PERMISSIVE FOR SELECT USING 0 TO \`tenant_acme\`",
        "main: CREATE ROW POLICY \`tenant_acme\` ON \`_table_function\`.\`mergeTreeProjection\` AS PERMISSIVE FOR SELECT USING 0 TO \`tenant_acme\`",
        "main: CREATE ROW POLICY \`tenant_acme\` ON \`_table_function\`.\`mergeTreeTextIndex\` AS PERMISSIVE FOR SELECT USING 0 TO \`tenant_acme\`",
        "main: CREATE ROW POLICY \`tenant_acme\` ON \`system\`.\`tables\` AS PERMISSIVE FOR SELECT USING total_rows IS NULL AND total_bytes IS NULL TO \`tenant_acme\`",
        "main: CREATE ROW POLICY \`tenant_acme\` ON \`system\`.\`columns\` AS PERMISSIVE FOR SELECT USING 0 TO \`tenant_acme\`",
        "main: CREATE ROW POLICY \`tenant_acme\` ON \`avesa\`.\`notes\` AS PERMISSIVE FOR SELECT USING \`tenant_id\` = 'acme' TO \`tenant_acme\`",
        "main: CREATE ROW POLICY \`tenant_acme\` ON \`avesa\`.\`definer\` AS PERMISSIVE FOR SELECT USING \`tenant_id\` = 'acme' TO \`tenant_acme\`",
        "main: TO \`tenant_acme\`: GRANT SELECT ON \`avesa\`.\`notes\`",
        "main: TO \`tenant_acme\`: GRANT SELECT ON \`avesa\`.\`everywhere\`",
        "main: TO \`tenant_acme\`: GRANT SELECT ON \`avesa\`.\`own\`",
        "main: TO \`tenant_acme\`: GRANT SELECT ON \`avesa\`.\`sums\`",
        "main: TO \`tenant_acme\`: GRANT SELECT ON \`avesa\`.\`definer\`",
      ]
    `);
  });

  test('has users, a quota and settings', async () => {
    const more = `users:
  - { name: "{tenant}_app", identified: { with: sha256_password, password: { secret: ACME } }, hosts: { ip: [10.0.0.0/8] } }
quota: { intervals: [{ every: 1 HOUR, limits: { queries: 100 } }] }
settings: { max_memory_usage: { value: 1000000, writability: const } }
`;
    const all = await statements(ACME + more);
    expect(all.filter((text) => !/ (ROW POLICY|GRANT SELECT) /.test(text))).toMatchInlineSnapshot(`
      [
        "main: CREATE ROLE \`tenant_acme\`",
        "main: CREATE SETTINGS PROFILE \`tenant_acme\` SETTINGS max_memory_usage = '1000000' CONST TO \`tenant_acme\`",
        "main: CREATE QUOTA \`tenant_acme\` NOT KEYED FOR INTERVAL 3600 second MAX queries = 100 TO \`tenant_acme\`",
        "main: CREATE USER \`acme_app\` IDENTIFIED WITH sha256_password BY '{secret:ACME}' HOST IP '10.0.0.0/8' DEFAULT ROLE ALL GRANTEES ANY",
        "main: TO \`acme_app\`: GRANT \`tenant_acme\`",
      ]
    `);
  });

  test('stands only where its clusters and those of its tables meet', async () => {
    const schema = SCHEMA.replace('name: notes\n', 'name: notes\non: other\n');
    const all = await statements(
      'kind: Tenant\nname: acme\non: [main, other]\ntables: avesa.notes\n',
      schema,
    );
    expect(all.filter((text) => text.includes('notes'))).toMatchInlineSnapshot(`
      [
        "other: CREATE ROW POLICY \`tenant_acme\` ON \`avesa\`.\`notes\` AS PERMISSIVE FOR SELECT USING \`tenant_id\` = 'acme' TO \`tenant_acme\`",
        "other: TO \`tenant_acme\`: GRANT SELECT ON \`avesa\`.\`notes\`",
      ]
    `);
  });
});

describe('taking a tenant away', () => {
  const user = 'users: [{ name: acme_app, identified: { with: no_password } }]\n';

  /** What is to be done on `main`, where everything that `before` declares is live. */
  async function steps(before: string, after: string): Promise<string[]> {
    const [live, wanted] = [await expanded(before), await expanded(after)];
    expect([...live.told, ...wanted.told]).toEqual([]);
    const stateFrom = ({ estate: { objects } }: typeof live) =>
      stateOf(
        objects
          .filter(({ tree, clusters }) => isAccess(tree.root.id) && clusters.has('main'))
          .map(({ tree }) => lazyRoot(tree.root.id, authoredText(tree), () => tree, tree.root)),
      );
    const state = stateFrom(wanted);
    const differences = diffStates(
      stateFrom(live),
      { state, blocked: new Set(), absent: absentOn(wanted.estate, 'main') },
      new Map(),
    );
    const made = withTenants(stepsOf(differences, new Map()), wanted.estate);
    for (const { tenant, place } of made)
      expect([tenant?.name, place?.file]).toEqual(['acme', 'tenants/t.yaml']);
    return made.map(({ statements }) => statements.join('; '));
  }

  test('drops who may read before what keeps the rows apart', async () => {
    const told = await steps(ACME + user, `${ACME + user}remove: access\n`);
    expect(told.filter((text) => !text.startsWith('DROP ROW POLICY'))).toMatchInlineSnapshot(`
      [
        "REVOKE \`tenant_acme\` FROM \`acme_app\`",
        "REVOKE SELECT ON \`avesa\`.\`sums\` FROM \`tenant_acme\`",
        "REVOKE SELECT ON \`avesa\`.\`own\` FROM \`tenant_acme\`",
        "REVOKE SELECT ON \`avesa\`.\`notes\` FROM \`tenant_acme\`",
        "REVOKE SELECT ON \`avesa\`.\`everywhere\` FROM \`tenant_acme\`",
        "REVOKE SELECT ON \`avesa\`.\`definer\` FROM \`tenant_acme\`",
        "DROP USER \`acme_app\`",
        "DROP ROLE \`tenant_acme\`",
      ]
    `);
    const firstPolicy = told.findIndex((text) => text.startsWith('DROP ROW POLICY'));
    expect(told.slice(firstPolicy).every((text) => text.startsWith('DROP ROW POLICY'))).toBe(true);
    expect(firstPolicy).toBeGreaterThan(0);
  });

  test('drops nothing where the declaration alone is gone', async () => {
    const other = 'kind: Tenant\nname: acme\non: other\n';
    expect(await steps(ACME + user, other)).toEqual([]);
  });

  test('takes what is no longer among its tables', async () => {
    expect(await steps(ACME, `${ACME}except: avesa.definer\n`)).toMatchInlineSnapshot(`
      [
        "REVOKE SELECT ON \`avesa\`.\`definer\` FROM \`tenant_acme\`",
        "DROP ROW POLICY \`tenant_acme\` ON \`avesa\`.\`definer\`",
      ]
    `);
  });
});

describe('mistakes in tenants', () => {
  test.each<[string, string, string[]]>([
    [
      'unknown cluster',
      ACME.replace('on: main', 'on: mian'),
      ['3:5 unknown-cluster: no cluster is called `mian`; did you mean `main`?'],
    ],
    [
      'two of one name',
      `${ACME}---\n${ACME}`,
      ['6:7 duplicate: `acme` is already the name of tenant `acme` (tenants/t.yaml:2:7)'],
    ],
    [
      'two of one id',
      `${ACME}---\nkind: Tenant\nname: other\nid: acme\non: main\n`,
      ['7:5 duplicate: `acme` is already the id of tenant `acme` (tenants/t.yaml:2:7)'],
    ],
    ['two of one id on two clusters', `${ACME}---\nkind: Tenant\nname: b\nid: acme\non: other\n`, []],
    [
      'two of one role',
      `${ACME}---\nkind: Tenant\nname: b\nrole: tenant_acme\non: main\n`,
      ['7:7 duplicate: `tenant_acme` is already the role of tenant `acme` (tenants/t.yaml:2:7)'],
    ],
    [
      'a pattern that fits nothing',
      `${ACME}tables: [avesa.note, "shop.*"]\n`,
      [
        '4:10 unmatched-pattern: no table or view on its clusters fits `avesa.note`; did you mean `avesa.notes`?',
        '4:22 unmatched-pattern: no table or view on its clusters fits `shop.*`',
      ],
    ],
    [
      'a table without the column',
      `${ACME}tables: avesa.rates\n`,
      [
        '4:9 not-kept-apart: no tenant can read table avesa.rates alone: it has no column `tenant_id` and reads nothing that has it',
      ],
    ],
    [
      'a table that is looked up',
      `${ACME}tables: [avesa.joined, avesa.elsewhere, avesa.total]\n`,
      [
        '4:10 not-kept-apart: no tenant can read table avesa.joined alone: rows of a Join table can be looked up past every row policy',
        '4:24 not-kept-apart: no tenant can read table avesa.elsewhere alone: row policies of a Distributed table count on its shards alone, and `far` is no declared cluster that the tenant is on',
        '4:41 not-kept-apart: no tenant can read view avesa.total alone: it shows what it makes of all rows, and has no column by which a policy could tell them apart',
      ],
    ],
    [
      'a column that nothing has',
      `${ACME}tenant_column: customer\n`,
      [
        '2:7 nothing-to-read: nothing on its clusters has a column `customer` by which rows could be kept apart; name it with `tenant_column`',
      ],
    ],
    [
      'a pattern without a database',
      `${ACME}tables: notes\n`,
      ['4:9 wrong-value: `tables` must be a pattern such as `avesa.*`, or a list of them, found `notes`'],
    ],
    [
      'a user without a method',
      `${ACME}users: [{ name: a }]\n`,
      ['4:9 missing-key: missing key `identified`; a tenant user needs `name` and `identified`'],
    ],
    [
      'a default role of its own',
      `${ACME}users: [{ name: a, identified: { with: no_password }, default_roles: none }]\n`,
      [
        '4:55 unknown-key: unknown key `default_roles`; a tenant user has `name`, `identified`, `hosts`, `valid_until`, `default_database`, `grantees`, `settings` and `profiles`',
      ],
    ],
    [
      'a mistake in a quota',
      `${ACME}quota: { intervals: [{ every: sometimes }] }\n`,
      [
        '4:31 wrong-value: `every` must be a length such as `1 HOUR` (SECOND, MINUTE, HOUR, DAY, WEEK, MONTH, QUARTER or YEAR), found `sometimes`',
      ],
    ],
  ])('%s', async (_what, tenants, expected) => {
    expect((await expanded(tenants)).told).toEqual(expected);
  });

  test('a role that is declared too', async () => {
    const { told } = await expanded(ACME, `${SCHEMA}---\nkind: Role\nname: tenant_acme\non: main\n`);
    expect(told[0]).toMatch(/^2:7 duplicate: role tenant_acme is already declared at schemas\/s.yaml:\d+:7$/);
  });
});

test('the tenants of the example estate read what is theirs', async () => {
  const root = join(import.meta.dirname, '..');
  const folder = await makeFolder({});
  await Promise.all(
    ['clusters', 'schemas', 'tenants'].map((from) =>
      cp(join(root, from), join(folder.path, from), { recursive: true }),
    ),
  );
  const { entries, findings } = await readDeclarations(folder.path);
  await folder.remove();
  const { estate, findings: mistakes } = expand(entries);
  expect([...findings, ...mistakes].filter(({ severity }) => severity === 'error')).toEqual([]);
  const readable = estate.tenants?.map(
    ({ name, readable }) => `${name}: ${readable.map(showPath).join(' ')}`,
  );
  expect(readable).toMatchInlineSnapshot(`
    [
      "acme: avesa.companies_all avesa.contacts_all avesa.tickets_all avesa.time_entries_all avesa.companies avesa.companies_current avesa.companies_as_of avesa.contacts avesa.contacts_current avesa.contacts_as_of avesa.tickets avesa.tickets_current avesa.tickets_as_of avesa.time_entries avesa.time_entries_current avesa.time_entries_as_of",
      "globex: avesa.companies_all avesa.contacts_all avesa.tickets_all avesa.time_entries_all avesa.companies avesa.companies_current avesa.companies_as_of avesa.contacts avesa.contacts_current avesa.contacts_as_of avesa.tickets avesa.tickets_current avesa.tickets_as_of avesa.time_entries avesa.time_entries_current avesa.time_entries_as_of",
      "initech: avesa.companies_all avesa.contacts_all avesa.tickets_all avesa.companies avesa.companies_current avesa.companies_as_of avesa.contacts avesa.contacts_current avesa.contacts_as_of avesa.tickets avesa.tickets_current avesa.tickets_as_of",
    ]
  `);
});
