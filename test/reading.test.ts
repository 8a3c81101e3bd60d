/** Reading live nodes: how many requests it takes, and what is said about nodes that don't agree. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { planFindings, plannedSteps } from '../src/model/plan.ts';
import { startTestEstate, type TestEstate } from './support/test-estate.ts';

let estate: TestEstate;

beforeAll(async () => {
  estate = await startTestEstate(2);
});

afterAll(() => estate.stop());

const table = (name: string): string =>
  `---\nkind: Table\ndatabase: shop\nname: ${name}\ncolumns: { k: UInt64, at: { type: DateTime, default: now() } }\norder_by: k\n`;

const schemas = (tables: number): Record<string, string> => ({
  'shop.yaml': `kind: Database\nname: shop\non: test\n${Array.from({ length: tables }, (_, at) => table(`t${at}`)).join('')}`,
});

/** Requests that a plan without changes makes to each node. */
async function requestsOfPlan(): Promise<number[]> {
  const before = await counts();
  expect(plannedSteps(await estate.plan())).toEqual([]);
  const after = await counts();
  return after.map((count, at) => count - (before[at] ?? 0));
}

/** Queries so far, by the server's own count; asking is one query too, which both sides of a difference have. */
function counts(): Promise<number[]> {
  return Promise.all(
    estate.sql.map(async (server) => {
      const [row] = await server.rows<[string]>(
        "SELECT toString(value) FROM system.events WHERE event = 'Query'",
      );
      return Number(row?.[0]);
    }),
  );
}

it('takes the same number of requests for 2 tables and for 40', async () => {
  const requests: number[][] = [];
  for (const tables of [2, 40]) {
    await estate.write(schemas(tables));
    await estate.apply();
    await estate.plan();
    requests.push(await requestsOfPlan());
  }
  expect(requests[1]).toEqual(requests[0]);
  expect(Math.max(...(requests[0] ?? []))).toBeLessThanOrEqual(10);
});

it('tells which node of a cluster drifted', async () => {
  await estate.sql[1]?.run('ALTER TABLE shop.t1 ADD COLUMN by_hand UInt8');
  const plan = await estate.plan();
  expect(plannedSteps(plan).map(({ node, step }) => [node, step.statements])).toEqual([
    ['test-2', ['ALTER TABLE `shop`.`t1` DROP COLUMN `by_hand`']],
  ]);
  await estate.apply();
  expect(plannedSteps(await estate.plan())).toEqual([]);
});

it('warns where nodes of a cluster differ in what nobody declared, and changes none of it', async () => {
  await estate.sql[0]?.run('CREATE TABLE shop.only_first (k UInt8) ENGINE = Log');
  await estate.sql[0]?.run('CREATE TABLE shop.other (k UInt8) ENGINE = Log');
  await estate.sql[1]?.run('CREATE TABLE shop.other (k UInt16) ENGINE = Log');
  const plan = await estate.plan();
  expect(plannedSteps(plan)).toEqual([]);
  expect(
    planFindings(plan).map(({ severity, rule, message, node }) => [severity, rule, message, node]),
  ).toEqual([
    [
      'warning',
      'nodes-disagree',
      'objects that nobody declared are not as on test-1: shop.other differs, shop.only_first is missing',
      'test-2',
    ],
  ]);
});
