/** A passive site of two replicas, on stand-ins in front of real servers: one of them repairs, and the other one follows. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { applyPlan } from '../src/apply/apply.ts';
import { survey } from '../src/apply/survey.ts';
import { loadEstate } from '../src/commands/estate-options.ts';
import { plannedSteps } from '../src/model/plan.ts';
import { type ReplicaServers, startReplicas } from './support/replica-server.ts';
import { startTestEstate, type TestEstate } from './support/test-estate.ts';

const NEVER = { has: () => false, add: () => {}, save: () => {} };

let estate: TestEstate;
let replicas: ReplicaServers;
beforeAll(async () => {
  estate = await startTestEstate(3);
  const [west, ...east] = estate.servers;
  replicas = await startReplicas(east.map(({ httpPort }) => httpPort));
  const cluster = (name: string, ports: readonly (number | undefined)[]): string => `kind: Cluster
name: ${name}
edition: community
version: "26.7"
shards: [{ replicas: [${ports.map((port) => `{ host: 127.0.0.1, http_port: ${port} }`).join(', ')}] }]
---
`;
  const pair = `kind: DrPair
name: shop
sites: [{ cluster: west }, { cluster: east }]
active: { fixed: west }
tables: shop.*
hot_after: 0 SECOND
copy: { named_collection: other_site }
`;
  const ports = replicas.replicas.map(({ port }) => port);
  const clusters = cluster('west', [west?.httpPort]) + cluster('east', ports);
  await writeFile(join(estate.folder, 'clusters', 'test.yaml'), clusters + pair);
  await estate.write({ 'shop.yaml': 'kind: Database\nname: shop\non: [west, east]\n' });
  for (const sql of estate.sql) {
    await sql.run('CREATE DATABASE shop');
    await sql.run(
      `CREATE NAMED COLLECTION other_site AS host = '127.0.0.1', port = ${west?.nativePort}, user = 'default', password = ''`,
    );
  }
  const columns = '(id UInt64, p UInt8)';
  await estate.sql[0]?.run(
    `CREATE TABLE shop.orders ${columns} ENGINE = MergeTree PARTITION BY p ORDER BY id`,
  );
  await estate.sql[0]?.run('INSERT INTO shop.orders SELECT number, number % 3 FROM numbers(6000)');
  for (const { port } of replicas.replicas) {
    const engine = `ReplicatedMergeTree('/clickhouse/tables/{shard}/shop/orders', '{replica}')`;
    const created = await fetch(`http://127.0.0.1:${port}/`, {
      method: 'POST',
      body: `CREATE TABLE \`shop\`.\`orders\` ${columns} ENGINE = ${engine} PARTITION BY p ORDER BY id`,
    });
    expect([created.status, await created.text()]).toEqual([200, '']);
  }
  for (const sql of estate.sql.slice(1))
    await sql.run(
      'INSERT INTO shop.orders SELECT number, number % 3 FROM numbers(6000) WHERE number % 3 = 0 AND number != 300',
    );
});
afterAll(async () => {
  await replicas.stop();
  await estate.stop();
});

const CONTENT =
  'SELECT p, toString(count()), toString(sum(cityHash64(id))) FROM shop.orders GROUP BY p ORDER BY p';

it('has its partitions replaced on one replica, and shows them on both', async () => {
  const declared = await loadEstate(estate.folder);
  const options = {
    ...{ settled: NEVER, connectTimeout: 10_000 },
    repairs: { resolve: async () => [], proven: NEVER, alone: true },
  };
  const agreed = await survey(declared, options);
  const planned = plannedSteps(agreed.plan).map(
    ({ node, step }) => `${node} ${step.action} ${step.object.path[2]}`,
  );
  expect(planned).toEqual([0, 1, 2].map((partition) => `east-1-1 repair ${partition}`));
  for (const stand of replicas.replicas) stand.statements.length = 0;
  const report = await applyPlan(declared, agreed, {
    ...{ ...options, identity: { run: 'run-1', actor: 'tester', commit: '' }, allowed: new Set<string>() },
    ...{ lockSeconds: 60, shouldStop: () => false, progress: { started: () => {}, ended: () => {} } },
  }).finally(agreed.close);
  expect(report.results.map(({ outcome, error }) => error ?? outcome)).toEqual(['done', 'done', 'done']);
  expect([plannedSteps(report.remaining), replicas.mistakes]).toEqual([[], []]);
  const [first, second] = replicas.replicas.map(({ statements }) =>
    statements.filter((one) => /PARTITION|repair_/.test(one)),
  );
  expect(first?.filter((one) => /^ALTER .* REPLACE PARTITION/.test(one)).length).toBe(3);
  expect(
    first?.filter((one) => one.startsWith('CREATE TABLE')).every((one) => / ENGINE = MergeTree /.test(one)),
  ).toBe(true);
  expect(second).toEqual([]);
  const [west, ...east] = await Promise.all(estate.sql.map((sql) => sql.rows(CONTENT)));
  for (const content of east) expect(content).toEqual(west);
});
