/** Answers that are late, cut or missing, and hundreds of objects: a plan has all of them, or says what it does not know. */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { planExitCode } from '../src/commands/plan.ts';
import { formatterOf } from '../src/live/formatter.ts';
import { connect, type Server } from '../src/live/server.ts';
import { isAsDeclared, type Plan, planFindings, plannedSteps, unreadableNodes } from '../src/model/plan.ts';
import { renderReport } from '../src/render/report.ts';
import { renderReportMarkdown } from '../src/render/report-markdown.ts';
import { literal } from '../src/sql/quote.ts';
import { runImport } from './support/adopted.ts';
import { type Fate, type FaultProxy, startProxy } from './support/faults-proxy.ts';
import { hostileText } from './support/hostile-text.ts';
import { size } from './support/size.ts';
import { startTestEstate, type TestEstate } from './support/test-estate.ts';

const FATES: readonly Fate[] = ['lost', 'refused', 'answered'];

let estate: TestEstate;
let proxy: FaultProxy;
let server: Server;
let requests = 0;

const answering = (fate: (text: string, number: number) => Fate | Promise<Fate>): void => {
  requests = 0;
  proxy.decide = ({ text }) => fate(text, ++requests);
};

beforeAll(async () => {
  estate = await startTestEstate();
  const [direct] = estate.sql;
  if (!direct) throw new Error('there is no server');
  proxy = await startProxy(direct.node.httpPort);
  server = connect({ ...direct.node, httpPort: proxy.port });
  const file = join(estate.folder, 'clusters', 'test.yaml');
  const declared = await readFile(file, 'utf8');
  await writeFile(file, declared.replace(`${direct.node.httpPort}`, `${proxy.port}`));
});
beforeEach(() => answering(() => 'pass'));
afterAll(async () => {
  await server?.close();
  await proxy?.stop();
  await estate?.stop();
});

async function surveyed(): Promise<Plan> {
  const { plan, close } = await estate.survey();
  await close();
  return plan;
}

const told = (plan: Plan): string[] => [
  ...planFindings(plan).map(({ message }) => message),
  ...unreadableNodes(plan).map(({ unreadable = '' }) => unreadable),
];

describe('hundreds of objects', () => {
  const policy = (name: string, filter: string): string =>
    `---\n{ kind: RowPolicy, name: ${name}, on: test, database: d, table: t, to: all, filter: ${JSON.stringify(filter)} }\n`;

  test('are asked for in a few requests, and one that is wrong is told by its name', async () => {
    const many = Array.from({ length: 700 }, (_, at) => policy(`p${at}`, `tenant = 'tenant ${at}'`));
    await estate.write({ 'many.yaml': many.join('') });
    const all = await surveyed();
    expect([plannedSteps(all).length, told(all)]).toEqual([700, []]);
    expect(requests).toBeLessThan(30);
    await estate.write({ 'many.yaml': [...many.slice(0, 600), policy('wrong', 'x = = 1')].join('') });
    const one = await surveyed();
    expect(plannedSteps(one)).toHaveLength(600);
    expect(told(one)).toEqual([
      expect.stringMatching(/^row policy wrong ON d\.t can't be created there: .*Syntax error/s),
    ]);
  });

  test('come back in one request as they do one by one', async () => {
    const statements = fc
      .sample(hostileText(300), { seed: 31, numRuns: size(60, 4000) })
      .flatMap((text) => [`CREATE ROW POLICY p ON d.t USING x = ${literal(text)} TO ALL`, text]);
    const told = (asking: Promise<string>): Promise<string> => asking.catch(({ message }) => `${message}`);
    const abilities = async () => ({ lack: () => undefined, formats: true, hasTemporaryViews: true });
    const batched = formatterOf(server, abilities);
    const together = await Promise.all(statements.map((one) => told(batched(one))));
    const alone: string[] = [];
    for (const one of statements) alone.push(await told(formatterOf(server, abilities)(one)));
    expect(together).toEqual(alone);
    expect(together.filter((text) => text.startsWith('CREATE ROW POLICY')).length).toBeGreaterThan(40);
  });

  test('wait for each other without running out of time', async () => {
    const held: (() => void)[] = [];
    answering((text) => (text.includes('slow') ? new Promise((go) => held.push(() => go('pass'))) : 'pass'));
    const slow = Array.from({ length: 8 }, () => server.rows(`SELECT 'slow'`));
    const behind = server.rows('SELECT 1', { timeout: 1000 });
    await new Promise((done) => setTimeout(done, 1500));
    for (const go of held) go();
    expect(await behind).toEqual([[1]]);
    expect(await Promise.all(slow)).toHaveLength(8);
  });
});

describe('a plan whose answers do not all come', () => {
  const SHOP = `kind: Database
name: shop
on: test
prune: [old]
---
kind: Table
database: shop
name: orders
columns: { tenant: String, k: UInt8 }
order_by: k
---
kind: Function
name: plus_two
on: test
lambda: x -> x + 2
`;
  const ACCESS = `---
{ kind: Role, name: reader, on: test }
---
{ kind: User, name: app, on: test, identified: { with: no_password }, hosts: { ip: [10.0.0.0/8] } }
---
{ kind: RowPolicy, name: p, on: test, database: shop, table: orders, to: [reader], filter: "tenant = 'a'" }
---
{ kind: RowPolicy, name: q, on: test, database: shop, table: orders, to: [app], filter: "tenant = 'b'" }
---
{ kind: Grant, to: reader, on: test, target: shop.orders, privileges: [SELECT] }
`;
  const steps = (plan: Plan): string[] =>
    plannedSteps(plan).map(({ step }) => [step.action, ...step.statements].join(' '));

  test('says so, whichever of them is missing', async () => {
    await estate.write({ 'shop.yaml': SHOP + ACCESS });
    await estate.sql[0]?.run('CREATE DATABASE IF NOT EXISTS shop');
    await estate.sql[0]?.run('CREATE TABLE IF NOT EXISTS shop.old (k UInt8) ENGINE = Log');
    const whole = await surveyed();
    const count = requests;
    expect(told(whole)).toEqual([]);
    expect(steps(whole)).toHaveLength(8);
    const silent: string[] = [];
    for (const fate of FATES.slice(0, size(2, 3))) {
      for (let missing = 1; missing <= count; missing++) {
        let lost = '';
        answering((text, number) => {
          if (number !== missing) return 'pass';
          lost = text;
          return fate;
        });
        const plan = await surveyed();
        const isWhole = steps(plan).join('\n') === steps(whole).join('\n');
        if (!isWhole && planExitCode(plan) !== 1) silent.push(`${fate}: ${lost}`);
        if (!isWhole && (isAsDeclared(plan) || told(plan).length === 0)) silent.push(`${fate}: ${lost}`);
      }
    }
    expect(silent).toEqual([]);
  });

  test('is no proof that an apply left nothing to do, or that declarations are right', async () => {
    await estate.write({ 'shop.yaml': SHOP });
    const report = await estate.apply();
    expect(report.results.filter(({ outcome }) => outcome !== 'done')).toEqual([]);
    expect(renderReport(report, { colour: false })).toContain('everything is as declared');
    await estate.sql[0]?.run('ALTER TABLE shop.orders ADD COLUMN more UInt8');
    const patch = await runImport(estate, { patch: true });
    expect(patch).toContain('more');
    const count = requests;
    const wrong: string[] = [];
    for (let from = 1; from <= count; from += size(12, 1)) {
      answering((_, number) => (number < from ? 'pass' : 'lost'));
      const said = await runImport(estate, { patch: true });
      if (said !== patch && !/can't be read|ECONN|socket hang up/.test(said)) wrong.push(`${from}: ${said}`);
    }
    expect(wrong).toEqual([]);
    answering(() => 'lost');
    const remaining = await surveyed();
    const blind = { ...report, remaining };
    for (const text of [renderReport(blind, { colour: false }), renderReportMarkdown(blind)]) {
      expect(text).toContain('1 node unreadable (test)');
      expect(text).not.toContain('everything is as declared');
    }
  });
});
