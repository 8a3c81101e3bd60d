/** What becomes of an apply when statements fail, answers are lost and servers die: every step's outcome, and the way back. */
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { readHolder } from '../src/apply/lock.ts';
import { pendingMutations, runningStatements } from '../src/apply/statements.ts';
import type { Server } from '../src/live/server.ts';
import { type Plan, planFindings, plannedSteps } from '../src/model/plan.ts';
import type { ApplyReport, RunIdentity } from '../src/model/report.ts';
import { type FaultEstate, readJournal, startFaultEstate } from './support/faults-estate.ts';
import type { Fate } from './support/faults-proxy.ts';
import { startApply } from './support/kill-cli.ts';

/** Stops every mutation before it begins; its ALTER waits. */
const PAUSE = 'mt_mutate_task_pause_in_prepare';

let estate: FaultEstate;
let states = 0;

const identity = (run: string): RunIdentity => ({
  run,
  actor: `somebody (${run})`,
  commit: `commit of ${run}`,
});
const outcomes = ({ results }: ApplyReport): string[] =>
  results.map(
    ({ planned: { node, step }, outcome }) =>
      `${node} ${step.action} ${step.object.path.join('.')}: ${outcome}`,
  );
const server = (at: number): Server => estate.sql[at] as Server;
const isEmpty = (plan: Plan): boolean => plannedSteps(plan).length === 0 && planFindings(plan).length === 0;

/** Cluster `east` is the first two servers, `west` the third. `word` is a String unless said otherwise. */
async function declare(options: { word?: string; extra?: string } = {}): Promise<void> {
  const { word = 'String', extra = '' } = options;
  await estate.write({
    'shop.yaml': `
kind: Database
name: shop
on: [east, west]
---
kind: Table
database: shop
name: a_first
columns: { k: UInt8 }
order_by: k
comment: state ${++states}
---
kind: Table
database: shop
name: b_words
columns: { k: UInt32, word: ${word} }
order_by: k
comment: state ${states}
---
kind: Table
database: shop
name: c_last
columns: { k: UInt8 }
order_by: k
comment: state ${states}
${extra}`,
  });
}

beforeAll(async () => {
  estate = await startFaultEstate(3);
  const nodes = estate.ports.map((port) => ({ port }));
  await estate.declare({ east: nodes.slice(0, 2), west: nodes.slice(2) });
  await declare();
  await estate.apply();
  for (const at of [0, 1, 2]) {
    await server(at).run('INSERT INTO shop.b_words SELECT number, toString(number) FROM numbers(1000)');
  }
});
afterEach(() => {
  for (const proxy of estate.proxies) proxy.decide = () => 'pass';
});
afterAll(() => estate.stop());

function onServer(at: number, decide: (text: string) => Fate | Promise<Fate>): void {
  const proxy = estate.proxies[at];
  if (proxy) proxy.decide = ({ text }) => decide(text);
}

const isAlterOfWords = (text: string): boolean => text.startsWith('ALTER TABLE `shop`.`b_words`');

/** Settles when the server waits in the middle of the ALTER that has a mutation. */
async function untilAtWork(at: number): Promise<void> {
  const words = { kind: 'table', path: ['shop', 'b_words'] };
  const deadline = Date.now() + 15_000;
  while ((await pendingMutations(server(at), words, 5000)).count === 0) {
    if (Date.now() > deadline) throw new Error('the ALTER was not run');
    await sleep(20);
  }
}

test('a statement that fails on node 2 stops its cluster, and not the other', async () => {
  await server(1).run("INSERT INTO shop.b_words VALUES (5000, 'abc')");
  await declare({ word: 'UInt32' });
  const began = Date.now();
  const report = await estate.apply({ identity: identity('one') });
  expect(outcomes(report)).toEqual([
    'east-1 alter shop.a_first: done',
    'east-1 alter shop.b_words: done',
    'east-1 alter shop.c_last: done',
    'east-2 alter shop.a_first: done',
    'east-2 alter shop.b_words: failed',
    'east-2 alter shop.c_last: not run',
    'west alter shop.a_first: done',
    'west alter shop.b_words: done',
    'west alter shop.c_last: done',
  ]);
  const [failed] = report.results.filter(({ outcome }) => outcome === 'failed');
  expect(failed?.error).toContain("Cannot parse string 'abc' as UInt32");
  expect(await readJournal(estate, { run: 'one' })).toMatchObject([
    { step: 1, node: 'east-1', object: 'table shop.a_first', outcome: 'done', error: '' },
    { step: 2, node: 'east-1', object: 'table shop.b_words', outcome: 'done', error: '' },
    { step: 3, node: 'east-1', object: 'table shop.c_last', outcome: 'done', error: '' },
    { step: 4, node: 'east-2', object: 'table shop.a_first', outcome: 'done', error: '' },
    { step: 5, node: 'east-2', object: 'table shop.b_words', outcome: 'failed', error: failed?.error },
  ]);
  expect(await readJournal(estate, { run: 'one' }, 2)).toHaveLength(3);
  const [[count, actor, commit, ordered, first] = []] = await server(0).rows(
    `SELECT toUInt32(count()), any(actor), any(commit), min(started <= ended), min(toUnixTimestamp64Milli(started))
     FROM plumbline.journal FINAL WHERE run = 'one'`,
  );
  expect([count, actor, commit, ordered]).toEqual([5, 'somebody (one)', 'commit of one', 1]);
  expect(Number(first)).toBeGreaterThanOrEqual(began);
  expect(await readHolder(server(0))).toBeUndefined();
  expect(await readHolder(server(2))).toBeUndefined();
});

test('a mutation that fails is found by the next plan, whose advice leads back to an empty one', async () => {
  await server(1).run("ALTER TABLE shop.b_words DELETE WHERE word = 'abc'");
  // Apply reads the column before it converts it; this row comes just after that.
  onServer(1, async (text): Promise<Fate> => {
    if (isAlterOfWords(text)) await server(1).run("INSERT INTO shop.b_words VALUES (5000, 'abc')");
    return 'pass';
  });
  const failing = await estate.apply();
  expect(outcomes(failing)).toContain('east-2 alter shop.b_words: failed');
  expect(failing.results.find(({ outcome }) => outcome === 'failed')?.error).toContain('code 341: ');
  onServer(1, () => 'pass');
  const [finding] = planFindings(await estate.plan());
  expect(finding).toMatchObject({ severity: 'error', rule: 'stuck-mutation', node: 'east-2' });
  const refused = startApply(estate.folder);
  expect(await refused.ended).toBe(1);
  expect(refused.output()).toContain('keeps failing');
  const [kill = ''] = /KILL MUTATION WHERE .* AND mutation_id = '[^']+'/.exec(finding?.message ?? '') ?? [];
  await server(1).run(kill);
  expect(finding?.message).toContain(
    'declare the old type, apply, mend the data, and then change the type again',
  );
  await declare();
  expect(isEmpty((await estate.apply()).remaining)).toBe(true);
  await server(1).run("ALTER TABLE shop.b_words UPDATE word = '5000' WHERE word = 'abc'");
  await declare({ word: 'UInt32' });
  expect(isEmpty((await estate.apply()).remaining)).toBe(true);
  expect(await server(1).rows('SELECT toUInt32(count()), toUInt32(sum(word)) FROM shop.b_words')).toEqual([
    [1001, 504_500],
  ]);
});

test('an answer that is lost is settled by reading again: the statement was run', async () => {
  for (const fate of ['unanswered', 'answered'] as const) {
    await declare({ word: 'UInt32' });
    onServer(1, (text) => (text.startsWith('ALTER TABLE `shop`.`a_first`') ? fate : 'pass'));
    const report = await estate.apply();
    expect(new Set(report.results.map(({ outcome }) => outcome))).toEqual(new Set(['done']));
    expect(isEmpty(report.remaining)).toBe(true);
  }
});

test('a statement that is lost on its way is settled by reading again: it was not run', async () => {
  await declare({ word: 'UInt32' });
  onServer(1, (text) => (isAlterOfWords(text) ? 'lost' : 'pass'));
  const report = await estate.apply();
  expect(outcomes(report).slice(3, 6)).toEqual([
    'east-2 alter shop.a_first: done',
    'east-2 alter shop.b_words: failed',
    'east-2 alter shop.c_last: not run',
  ]);
  expect(report.results[4]?.error).toContain('read again: the object is not as this step wanted it');
  onServer(1, () => 'pass');
  expect(isEmpty((await estate.apply()).remaining)).toBe(true);
});

test('a connection that is lost while a long ALTER runs is waited out, and the step is done', async () => {
  await declare({ word: 'UInt64' });
  await server(1).run(`SYSTEM ENABLE FAILPOINT ${PAUSE}`);
  onServer(1, (text) => (isAlterOfWords(text) ? 'unanswered' : 'pass'));
  const applying = estate.apply({ connectTimeout: 1000 });
  await untilAtWork(1);
  await sleep(3500);
  expect(await runningStatements(server(1), 5000)).toHaveLength(1);
  await server(1).run(`SYSTEM DISABLE FAILPOINT ${PAUSE}`);
  const report = await applying;
  expect(new Set(report.results.map(({ outcome }) => outcome))).toEqual(new Set(['done']));
  expect(isEmpty(report.remaining)).toBe(true);
});

test('a server that is killed in the middle of a statement and comes back: the step is settled', async () => {
  await declare({ word: 'UInt32' });
  await server(0).run(`SYSTEM ENABLE FAILPOINT ${PAUSE}`);
  const applying = estate.apply();
  await untilAtWork(0);
  await estate.kill(0);
  await sleep(1500);
  await estate.start(0);
  const report = await applying;
  expect(report.results.map(({ outcome }) => outcome)).not.toContain('unknown');
  expect(outcomes(report).slice(0, 2)).toEqual([
    'east-1 alter shop.a_first: done',
    'east-1 alter shop.b_words: done',
  ]);
  expect(isEmpty((await estate.apply()).remaining)).toBe(true);
  expect(await server(0).rows('SELECT toUInt32(count()), toUInt32(sum(word)) FROM shop.b_words')).toEqual([
    [1000, 499_500],
  ]);
});

test('a server that is killed and stays away: its step is unknown, the report is told, the next apply goes on', async () => {
  await declare({ word: 'UInt64' });
  await server(0).run(`SYSTEM ENABLE FAILPOINT ${PAUSE}`);
  const applying = estate.apply({ connectTimeout: 1000, lockSeconds: 1 });
  await untilAtWork(0);
  await estate.kill(0);
  const report = await applying;
  expect(outcomes(report)).toEqual([
    'east-1 alter shop.a_first: done',
    'east-1 alter shop.b_words: unknown',
    'east-1 alter shop.c_last: not run',
    'east-2 alter shop.a_first: not run',
    'east-2 alter shop.b_words: not run',
    'east-2 alter shop.c_last: not run',
    'west alter shop.a_first: done',
    'west alter shop.b_words: done',
    'west alter shop.c_last: done',
  ]);
  expect(report.remaining.clusters[0]?.nodes[0]?.unreadable).toMatch(/ECONNRE(SET|FUSED)/);
  await estate.start(0);
  await sleep(1000);
  expect(isEmpty((await estate.apply()).remaining)).toBe(true);
});

test('a cluster whose journal can not be kept runs nothing; the other runs to its end', async () => {
  await declare({ word: 'UInt64' });
  onServer(2, (text) =>
    text.includes('CREATE TABLE IF NOT EXISTS `plumbline`.`journal`') ? 'lost' : 'pass',
  );
  const report = await estate.apply();
  expect(outcomes(report).slice(5)).toEqual([
    'east-2 alter shop.c_last: done',
    'west alter shop.a_first: failed',
    'west alter shop.b_words: not run',
    'west alter shop.c_last: not run',
  ]);
  expect(report.results[6]?.error).toMatch(/^nothing was run: west /);
  onServer(2, () => 'pass');
  expect(await readHolder(server(2))).toBeUndefined();
  expect(isEmpty((await estate.apply()).remaining)).toBe(true);
});
