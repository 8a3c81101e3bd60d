/** Users, roles and rights that an apply made and that no declaration names any more: known from a real server's journal, and dropped in order. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { rootKind } from '../src/kinds/index.ts';
import { rowPolicyId } from '../src/kinds/row-policy.ts';
import { appliedAccess } from '../src/live/applied-access.ts';
import type { Server } from '../src/live/server.ts';
import { nameKey, type ObjectId, showId } from '../src/model/object.ts';
import { lazyRoot, type Root, type State, stateOf } from '../src/model/state.ts';
import { diffStates, stepsOf } from '../src/plan/plan.ts';
import { literal } from '../src/sql/quote.ts';
import { startTestEstate, type TestEstate } from './support/test-estate.ts';

const rootOf = (id: ObjectId, statement: string): Root =>
  lazyRoot(id, statement, () => rootKind(id.kind).parse({ id, statement }));
const roleOf = (name: string, more = ''): Root =>
  rootOf({ kind: 'role', path: [name] }, `CREATE ROLE \`${name}\`${more}`);

const policy = rootOf(
  rowPolicyId('p', 'd', 't'),
  'CREATE ROW POLICY `p` ON `d`.`t` AS PERMISSIVE FOR SELECT USING 1 TO `made`',
);
const grant = rootOf(
  { kind: 'grant', path: ['d.t TO made'] },
  'TO `made`: GRANT SELECT(`a`), INSERT ON `d`.`t`',
);
const LIVE: State = stateOf([
  ...['made', 'changed', 'theirs', 'dropped', 'failed', 'elsewhere'].map((name) => roleOf(name)),
  roleOf('of_file', ' IN users_xml'),
  policy,
  grant,
]);

/** Each a run of its own, one after the other. */
const STEPS: readonly (readonly [ObjectId, action: string, outcome: string, node: string])[] = [
  [{ kind: 'role', path: ['made'] }, 'create', 'done', 'test-1'],
  [{ kind: 'role', path: ['changed'] }, 'alter', 'done', 'test-1'],
  [{ kind: 'role', path: ['dropped'] }, 'create', 'done', 'test-1'],
  [{ kind: 'role', path: ['dropped'] }, 'drop', 'done', 'test-1'],
  [{ kind: 'role', path: ['failed'] }, 'create', 'failed', 'test-1'],
  [{ kind: 'role', path: ['elsewhere'] }, 'create', 'done', 'test-2'],
  [{ kind: 'role', path: ['of_file'] }, 'create', 'done', 'test-1'],
  [policy.id, 'create', 'done', 'test-1'],
  [grant.id, 'create', 'done', 'test-1'],
];

let estate: TestEstate;
let sql: Server;
beforeAll(async () => {
  estate = await startTestEstate();
  [sql] = estate.sql as [Server];
});
afterAll(() => estate?.stop());

const made = (): Promise<ReadonlySet<string>> => appliedAccess(LIVE, sql, 'test-1', 10_000);

test('without a journal nothing was made', async () => {
  expect(await made()).toEqual(new Set());
});

test('what the last done step did not drop was made, and goes: rights before what hides rows', async () => {
  await estate.write({ 'shop.yaml': 'kind: Database\nname: shop\non: test\n' });
  await estate.apply();
  for (const [at, [id, action, outcome, node]] of STEPS.entries()) {
    const values = [`run-${at}`, node, showId(id), action, outcome].map(literal).join(', ');
    await sql.run(
      `INSERT INTO plumbline.journal (run, node, object, action, outcome, started) VALUES (${values}, now64(3) + ${at})`,
    );
  }
  const gone = await made();
  const names = [policy, grant, ...['made', 'changed', 'of_file'].map((name) => roleOf(name))];
  expect([...gone].sort()).toEqual(names.map(({ id }) => nameKey(id)).sort());

  const differences = diffStates(LIVE, { state: new Map(), blocked: new Set(), absent: gone }, new Map());
  const steps = stepsOf(differences, new Map());
  expect(steps.map(({ statements, verdict }) => [verdict, ...statements])).toEqual([
    ['metadata', 'REVOKE INSERT, SELECT(`a`) ON `d`.`t` FROM `made`'],
    ['destructive', 'DROP ROLE `made`'],
    ['destructive', 'DROP ROLE `changed`'],
    ['destructive', 'DROP ROW POLICY `p` ON `d`.`t`'],
  ]);
  expect(differences.unmanaged.map(({ id }) => id.path[0])).toEqual([
    'dropped',
    'elsewhere',
    'failed',
    'theirs',
  ]);
});
