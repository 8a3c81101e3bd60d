/** Row policies, quotas and settings profiles: what is planned for them, and that a server takes every statement. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { defaultUsersXml } from '../src/embedded/server-config.ts';
import { planFindings, plannedSteps } from '../src/model/plan.ts';
import { startTestEstate, type TestEstate } from './support/test-estate.ts';

const usersXml = defaultUsersXml
  .replace(
    '</users>',
    `<acme><no_password/><quota>tight</quota><grants/><databases><shop><t><filter>(tenant = 'acme') AND (NOT gone)</filter></t>
      <table name=""><filter>1</filter></table></shop><database name="o d.d"><table name="x\`y"><filter>a = 'TO'</filter></table></database></databases>
    </acme></users>`,
  )
  .replace(
    '<default></default>\n  </profiles>',
    `<default></default><base><max_threads>2</max_threads></base>
     <tenant><profile>base</profile><max_memory_usage>10G</max_memory_usage><totals_auto_threshold>0.50</totals_auto_threshold>
     <constraints><max_memory_usage><max>20G</max></max_memory_usage><max_threads><const/></max_threads></constraints></tenant></profiles>`,
  )
  .replace(
    '<quotas>',
    `<quotas><tight><interval><duration>3600</duration><randomize>1</randomize><queries>10</queries><execution_time>1.5</execution_time></interval>
     <interval><duration>60</duration></interval></tight>`,
  );

let estate: TestEstate;
beforeAll(async () => {
  estate = await startTestEstate(1, { usersXml });
});
afterAll(() => estate?.stop());

async function planOf(
  yaml: string,
): Promise<{ statements: string[]; refusals: string[]; findings: string[] }> {
  await estate.write({ 'access.yaml': yaml });
  const plan = await estate.plan();
  const steps = plannedSteps(plan).map(({ step }) => step);
  return {
    statements: steps.flatMap((step) => step.statements),
    refusals: steps.flatMap((step) => step.refusals),
    findings: planFindings(plan).map(({ message }) => message),
  };
}

const NOTHING = { statements: [], refusals: [], findings: [] };

test('what configuration files say is read as it is declared', async () => {
  const yaml = `kind: RowPolicy
name: acme
on: test
database: shop
table: t
filter: tenant='acme' and not gone
to: [acme]
---
kind: RowPolicy
name: acme
on: test
database: shop
table: '*'
filter: 1
to: [acme]
---
kind: RowPolicy
name: acme
on: test
database: o d.d
table: x\`y
filter: a='TO'
to: [acme]
---
kind: Quota
name: tight
on: test
keyed_by: user_name
intervals:
  - { every: 1 hour, randomized: true, limits: { queries: 10, execution_time: 1.50 } }
  - { every: 1 MINUTE, track_only: true }
to: [acme]
---
kind: SettingsProfile
name: tenant
on: test
inherit: [base]
settings:
  max_memory_usage: { value: 10G, max: 20000M }
  totals_auto_threshold: 0.5
  max_threads: { writability: const }
`;
  expect(await planOf(yaml)).toEqual(NOTHING);
  expect((await planOf(yaml.replace('gone', 'lost'))).refusals).toEqual([
    'it comes from the configuration files of the server; change it there',
  ]);
});

const POLICY = 'kind: RowPolicy\nname: p\non: test\ndatabase: shop\ntable: t\nto: [acme]\nfilter: ';

test('a policy is created in one statement, with its filter as the server writes it', async () => {
  expect((await planOf(`${POLICY}tenant='x'\n`)).statements).toEqual([
    "CREATE ROW POLICY `p` ON `shop`.`t` AS PERMISSIVE FOR SELECT USING tenant = 'x' TO `acme`",
  ]);
});

test.each(['1 TO ALL', '1, 2', '1) OR (1', '1 AS RESTRICTIVE', "1 -- '"])(
  'a filter can not reach beyond itself: %s',
  async (filter) => {
    const { statements, findings } = await planOf(`${POLICY}${JSON.stringify(filter)}\n`);
    const harmless = statements.every((text) => text.endsWith('USING 1 TO `acme`'));
    expect(statements.length === 0 ? findings.length === 1 : harmless).toBe(true);
  },
);

test('a limit that no server takes is refused before anything runs', async () => {
  const quota = (limit: string): string =>
    `kind: Quota\nname: q\non: test\nintervals: [{ every: 1 DAY, limits: { queries: ${limit} } }]\n`;
  const { statements, findings } = await planOf(quota('99999999999999999999'));
  expect(statements).toEqual([]);
  expect(findings.join()).toContain('does not lie between 0 and 18446744073709551615');
  expect((await planOf(quota('2Ki'))).statements).toEqual([
    'CREATE QUOTA `q` NOT KEYED FOR INTERVAL 86400 second MAX queries = 2048 TO NONE',
  ]);
});

test('an address that the server writes down as another one is refused', async () => {
  const user = (ip: string): string =>
    `kind: User\nname: gate\non: test\nidentified: { with: no_password }\nhosts: { ip: ["${ip}"] }\n`;
  expect((await planOf(user('::2'))).findings).toMatchObject([
    expect.stringContaining('this server writes the address `::2` down as `::`, from which nobody comes'),
  ]);
  for (const ip of ['::1', '::', '10.1.2.3/8', '::ffff:10.0.0.1', '2001:db8::5'])
    expect((await planOf(user(ip))).findings).toEqual([]);
});
