/** Users, roles and rights as a real server shows them from its configuration, compared with declarations of the same. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { defaultUsersXml } from '../src/embedded/server-config.ts';
import { planFindings, plannedSteps } from '../src/model/plan.ts';
import { startTestEstate, type TestEstate } from './support/test-estate.ts';

const HASH = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855';

const USERS = `
<alice>
  <password_sha256_hex>${HASH}</password_sha256_hex>
  <networks>
    <ip>10.1.2.3/8</ip><ip>FE80::1/10</ip><ip>192.168.1.1</ip>
    <host>b.example</host><host>a.example</host><host>localhost</host><host_regexp>^c\\.</host_regexp>
  </networks>
  <profile>base</profile>
  <default_database>shop</default_database>
</alice>
<bob><no_password/></bob>
<carl><ldap><server>directory</server></ldap></carl>
<dan><kerberos><realm>A.EXAMPLE</realm></kerberos></dan>
<eve><ssl_certificates><common_name>b</common_name><common_name>a</common_name></ssl_certificates></eve>
<gus><http_authentication><server>door</server><scheme>basic</scheme></http_authentication></gus>
<hal><password_double_sha1_hex>e395796d6546b1b65db9d665cd43f0e858dd4303</password_double_sha1_hex></hal>
`;

const usersXml = defaultUsersXml
  .replace('</users>', `${USERS}</users><roles><reader></reader></roles>`)
  .replace('</profiles>', '<base><max_threads>2</max_threads></base></profiles>');

let estate: TestEstate;
beforeAll(async () => {
  estate = await startTestEstate(1, { usersXml });
});
afterAll(() => estate?.stop());

interface Planned {
  readonly statements: readonly string[];
  readonly refusals: readonly string[];
  readonly unmanaged: readonly string[];
  readonly findings: readonly string[];
}

async function planOf(yaml: string): Promise<Planned> {
  await estate.write({ 'access.yaml': yaml });
  const plan = await estate.plan();
  const steps = plannedSteps(plan).map(({ step }) => step);
  return {
    statements: steps.flatMap((step) => step.statements),
    refusals: steps.flatMap((step) => step.refusals),
    unmanaged: plan.clusters.flatMap(({ nodes }) =>
      nodes.flatMap((node) => node.unmanaged.map(({ path }) => path.join('.'))),
    ),
    findings: planFindings(plan).map(({ message }) => message),
  };
}

const NOTHING: Planned = { statements: [], refusals: [], unmanaged: [], findings: [] };

/** What is declared like the users above; one of them with its addresses as people write them. */
const DECLARED = `kind: Role
name: reader
on: test
---
kind: User
name: alice
on: test
identified: { with: sha256_hash, hash: { secret: ALICE } }
hosts: { ip: [10.0.0.0/8, 'fe80::/10', 192.168.1.1], name: [a.example, b.example], regexp: ['^c\\.'], local: true }
default_database: shop
profiles: [base]
---
kind: User
name: bob
on: test
identified: { with: no_password }
---
kind: User
name: carl
on: test
identified: { with: ldap, server: directory }
---
kind: User
name: dan
on: test
identified: { with: kerberos, realm: A.EXAMPLE }
---
kind: User
name: eve
on: test
identified: { with: ssl_certificate, common_names: [a, b] }
---
kind: User
name: gus
on: test
identified: { with: http, server: door, scheme: BASIC }
---
kind: User
name: hal
on: test
identified: { with: double_sha1_password, password: { secret: HAL } }
`;

test('what the configuration files say, declared, is no difference', async () => {
  expect(await planOf(DECLARED)).toEqual(NOTHING);
});

test('what the configuration files say and nobody declares is not worth telling', async () => {
  expect(await planOf('kind: Role\nname: reader\non: test\n')).toEqual(NOTHING);
});

test('a difference to the configuration files is for people to mend', async () => {
  const { statements, refusals } = await planOf(
    `${DECLARED.replace('no_password', 'kerberos').replace('default_database: shop', 'default_database: other')}settings: { max_threads: 3 }\n`,
  );
  expect(statements).toEqual([]);
  const refusal = 'it comes from the configuration files of the server; change it there';
  expect(refusals).toEqual([refusal, refusal, refusal]);
});

test('a role is created in one statement, with its settings and their limits', async () => {
  const yaml = `kind: Role
name: it's new
on: test
profiles: [base]
settings: { max_memory_usage: 10G, max_threads: { value: 2, max: 8, writability: const }, readonly: { min: 1 } }
`;
  const { statements } = await planOf(yaml);
  expect(statements).toEqual([
    "CREATE ROLE `it's new` SETTINGS PROFILE `base`, max_memory_usage = '10000000000', max_threads = '2' MAX '8' CONST, readonly MIN '1'",
  ]);
});

test('the rights of a new role are made before anybody has it, with exceptions too', async () => {
  const yaml = `kind: Role
name: buyer
on: test
---
kind: User
name: new
on: test
identified: { with: no_password }
---
kind: Grant
to: buyer
on: test
target: shop.orders
privileges: [SELECT, { privilege: INSERT, grant_option: true }]
revoked: [SELECT(secret)]
---
kind: Grant
to: buyer
on: test
target: { object: roles }
privileges: [CREATE USER]
---
kind: Grant
to: new
on: test
roles: [buyer]
`;
  const { statements, findings } = await planOf(yaml);
  expect(findings).toEqual([]);
  expect(statements).toEqual([
    'CREATE ROLE `buyer`',
    'CREATE USER `new` IDENTIFIED WITH no_password HOST ANY DEFAULT ROLE ALL GRANTEES ANY',
    'GRANT CREATE USER ON `roles` TO `buyer`',
    'GRANT SELECT ON `shop`.`orders` TO `buyer`',
    'GRANT INSERT ON `shop`.`orders` TO `buyer` WITH GRANT OPTION',
    'REVOKE SELECT(`secret`) ON `shop`.`orders` FROM `buyer`',
    'GRANT `buyer` TO `new`',
  ]);
  const verdicts = async (text: string) => {
    await estate.write({ 'access.yaml': text });
    return plannedSteps(await estate.plan()).map(({ step }) => step.verdict);
  };
  expect(new Set(await verdicts(yaml))).toEqual(new Set(['metadata']));
  // Whoever has the role could read the column between two statements.
  expect(await verdicts(yaml.replace('name: buyer', 'name: other'))).toContain('destructive');
});

test('a privilege that the server does not know is told with the one that was meant', async () => {
  const { findings } = await planOf(
    'kind: Grant\nto: reader\non: test\ntarget: shop.*\nprivileges: [SELEKT]\n',
  );
  expect(findings).toEqual([
    "grant shop.* TO reader can't be created there: the server has no privilege `SELEKT`; did you mean `SELECT`?",
  ]);
});

test('a user whose default roles must be granted first gets them last', async () => {
  const yaml = `kind: User
name: new
on: test
identified: { with: sha256_password, password: { secret: NEW } }
hosts: { ip: [10.1.2.3/8] }
default_roles: [reader]
`;
  const { statements } = await planOf(yaml);
  expect(statements).toEqual([
    "CREATE USER `new` IDENTIFIED WITH sha256_password BY '{secret:NEW}' HOST IP '10.0.0.0/8' DEFAULT ROLE NONE GRANTEES ANY",
    'ALTER USER `new` DEFAULT ROLE `reader`',
  ]);
});
