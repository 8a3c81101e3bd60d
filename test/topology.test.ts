/** The topology of a federation on real servers: planned, delivered, reported by the nodes, and seen when it is gone. */
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { planFindings, plannedSteps } from '../src/model/plan.ts';
import { type FederationEstate, startFederation } from './support/federation-estate.ts';

let federation: FederationEstate;
beforeAll(async () => {
  federation = await startFederation();
});
afterAll(() => federation?.stop());

const FILE = 'config.d/plumbline.xml';

const names = async () =>
  plannedSteps(await federation.plan()).map(
    ({ node, step }) => `${node} ${step.action} ${step.object.kind} ${step.object.path.join('.')}`,
  );

test('a plan delivers the topology to every node of the reading cluster before it creates what needs it', async () => {
  const plan = await federation.plan();
  expect(planFindings(plan)).toEqual([]);
  const { results, remaining } = await federation.apply();
  expect(results.filter(({ outcome }) => outcome !== 'done').map(({ error }) => error)).toEqual([]);
  expect(plannedSteps(remaining)).toEqual([]);
  expect(await names()).toEqual([]);
});

test('aggregations through the federated table are the sum over the members', async () => {
  for (const [at, node] of ['community-1', 'community-2', 'enterprise'].entries())
    await federation
      .sql(node)
      .run(
        `INSERT INTO shop.orders (id, total) SELECT number, ${at} + number FROM numbers(${1000 * (at + 1)})`,
      );
  const rows = await federation
    .sql('community-1')
    .rows('SELECT count(), sum(total) FROM shop.orders_federated');
  let [count, sum] = [0, 0];
  for (const node of ['community-1', 'community-2', 'enterprise']) {
    const [[a, b] = []] = await federation
      .sql(node)
      .rows<[number, number]>('SELECT count(), sum(total) FROM shop.orders');
    count += Number(a);
    sum += Number(b);
  }
  expect(rows.map((r) => r.map(Number))).toEqual([[count, sum]]);
});

test('a file that somebody removed is drift', async () => {
  await rm(join(federation.nodeFolder('community-2'), FILE));
  await federation.restart('community-2');
  expect(await names()).toEqual([`community-2 alter file ${FILE}`]);
  await federation.apply();
  expect(await names()).toEqual([]);
});
