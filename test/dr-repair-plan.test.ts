/** Repairs as steps of a plan, on two real servers: what is planned, what is said of the rest, and what `dr repair` makes of it. */
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { applyPlan } from '../src/apply/apply.ts';
import type { Progress } from '../src/apply/execute.ts';
import { type Survey, survey } from '../src/apply/survey.ts';
import { repairAfterApply } from '../src/commands/github-repairs.ts';
import { newRun } from '../src/commands/identity.ts';
import { previewRepairs } from '../src/dr/pair-preview.ts';
import type { WantedRepairs } from '../src/dr/plan-pairs.ts';
import { openSettled } from '../src/live/settled.ts';
import type { DrPair } from '../src/model/dr-pair.ts';
import { planFindings, plannedSteps } from '../src/model/plan.ts';
import type { ApplyReport } from '../src/model/report.ts';
import { pairsSection } from '../src/render/comment-pairs.ts';
import { renderMarkdown } from '../src/render/markdown.ts';
import { renderText } from '../src/render/text.ts';
import { ADDRESS, type DrEstate, RECORD, startDrEstate } from './support/dr-estate.ts';
import { startCli } from './support/kill-cli.ts';

const SCHEMAS = `kind: Database
name: shop
on: [west, east]
---
kind: Table
database: shop
name: declared
columns: { id: UInt64, more: UInt8 }
order_by: id
`;

let sites: DrEstate;
beforeAll(async () => {
  sites = await startDrEstate('tables: shop.*\nhot_after: 0 SECOND\ncopy: { cluster: "{site}" }\n', SCHEMAS);
});
afterAll(() => sites.stop());

beforeEach(async () => {
  sites.point('west');
  await sites.run(
    'DROP DATABASE IF EXISTS shop',
    'CREATE DATABASE shop',
    'CREATE TABLE shop.orders (id UInt64, day Date, v String) ENGINE = MergeTree PARTITION BY day ORDER BY id',
    `INSERT INTO shop.orders SELECT number, toDate('2026-01-01') + number % 3, 'v' FROM numbers(3000)`,
    'CREATE TABLE shop.declared (id UInt64, more UInt8) ENGINE = MergeTree ORDER BY id',
  );
  await sites.sql.west.run(
    `INSERT INTO shop.orders VALUES (9000, '2026-01-02', 'new'), (9001, '2026-02-01', 'more')`,
  );
});

interface How {
  readonly change?: Partial<DrPair>;
  readonly wanted?: Partial<WantedRepairs>;
}

const SILENT: Progress = { started: () => {}, ended: () => {} };

async function optionsFor({ change = {}, wanted = {} }: How) {
  const { estate, pair } = await sites.load();
  const folder = join(sites.folder.path, '.plumbline');
  return {
    estate: { ...estate, pairs: [{ ...pair, ...change }] },
    options: {
      settled: openSettled(join(folder, 'settled.json')),
      connectTimeout: 10_000,
      repairs: {
        resolve: sites.resolve,
        proven: openSettled(join(folder, 'none.json')),
        alone: true,
        ...wanted,
      },
    },
  };
}

async function planned(how: How = {}): Promise<Survey['plan']> {
  const { estate, options } = await optionsFor(how);
  const { plan, close } = await survey(estate, options);
  await close();
  return plan;
}

async function repaired(how: How = {}, progress: Progress = SILENT): Promise<ApplyReport> {
  const { estate, options } = await optionsFor(how);
  const agreed = await survey(estate, options);
  return applyPlan(estate, agreed, {
    ...options,
    identity: await newRun(sites.folder.path),
    allowed: new Set(),
    lockSeconds: 60,
    progress,
    shouldStop: () => false,
  }).finally(agreed.close);
}

const objectsOf = (plan: Survey['plan']): string[] =>
  plannedSteps(plan).map(({ node, step }) => `${node} ${step.action} ${step.object.path.join('.')}`);

const SAME = 'SELECT toString(count()), toString(sum(cityHash64(tuple(*)))) FROM shop.orders';

describe('a plan', () => {
  it('has one step for each partition to repair, with its rows and bytes', async () => {
    const plan = await planned();
    expect(objectsOf(plan)).toEqual(['east repair shop.orders.20260102', 'east repair shop.orders.20260201']);
    const [changed, missing] = plannedSteps(plan).map(({ step }) => step);
    expect(changed).toMatchObject({
      verdict: 'mutation',
      repair: { source: 'west', from: { cluster: 'west' } },
    });
    expect(missing?.impact).toMatchObject({ rows: 1, parts: 1 });
    expect(missing?.statements.at(-2)).toMatch(
      /^ALTER TABLE `shop`.`orders` REPLACE PARTITION ID '20260201' FROM /,
    );
    expect(renderText(plan, { colour: false })).toContain('2 partitions to repair (');
    expect(renderMarkdown(plan)).toMatch(/2 partitions to repair \([\d.]+ (?:B|KiB)\) on 1 node/);
  });

  it('leaves tables that are to be changed for the next one, and names what nothing may repair', async () => {
    await sites.sql.east.run('ALTER TABLE shop.declared MODIFY COLUMN more UInt16');
    await sites.sql.east.run(`INSERT INTO shop.orders VALUES (1, '2026-05-01', 'only here')`);
    await sites.run('CREATE TABLE shop.shape (a Int8) ENGINE = MergeTree ORDER BY a');
    await sites.sql.east.run('ALTER TABLE shop.shape ADD COLUMN b Int8');
    const plan = await planned();
    expect(objectsOf(plan).length).toBe(2);
    expect(planFindings(plan).map(({ rule, message }) => `${rule} ${message}`)).toEqual([
      'dr-structure-first shop.declared is to be changed first; its rows are compared by the next plan',
      'dr-only-on-passive shop.orders: not repaired: only on passive (partition 20260501)',
      'dr-structure-differs shop.shape is not repaired: structure differs: column b is only on the passive site (active, then passive)',
    ]);
    const whole = await planned({ wanted: { alone: false } });
    expect(objectsOf(whole)[0]).toMatch(/^east alter shop.declared/);
    expect(objectsOf(whole).slice(1)).toEqual(objectsOf(plan));
  });

  it('keeps to the limits, and to what is asked for', async () => {
    const { pair } = await sites.load();
    const plan = await planned({ change: { repair: { ...pair.repair, maxPartitions: 1 } } });
    expect(objectsOf(plan).length).toBe(1);
    expect(planFindings(plan)[0]?.message).toMatch(
      /^shop.orders: not repaired now: beyond the limits: those of one run are max_partitions 1 and max_bytes \d+; the next goes on/,
    );
    expect(objectsOf(await planned({ wanted: { partitions: new Set(['20260201']) } }))).toEqual([
      'east repair shop.orders.20260201',
    ]);
    expect(objectsOf(await planned({ wanted: { tables: ['shop.d*'] } }))).toEqual([]);
  });

  it('repairs nothing while nobody knows the direction, or no way between the sites is declared', async () => {
    sites.point(undefined);
    const [lost] = planFindings(await planned());
    expect(lost).toMatchObject({ severity: 'error', rule: 'dr-direction' });
    sites.point('west');
    const [none] = planFindings(await planned({ change: { copy: undefined } }));
    expect(none?.message).toBe('nothing is repaired: the pair declares no `copy`');
  });

  it('removes what a repair that was killed has left', async () => {
    const { east } = sites.sql;
    await east.run('CREATE DATABASE IF NOT EXISTS plumbline');
    await east.run(
      `CREATE TABLE plumbline.repair_0123456789abcdef (a Int8) ENGINE = MergeTree ORDER BY a COMMENT 'plumbline puts a partition together here: shop.orders all'`,
    );
    await repaired();
    expect(objectsOf(await planned())).toEqual([]);
    await east.run(
      `CREATE TABLE plumbline.repair_0123456789abcdef (a Int8) ENGINE = MergeTree ORDER BY a COMMENT 'plumbline puts a partition together here: shop.orders all'`,
    );
    expect(objectsOf(await planned())).toEqual(['east drop plumbline.repair_0123456789abcdef']);
    const { results, remaining } = await repaired();
    expect(results.map(({ outcome }) => outcome)).toEqual(['done']);
    expect(objectsOf(remaining)).toEqual([]);
  });
});

describe('an apply', () => {
  it('stops before the next partition when the record points elsewhere', async () => {
    let asked = 0;
    const resolve: WantedRepairs['resolve'] = async (name) => {
      // Two plans, and four looks at the first partition.
      if (asked++ === 6) sites.point('east');
      return sites.resolve(name);
    };
    const { results } = await repaired({ wanted: { resolve } });
    expect(results.map(({ outcome }) => outcome)).toEqual(['done', 'failed']);
    expect(results[1]?.error).toMatch(
      /^direction: partition 20260201 of shop.orders: east is active now: failover.example.com is 198.51.100.1; /,
    );
    expect(await sites.sql.east.rows('SELECT toUInt32(countIf(id = 9001)) FROM shop.orders')).toEqual([[0]]);
  });

  it('is what `dr repair` does', async () => {
    const run = async () => {
      const { ended, output } = startCli([
        ...['dr', 'repair', '--yes', '--estate', sites.folder.path],
        ...['--resolve', `${RECORD}=${ADDRESS.west}`],
      ]);
      return { code: await ended, output: output() };
    };
    const first = await run();
    expect([first.code, first.output]).toEqual([0, expect.stringContaining('2 partitions to repair (')]);
    expect(first.output).toContain('≈ partition shop.orders.20260201');
    expect(await sites.sql.east.rows(SAME)).toEqual(await sites.sql.west.rows(SAME));
    const second = await run();
    expect([second.code, second.output]).toEqual([0, expect.stringContaining('No changes.')]);
    const journal = await sites.sql.east.rows<[string, string]>(
      `SELECT action, object FROM plumbline.journal WHERE action = 'repair' GROUP BY ALL ORDER BY 2`,
    );
    expect(journal.length).toBe(2);
  });

  it('is what `dr watch --repair` does behind a check, until it is told to stop', async () => {
    const { ended, output, signal } = startCli([
      ...['dr', 'watch', '--every', '1s', '--repair', '--estate', sites.folder.path],
      ...['--resolve', `${RECORD}=${ADDRESS.west}`],
    ]);
    const same = async (): Promise<void> =>
      expect(await sites.sql.east.rows(SAME)).toEqual(await sites.sql.west.rows(SAME));
    await vi.waitFor(same, { timeout: 60_000, interval: 200 });
    signal('SIGTERM');
    expect([await ended, output()]).toEqual([0, expect.stringContaining('2 partitions to repair (')]);
  });

  it('repairs as many partitions at the same time as the pair allows, and no more', async () => {
    await sites.sql.west.run(
      `INSERT INTO shop.orders SELECT number, toDate('2026-03-01') + number % 5, 'new' FROM numbers(5)`,
    );
    const { pair } = await sites.load();
    const repair = { ...pair.repair, concurrency: 3, bandwidth: 90_000_000 };
    const plan = await planned({ change: { repair } });
    const copies = plannedSteps(plan).flatMap(({ step }) =>
      step.statements.filter((one) => /^INSERT/.test(one)),
    );
    expect([
      copies.length,
      copies.filter((one) => one.endsWith('max_network_bandwidth = 30000000')).length,
    ]).toEqual([7, 7]);
    let [now, most] = [0, 0];
    const started = (): void => {
      most = Math.max(most, ++now);
    };
    const { results, remaining } = await repaired(
      { change: { repair } },
      { started, ended: () => void now-- },
    );
    expect(results.map(({ outcome }) => outcome)).toEqual(Array(7).fill('done'));
    expect([most, now, objectsOf(remaining)]).toEqual([3, 0, []]);
    expect(await sites.sql.east.rows(SAME)).toEqual(await sites.sql.west.rows(SAME));
    const journal = await sites.sql.east.rows<[string, number]>(
      `SELECT outcome, toUInt32(count()) FROM plumbline.journal FINAL WHERE run = (SELECT argMax(run, started) FROM plumbline.journal) GROUP BY 1`,
    );
    expect(journal).toEqual([['done', 7]]);
  });

  it('after a merge repairs the pairs that are declared so, and tells it in its report', async () => {
    const notes: string[] = [];
    const output = {
      result: () => {},
      note: (text: string) => void notes.push(text),
      colour: false,
      live: false,
    };
    const opened = async (change: Partial<DrPair>) => {
      const { estate, options } = await optionsFor({ change: { repairOnApply: true, ...change } });
      return { ...options, estate, resolve: sites.resolve, close: async () => {} };
    };
    const merged = async (change: Partial<DrPair> = {}) =>
      repairAfterApply(await opened(change), sites.folder.path, output);
    expect(await merged({ repairOnApply: false })).toEqual({ text: '', failed: false });
    sites.point(undefined);
    const lost = await merged();
    expect([lost.failed, lost.text]).toEqual([
      true,
      expect.stringContaining('nobody knows which site of shop'),
    ]);
    sites.point('west');
    await sites.status();
    const { estate } = await opened({});
    expect(pairsSection(await previewRepairs(estate, 10_000))).toMatch(
      /- `shop`: the check of .* UTC found 1 partition different and 1 partition missing on passive; up to 100 partitions/,
    );
    const { text, failed } = await merged();
    expect([failed, text]).toEqual([
      false,
      expect.stringContaining('### Repaired pairs of sites\n\n2 steps'),
    ]);
    expect(text).toContain('Compared again: nothing is left to repair.');
    expect(await sites.sql.east.rows(SAME)).toEqual(await sites.sql.west.rows(SAME));
    expect((await merged()).text).toContain('Nothing was to be repaired.');
    await sites.status();
    expect(pairsSection(await previewRepairs(estate, 10_000))).toBe('');
  });
});
