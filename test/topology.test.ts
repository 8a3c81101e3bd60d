/** The topology of a federation on real servers: what is said when it does not get there, how it does, and that its loss is seen. */
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { reportExitCode } from '../src/commands/report-exit-code.ts';
import type { DeliverBy, Files } from '../src/model/node-file.ts';
import { CONFIG_FILE, USERS_FILE } from '../src/model/node-file.ts';
import { planFindings, plannedSteps } from '../src/model/plan.ts';
import type { ApplyReport } from '../src/model/report.ts';
import { planOf } from '../src/plan/digest.ts';
import { renderJson } from '../src/render/json.ts';
import { renderMarkdown } from '../src/render/markdown.ts';
import { renderReport } from '../src/render/report.ts';
import {
  type FederationEstate,
  federationYaml,
  NODES,
  SCHEMA,
  startFederation,
} from './support/federation-estate.ts';

let federation: FederationEstate;
let own: Files | undefined;
beforeAll(async () => {
  federation = await startFederation();
  own = (await federation.estate()).clusters[0]?.files;
  for (const node of NODES) await mkdir(join(federation.folder, 'elsewhere', node), { recursive: true });
});
afterAll(() => federation?.stop());

const planned = async () =>
  plannedSteps(await federation.plan()).map(
    ({ node, step }) => `${node} ${step.action} ${step.object.kind} ${step.object.path.join('.')}`,
  );

const told = ({ results }: ApplyReport, cluster = 'community') =>
  results
    .filter((result) => result.planned.cluster === cluster)
    .map(({ planned: { node, step }, outcome, error }) =>
      `${node} ${step.object.path.join('.')} ${outcome}${error ? `: ${error}` : ''}`.replaceAll(
        federation.folder,
        '…',
      ),
    );

/** What becomes of the first step where files go this way; nothing behind it is run. */
async function firstOf(by: DeliverBy, reload: Files['reload']): Promise<string | undefined> {
  federation.deliverBy({ by, reload });
  const report = await federation.apply({ filePatience: 300 });
  expect(reportExitCode(report)).toBe(1);
  const [first, ...rest] = told(report);
  expect(rest.every((line) => line.endsWith(' not run'))).toBe(true);
  return first;
}

test('a file that does not get there stops its cluster and says why', async () => {
  expect(await firstOf({ directory: join(federation.folder, 'nowhere', '{node}') }, 'config')).toMatch(
    /^community-1 config.d\/plumbline.xml failed: nothing was delivered: .*nowhere\/community-1\/config.d.*ENOENT/,
  );
  expect(await firstOf({ command: ['sh', '-c', 'echo no way >&2; exit 7', '{node}'] }, 'config')).toBe(
    'community-1 config.d/plumbline.xml failed: nothing was delivered: `sh` for community-1 failed (exit code 7): no way',
  );
});

test('a node that does not come to have what the file says is named, with what it has', async () => {
  const elsewhere = { directory: join(federation.folder, 'elsewhere', '{node}') };
  expect(await firstOf(elsewhere, 'none')).toMatch(
    /^community-1 config.d\/plumbline.xml failed: config.d\/plumbline.xml was delivered and read, but community-1 still has .*no cluster federation/,
  );
  // Embedded servers can't reload: https://github.com/ClickHouse/ClickHouse/blob/master/src/Interpreters/InterpreterSystemQuery.cpp
  expect(await firstOf(elsewhere, 'config')).toMatch(
    /was delivered, but not read: .*SYSTEM RELOAD CONFIG query is not supported/,
  );
  expect(await firstOf(elsewhere, { command: ['sh', '-c', 'exit 4'] })).toMatch(
    /was delivered, but not read: `sh` for community-1 failed \(exit code 4\)/,
  );
});

test('a file for people is pending, and everything but what needs it is done', async () => {
  federation.deliverBy({ by: { manual: true }, reload: 'none' });
  const plan = await federation.plan();
  expect(planFindings(plan).map(({ rule, node }) => `${rule} ${node}`)).toEqual([
    'waits-for-file community-1',
    'waits-for-file community-2',
  ]);
  expect(renderMarkdown(plan)).toContain('<federation replace="replace">');
  expect(planOf(JSON.parse(renderJson(plan)).clusters).digest).toBe(plan.digest);
  const report = await federation.apply();
  expect(told(report).map((line) => line.split(': put')[0])).toEqual([
    'community-1 config.d/plumbline.xml pending',
    'community-1 shop done',
    'community-1 shop.orders done',
    'community-2 config.d/plumbline.xml pending',
    'community-2 shop done',
    'community-2 shop.orders done',
    'community-1 federation pending: waits for file config.d/plumbline.xml on community-1',
  ]);
  expect(reportExitCode(report)).toBe(2);
  expect(renderReport(report, { colour: false })).toContain('4 done · 3 pending');
  const [first] = plannedSteps(plan);
  for (const node of ['community-1', 'community-2']) {
    const file = join(federation.nodeFolder(node), CONFIG_FILE);
    await mkdir(join(federation.nodeFolder(node), 'config.d'), { recursive: true });
    await writeFile(file, first?.step.file?.text ?? '');
    await federation.restart(node);
  }
  expect(await planned()).toEqual([
    'community-1 create table shop.orders_federated',
    'community-1 create federation federation',
    'community-2 create table shop.orders_federated',
  ]);
  expect(reportExitCode(await federation.apply())).toBe(0);
});

test('aggregations through the federated table are the sum over the members', async () => {
  for (const [at, node] of NODES.entries()) {
    const rows = `SELECT number, ${at} + number FROM numbers(${1000 * (at + 1)})`;
    await federation.sql(node).run(`INSERT INTO shop.orders (id, total) ${rows}`);
  }
  const ask = async (node: string, table: string): Promise<number[]> => {
    const [row = []] = await federation
      .sql(node)
      .rows<number[]>(`SELECT count(), sum(total), max(id) FROM shop.${table}`);
    return row.map(Number);
  };
  const alone = await Promise.all(NODES.map((node) => ask(node, 'orders')));
  const sum = (at: number): number => alone.reduce((all, row) => all + (row[at] ?? 0), 0);
  for (const node of ['community-1', 'community-2'])
    expect(await ask(node, 'orders_federated')).toEqual([sum(0), sum(1), 2999]);
  expect(sum(0)).toBe(6000);
});

test('a member whose table has other columns is an error before anything runs', async () => {
  const apart = SCHEMA.replace('name: orders\n', 'name: orders\non: community\n');
  await federation.declare(federationYaml(), apart);
  await federation.sql('enterprise').run('CREATE OR REPLACE TABLE shop.orders (id Int64) ORDER BY id');
  const errors = planFindings(await federation.plan()).filter(({ severity }) => severity === 'error');
  expect(errors.map(({ node, rule, message }) => `${node} ${rule} ${message}`)).toEqual([
    expect.stringMatching(
      /^enterprise federation-structure `shop.orders` is read through `shop.orders_federated` .* on enterprise it has `id` as Int64 instead of UInt64, has no column `total`;/,
    ),
  ]);
  await expect(federation.apply()).rejects.toThrow('The plan was not applied');
  await federation.sql('enterprise').run('RENAME TABLE shop.orders TO shop.orders_gone');
  expect(planFindings(await federation.plan()).map(({ message }) => message)).toEqual([
    expect.stringContaining('on enterprise it is not there'),
  ]);
  await federation.sql('enterprise').run('DROP TABLE shop.orders_gone');
  await federation.declare(federationYaml());
  expect(reportExitCode(await federation.apply())).toBe(0);
});

test('a setting that lets queries over the federation leave out members is an error, with its place', async () => {
  const view = (name: string, query: string): string =>
    `---\nkind: View\ndatabase: shop\nname: ${name}\non: community\nquery: ${query}\n`;
  const skips = 'SETTINGS optimize_skip_unused_shards = 1';
  const schema = [
    SCHEMA,
    view('inner', 'SELECT id FROM shop.orders_federated'),
    view('outer', `SELECT id FROM shop.inner ${skips}`),
    view('alone', `SELECT id FROM shop.orders ${skips}`),
    view('off', 'SELECT id FROM shop.orders_federated SETTINGS optimize_skip_unused_shards = 0'),
    '---\nkind: SettingsProfile\nname: fast\non: community\nsettings: { optimize_skip_unused_shards: 1 }\n',
    '---\nkind: Role\nname: analyst\non: enterprise\nsettings: { optimize_skip_unused_shards: 1 }\n',
  ].join('');
  await federation.declare(federationYaml(), schema);
  const errors = planFindings(await federation.plan()).filter(({ severity }) => severity === 'error');
  expect(
    errors.map(({ rule, place, message }) => `${rule} ${place?.line} ${message.split(' on,')[0]}`).sort(),
  ).toEqual(
    [1, 2]
      .flatMap(() => [
        // It reads this cluster alone; what is made of it over all members, at the federation's place, would not.
        'federation-skips-shards 2 view shop.alone_federated switches optimize_skip_unused_shards',
        'federation-skips-shards 20 view shop.outer switches optimize_skip_unused_shards',
        'federation-skips-shards 38 settings profile fast switches optimize_skip_unused_shards',
      ])
      .sort(),
  );
  await federation.declare(federationYaml());
});

test('a file that somebody removed is drift, and is delivered again', async () => {
  federation.deliverBy(own);
  await rm(join(federation.nodeFolder('community-2'), CONFIG_FILE));
  await federation.restart('community-2');
  expect(await planned()).toEqual([`community-2 create file ${CONFIG_FILE}`]);
  expect(reportExitCode(await federation.apply())).toBe(0);
  expect(await planned()).toEqual([]);
});

test('a stage backwards takes the other members out of the topology, and shows the file as it was', async () => {
  await federation.declare(federationYaml().replace('stage: network', 'stage: compatibility'), SCHEMA);
  const plan = await federation.plan();
  const steps = plannedSteps(plan);
  expect(steps.map(({ node, step }) => `${node} ${step.object.kind}`)).toEqual([
    'community-1 file',
    'community-1 federation',
    'community-2 file',
  ]);
  expect(steps[0]?.step.hazards.map(({ reason }) => reason)).toEqual([
    expect.stringMatching(/^queries over cluster federation read 127\.0\.0\.1:\d+ no more$/),
  ]);
  // What people brought there is not known; what was delivered is.
  expect(steps.map(({ step }) => step.file?.before !== undefined)).toEqual([false, false, true]);
  expect(reportExitCode(await federation.apply())).toBe(0);
  const previous = `${join(federation.nodeFolder('community-1'), CONFIG_FILE)}.plumbline-previous`;
  expect(await readFile(previous, 'utf8')).toContain('<federation replace="replace">');
  const hosts = await federation
    .sql('community-1')
    .rows("SELECT count() FROM system.clusters WHERE cluster = 'federation'");
  expect(hosts).toEqual([[2]]);
});

test('a federation that is declared no more leaves an empty file behind', async () => {
  await federation.declare('', SCHEMA);
  expect(await planned()).toEqual([
    `community-1 alter file ${CONFIG_FILE}`,
    `community-2 alter file ${CONFIG_FILE}`,
    `enterprise alter file ${USERS_FILE}`,
  ]);
  expect(reportExitCode(await federation.apply())).toBe(0);
  expect(await readFile(join(federation.nodeFolder('community-1'), CONFIG_FILE), 'utf8')).toContain(
    '<clickhouse/>',
  );
  expect(await planned()).toEqual([]);
});
