/** What a planner needs whatever is declared is enough for planning what stands beside databases, and nothing can be written with it. */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { plannerNeeds } from '../src/bootstrap/planner-needs.ts';
import { defaultUsersXml } from '../src/embedded/server-config.ts';
import { connect, type Server, ServerError } from '../src/live/server.ts';
import type { Cluster, Estate } from '../src/model/estate.ts';
import { planFindings, plannedSteps } from '../src/model/plan.ts';
import { startTestEstate, type TestEstate } from './support/test-estate.ts';

const CLUSTER: Cluster = {
  name: 'test',
  edition: 'community',
  version: '26.7',
  engines: { as: 'plain' },
  nodes: [],
};
const NOTHING: Estate = { clusters: [CLUSTER], objects: [], prune: new Map(), pairs: [] };
const GRANTS = plannerNeeds(NOTHING, CLUSTER).flatMap(({ rights }) =>
  rights.map((right) => `GRANT ${right}`),
);

const usersXml = defaultUsersXml.replace(
  '</users>',
  `<planner><no_password/><grants>${GRANTS.map((grant) => `<query>${grant}</query>`).join('')}</grants></planner>
   <reader><no_password/></reader></users><roles><buyer><grants><query>GRANT SELECT ON shop.*</query></grants></buyer></roles>`,
);

const DECLARED = `kind: Database
name: shop
on: test
---
kind: Table
database: shop
name: orders
columns: { id: UInt64, total: 'Decimal(18, 2) CODEC(ZSTD)' }
order_by: id
---
kind: View
database: shop
name: totals
query: SELECT sum(total) AS total FROM shop.orders
---
kind: Function
name: twice
on: test
lambda: x -> x * 2
---
kind: NamedCollection
name: source
on: test
values: { user: reader }
`;

const ACCESS = `---
kind: Role
name: buyer
on: test
---
kind: User
name: reader
on: test
identified: { with: no_password }
---
kind: Grant
to: buyer
on: test
target: shop.*
privileges: [SELECT]
`;

let estate: TestEstate;
let planner: Server;
beforeAll(async () => {
  estate = await startTestEstate(1, { usersXml });
  await estate.write({ 'shop.yaml': DECLARED });
  await estate.apply();
  const cluster = join(estate.folder, 'clusters', 'test.yaml');
  process.env.TEST_USER = 'planner';
  await writeFile(cluster, `${await readFile(cluster, 'utf8')}user: { env: TEST_USER }\n`);
  const [sql] = estate.sql;
  if (!sql) throw new Error('no server');
  planner = connect({ ...sql.node, user: { plain: 'planner' } });
});
afterAll(async () => {
  await planner?.close();
  await estate?.stop();
});

test('a plan needs no more rights', async () => {
  expect(GRANTS.length).toBeGreaterThan(3);
  await estate.write({ 'shop.yaml': DECLARED, 'access.yaml': ACCESS.slice(4) });
  const same = await estate.plan();
  expect(planFindings(same)).toEqual([]);
  expect(plannedSteps(same)).toEqual([]);
  const changed = DECLARED.replace('id: UInt64', 'id: UInt64, at: DateTime').replace('x * 2', 'x + x');
  await estate.write({ 'shop.yaml': changed });
  const plan = await estate.plan();
  expect(planFindings(plan)).toEqual([]);
  expect(plannedSteps(plan).map(({ step }) => step.object.path.join('.'))).toEqual(['twice', 'shop.orders']);
});

const ACCESS_DENIED = 497;

test.each([
  'SELECT * FROM shop.orders',
  'CREATE DATABASE other',
  'CREATE TABLE shop.other (k UInt8) ENGINE = MergeTree ORDER BY k',
  'CREATE VIEW shop.other AS SELECT 1 AS k',
  'INSERT INTO shop.orders VALUES (1, 1)',
  "INSERT INTO plumbline.journal (run) VALUES ('x')",
  'ALTER TABLE shop.orders ADD COLUMN k UInt8',
  'ALTER TABLE shop.orders DELETE WHERE 1',
  'DELETE FROM shop.orders WHERE 1',
  'TRUNCATE TABLE shop.orders',
  'OPTIMIZE TABLE shop.orders',
  'RENAME TABLE shop.orders TO shop.other',
  'DROP TABLE shop.orders',
  'DROP DATABASE shop',
  'CREATE FUNCTION thrice AS x -> x * 3',
  'DROP FUNCTION twice',
  "CREATE NAMED COLLECTION other AS a = '1'",
  'DROP NAMED COLLECTION source',
  'CREATE USER other',
  'CREATE ROLE other',
  'ALTER USER planner SETTINGS NONE',
  'GRANT SELECT ON shop.* TO planner',
  'CREATE ROW POLICY p ON shop.orders USING 1 TO ALL',
  'SYSTEM FLUSH LOGS',
  'SYSTEM STOP MERGES shop.orders',
  'SYSTEM SHUTDOWN',
])('the planner can not: %s', async (statement) => {
  const error = await planner.run(statement).then(
    () => undefined,
    (caught: unknown) => caught,
  );
  expect(error).toBeInstanceOf(ServerError);
  expect((error as ServerError).code, (error as ServerError).message).toBe(ACCESS_DENIED);
});
