/** The first two stages of a federation, on real servers and a real ZooKeeper: one compatibility for all, and nodes that are let in. */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { readPlanFile } from '../src/apply/plan-file.ts';
import { reportExitCode } from '../src/commands/report-exit-code.ts';
import { connect } from '../src/live/server.ts';
import { planFindings, plannedSteps } from '../src/model/plan.ts';
import { renderDrift } from '../src/render/drift.ts';
import { renderJson } from '../src/render/json.ts';
import { renderMarkdown } from '../src/render/markdown.ts';
import { renderText } from '../src/render/text.ts';
import {
  type FederationEstate,
  federationYaml,
  SCHEMA,
  startFederation,
} from './support/federation-estate.ts';
import { startZooKeeper, type ZooKeeper } from './support/zookeeper.ts';

const PATH = '/clickhouse/networks';
const THEIRS = '<ip>::1</ip><ip>127.0.0.1</ip><ip>10.9.0.0/16</ip>';
const OURS = '<ip>192.0.2.1</ip><ip>192.0.2.2</ip>';

let federation: FederationEstate;
let zookeeper: ZooKeeper;
beforeAll(async () => {
  [federation, zookeeper] = await Promise.all([startFederation(), startZooKeeper()]);
  await zookeeper.put(PATH, THEIRS);
});
afterAll(async () => {
  await Promise.all([federation?.stop(), zookeeper?.stop()]);
});

const ANALYST = '---\nkind: User\nname: analyst\non: enterprise\nidentified: { with: no_password }\n';
const ADDRESSES = 'addresses: { community-1: 192.0.2.1, community-2: 192.0.2.2 }';
const declare = (stage: string, keeper = `keeper: "${zookeeper.address}", `) => {
  const network = `network: { ${keeper}${ADDRESSES} }\n`;
  return federation.declare(
    federationYaml(network).replace('stage: network', `stage: ${stage}`),
    SCHEMA + ANALYST,
  );
};

const ofNetworks = async () => {
  const plan = await federation.plan();
  const steps = plannedSteps(plan).filter(({ step }) => step.registration);
  return { plan, steps: steps.map(({ step }) => step), findings: planFindings(plan) };
};

/** With the clusters declared otherwise. */
async function profileSteps(from: string, to: string) {
  const clusters = join(federation.folder, 'clusters', 'clusters.yaml');
  const text = await readFile(clusters, 'utf8');
  await writeFile(clusters, text.replace(from, to));
  const steps = plannedSteps(await federation.plan()).filter(({ step }) =>
    step.changes.some(({ object }) => object.kind === 'settings profile'),
  );
  await writeFile(clusters, text);
  return steps;
}

test('where statements make users, one profile reaches all of them', async () => {
  const steps = await profileSteps('access: users_xml\n', '');
  expect(steps.map(({ node, step }) => [node, step.statements, step.place?.file])).toEqual([
    [
      'enterprise',
      ["CREATE SETTINGS PROFILE `compatibility` SETTINGS compatibility = '26.7' TO ALL"],
      'clusters/federation.yaml',
    ],
  ]);
});

test('nodes are registered beside what others registered', async () => {
  await declare('network');
  const { plan, steps } = await ofNetworks();
  expect(steps.map(({ object, hazards }) => [object, hazards])).toEqual([
    [
      { kind: 'keeper list', path: [PATH] },
      [{ kind: 'changes access', reason: '192.0.2.1, 192.0.2.2 get in without a password' }],
    ],
  ]);
  expect(renderText(plan, { colour: false, width: 100 })).toContain(
    `set through ${zookeeper.address}, as long`,
  );
  expect(renderMarkdown(plan)).toContain('+ <ip>192.0.2.1</ip>');
  const saved = join(federation.folder, 'plan.json');
  await writeFile(saved, renderJson(plan));
  expect((await readPlanFile(saved)).digest).toBe(plan.digest);
  expect(reportExitCode(await federation.apply())).toBe(0);
  expect(await zookeeper.get(PATH)).toBe(THEIRS + OURS);
  expect((await ofNetworks()).steps).toEqual([]);
});

test('users of files behave like the version of the reading member, which is declared once', async () => {
  const analyst = connect({ ...federation.sql('enterprise').node, user: { plain: 'analyst' } });
  for (const user of [analyst, federation.sql('enterprise')])
    expect(await user.rows("SELECT getSetting('compatibility')")).toEqual([['26.7']]);
  await analyst.close();
  const [planned, ...others] = await profileSteps('"26.7"', '"26.6.1"');
  expect([planned?.node, others]).toEqual(['enterprise', []]);
  expect(planned?.step.file?.text).toContain('<compatibility>26.6</compatibility>');
});

test('a registration that scaling overwrote is drift, and says so', async () => {
  await zookeeper.set(PATH, '<ip>::1</ip><ip>127.0.0.1</ip><ip>192.0.2.2</ip>');
  const { plan, findings } = await ofNetworks();
  expect(findings.map(({ rule, severity, node }) => [rule, severity, node])).toEqual([
    ['federation-registration-lost', 'warning', 'enterprise'],
  ]);
  const drift = renderDrift(plan, { colour: false }).replace(/\s+/g, ' ');
  expect(drift).toContain(
    '192.0.2.1 stood in /clickhouse/networks of cluster enterprise and are gone: scaling the',
  );
  expect(reportExitCode(await federation.apply())).toBe(0);
  expect(await zookeeper.get(PATH)).toBe(
    `<ip>::1</ip><ip>127.0.0.1</ip><ip>192.0.2.2</ip><ip>192.0.2.1</ip>`,
  );
});

test('a list that nobody can take apart is refused and shown', async () => {
  await zookeeper.set(PATH, '<ip>::1</ip> 10.0.0.1');
  const { steps, findings } = await ofNetworks();
  expect(steps).toEqual([]);
  expect(findings.map(({ severity, message }) => [severity, message])).toEqual([
    [
      'error',
      `${PATH} in the Keeper of cluster enterprise holds \`<ip>::1</ip> 10.0.0.1\`: it is no row of <ip>, <host> and <host_regexp>; mend it by hand, so that it has 192.0.2.1, 192.0.2.2 as well`,
    ],
  ]);
  await zookeeper.remove(PATH);
  expect((await ofNetworks()).findings[0]?.message).toMatch(/^the Keeper of cluster enterprise has no node/);
  await zookeeper.put(PATH, THEIRS + OURS);
});

test('without the address of a Keeper the list is read through a server, and people change it', async () => {
  await declare('network', '');
  expect((await ofNetworks()).findings).toEqual([]);
  // The engine has no such table, whatever its configuration says: a table of the same columns stands in.
  const enterprise = federation.sql('enterprise');
  await enterprise.run(
    'CREATE TABLE system.zookeeper (name String, value String, path String) ENGINE = Memory',
  );
  await enterprise.run(`INSERT INTO system.zookeeper VALUES ('networks', '${THEIRS}', '/clickhouse')`);
  const report = await federation.apply();
  expect(report.results.map(({ outcome, error }) => [outcome, error])).toEqual([
    ['pending', `set ${PATH} in the Keeper of cluster enterprise to ${THEIRS}${OURS}`],
  ]);
  expect(reportExitCode(report)).toBe(2);
  await enterprise.run('DROP TABLE system.zookeeper');
});

test('a stage backwards takes out what we brought, and nothing else', async () => {
  await declare('compatibility');
  const { steps } = await ofNetworks();
  expect(steps.map(({ registration }) => registration?.remove)).toEqual([['192.0.2.1', '192.0.2.2']]);
  expect(reportExitCode(await federation.apply())).toBe(0);
  expect(await zookeeper.get(PATH)).toBe(THEIRS);
  expect((await ofNetworks()).steps).toEqual([]);
});
