/** Checks of a pair on two real servers: what they find, what they keep, when the pair is ready for failback, and the loop of them. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { statusExitCode } from '../src/commands/dr.ts';
import { keepPairIssues } from '../src/commands/github-dr.ts';
import { openSettled } from '../src/live/settled.ts';
import { renderStatusMarkdown } from '../src/render/dr-markdown.ts';
import { renderStatus } from '../src/render/dr-status.ts';
import { ADDRESS, type DrEstate, RECORD, startDrEstate } from './support/dr-estate.ts';
import { createScene, type Scene } from './support/github-scene.ts';
import { startCli } from './support/kill-cli.ts';

const SCHEMAS = `kind: Database
name: shop
on: [west, east]
`;
const ORDERS =
  'CREATE TABLE shop.orders (id UInt64, day Date, v String) ENGINE = MergeTree PARTITION BY day ORDER BY id';
const ROWS = `INSERT INTO shop.orders SELECT number, toDate('2026-01-01') + number % 3, 'v' FROM numbers(30)`;

let sites: DrEstate;
beforeAll(async () => {
  sites = await startDrEstate('tables: shop.*\nhot_after: 0 SECOND\n', SCHEMAS);
});
afterAll(() => sites.stop());

beforeEach(async () => {
  sites.point('west');
  await sites.run(
    'DROP DATABASE IF EXISTS shop',
    'DROP DATABASE IF EXISTS plumbline',
    'CREATE DATABASE shop',
    ORDERS,
    ROWS,
  );
});

const shown = async (how: Parameters<DrEstate['status']>[0] = {}) => {
  const status = await sites.status(how);
  return { ...status, code: statusExitCode([status]), text: renderStatus([status], { colour: false }) };
};

/** Times, ports and versions are of this run only. */
const settled = (text: string): string =>
  text
    .replace(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, 'TIME')
    .replace(/127\.0\.0\.1:\d+/g, 'ADDRESS')
    .replace(/\b26\.\d+(\.\d+)*/g, 'VERSION');

describe('the status', () => {
  it('shows who is active, what answers, and what is in sync', async () => {
    const { text, code, clean } = await shown();
    expect(settled(text)).toBe(`pair shop
  active: west, because ${RECORD} is ${ADDRESS.west}
  active   west  answers  VERSION
  passive  east  answers  VERSION

tables
  = shop.orders  3 partitions in sync

last checks
  TIME  active west  clean (1 in a row)

failback: not ready, 1 of 3 clean checks in a row
`);
    expect([code, clean]).toEqual([0, true]);
  });

  it('shows where the sites differ', async () => {
    await sites.sql.west.run(
      `INSERT INTO shop.orders VALUES (100, '2026-01-01', 'new'), (101, '2026-02-01', 'more')`,
    );
    await sites.sql.east.run(
      `INSERT INTO shop.orders VALUES (200, '2026-01-02', 'only here'), (201, '2026-03-01', 'nor here')`,
    );
    await sites.sql.west.run('CREATE TABLE shop.fresh (a Int8) ENGINE = MergeTree ORDER BY a');
    await sites.sql.east.run('CREATE TABLE shop.log (a Int8) ENGINE = Log');
    await sites.run('CREATE TABLE shop.shape (a Int8) ENGINE = MergeTree ORDER BY a');
    await sites.sql.east.run('ALTER TABLE shop.shape ADD COLUMN b Int8');
    await sites.run(
      'CREATE VIEW shop.seen AS SELECT 1 AS a',
      'CREATE TABLE shop.sink (a Int8) ENGINE = Null',
    );
    const { text, code, objections } = await shown({ keep: false });
    expect(code).toBe(2);
    expect(objections).toEqual(
      ['fresh', 'log', 'orders', 'shape'].map((name) => `shop.${name} is not in sync`),
    );
    expect(text).toContain(
      `
  ≠ shop.fresh   missing on passive
      the passive site has no such table
  ≠ shop.log     only on passive
      the active site has no such table
  ≠ shop.orders  1 of 5 partitions in sync · 1 different · 2 only on passive · 1 missing on passive
      20260101  different: 11 rows and 10; 0 rows`.replace('; 0 rows', ''),
    );
    expect(text).toContain('20260102  only on passive: 10 rows and 11; 1 row only on the passive site');
    expect(text).toContain('column b is only on the passive site');
    const markdown = renderStatusMarkdown([await sites.status({ keep: false })]);
    expect(markdown).toContain(
      '| `shop.orders` | 1 of 5 partitions in sync · 1 different · 2 only on passive · 1 missing on passive | `20260101` `20260102` `20260201` `20260301` |',
    );
    expect(markdown).not.toContain('id 100');
  });

  it('waits with partitions that are hot', async () => {
    await sites.run(ROWS.replace('SELECT number', 'SELECT 1000 + number'));
    const { shards, clean, text, code } = await shown({ keep: false, change: { hotAfter: 600 } });
    expect([code, clean]).toEqual([0, false]);
    expect(shards[0]?.tables[0]?.partitions.map(({ verdict }) => verdict)).toEqual(['hot', 'hot', 'hot']);
    expect(text).toContain('≠ shop.orders  0 of 3 partitions in sync · 3 hot');
  });

  it('is JSON for programs, of some tables, to another depth', async () => {
    const [estate, resolve] = [sites.folder.path, `${RECORD}=${ADDRESS.east}`];
    const words = ['--table', 'shop.o*', '--depth', 'rows', '--format', 'json'];
    const run = startCli(['dr', 'compare', '--estate', estate, '--resolve', resolve, ...words]);
    expect(await run.ended).toBe(0);
    expect(JSON.parse(run.output())).toMatchObject({
      pairs: [
        {
          active: 'east',
          depth: 'rows',
          clean: true,
          checks: [],
          shards: [{ tables: [{ path: ['shop', 'orders'] }] }],
        },
      ],
    });
  });

  it('compares nothing while nobody knows who is active', async () => {
    sites.point(undefined);
    const { text, code, shards, objections } = await shown();
    expect([code, shards]).toEqual([1, []]);
    expect(objections).toEqual([
      `nobody knows which site is active: ${RECORD} does not resolve (getaddrinfo ENOTFOUND ${RECORD})`,
    ]);
    expect(text).toContain(`  active: unknown: ${RECORD} does not resolve`);
    expect(text).toContain('nobody knew which site was active  not clean');
  });

  it('is not clean where no table fits', async () => {
    await sites.run('DROP TABLE shop.orders');
    expect((await shown({ keep: false })).objections).toEqual(['no table fits the patterns']);
  });
});

describe('failback', () => {
  const keep = async () => {
    const { clean, failback } = await sites.status();
    return [clean, failback.streak, failback.ready, failback.announced];
  };
  const change = () => sites.sql.west.run(`INSERT INTO shop.orders VALUES (500, '2026-01-01', 'late')`);
  const mend = () => sites.sql.east.run(`INSERT INTO shop.orders VALUES (500, '2026-01-01', 'late')`);

  it('is announced once, after enough clean checks, and ends with the first difference', async () => {
    expect([await keep(), await keep(), await keep(), await keep()]).toEqual([
      [true, 1, false, false],
      [true, 2, false, false],
      [true, 3, true, true],
      [true, 4, true, false],
    ]);
    const { text, failback } = await shown({ keep: false });
    expect(settled(text)).toContain('FAILBACK READY since TIME, after 3 clean checks (4 by now)');
    for (const site of [sites.sql.west, sites.sql.east])
      expect(
        await site.rows(
          'SELECT count(), sum(clean), any(actor), countDistinct(ready_since) FROM plumbline.dr_checks',
        ),
      ).toEqual([[4, 4, 'tester', 1]]);
    await change();
    expect((await sites.status({ keep: false })).failback.ready).toBe(false);
    expect(await keep()).toEqual([false, 0, false, false]);
    await mend();
    const again = [await keep(), await keep(), await keep()];
    expect(again.at(-1)).toEqual([true, 3, true, true]);
    expect((await sites.status({ keep: false })).failback.readySince).not.toBe(failback.readySince);
  });

  it('begins anew when the direction changes', async () => {
    for (const streak of [1, 2]) expect(await keep()).toEqual([true, streak, false, false]);
    sites.point('east');
    expect(await keep()).toEqual([true, 1, false, false]);
    sites.point(undefined);
    expect(await keep()).toEqual([false, 0, false, false]);
    sites.point('east');
    expect(await keep()).toEqual([true, 1, false, false]);
  });

  it('is not for a site that is down, and goes on from what the other one kept', async () => {
    for (const streak of [1, 2]) expect(await keep()).toEqual([true, streak, false, false]);
    await sites.stopSite('east');
    const down = await shown();
    expect(down.code).toBe(1);
    expect(down.failures).toEqual(['no node of shard 1 of east answers']);
    expect(settled(down.text)).toMatch(/passive {2}east {2}does not answer: .*ECONNREFUSED/);
    expect(down.text).toContain('✗ east has no record of this check: its first node does not answer');
    await sites.startSite('east');
    // What only the site that was up has kept counts: the row of clean checks has ended.
    expect(await keep()).toEqual([true, 1, false, false]);
    expect(await sites.sql.east.rows('SELECT count() FROM plumbline.dr_checks')).toEqual([[3]]);
    expect(await sites.sql.west.rows('SELECT count() FROM plumbline.dr_checks')).toEqual([[4]]);
  });
});

describe('the issues', () => {
  let scene: Scene;
  beforeAll(async () => {
    scene = await createScene();
  });
  afterAll(() => scene.close());

  /** As the scheduled workflow does it; gives what became of the issues. */
  const scheduled = async (): Promise<[number, ...string[]]> => {
    const notes: string[] = [];
    const { estate } = await sites.load();
    const opened = {
      estate,
      settled: openSettled(''),
      connectTimeout: 10_000,
      resolve: sites.resolve,
      close: async () => {},
    };
    const where = { estate: sites.folder.path, inRepository: '.', runUrl: 'https://github.com/run' };
    const output = {
      result: () => {},
      note: (text: string) => void notes.push(text.replace(/ \(.*/, '')),
      colour: false,
      live: false,
    };
    return [await keepPairIssues(opened, await scene.connect(), where, output), ...notes];
  };
  const about = (topic: string) =>
    [...scene.state.issues.values()].filter(({ labels }) => labels.has(`plumbline:${topic}`));

  it('follow the pairs: one of differences, one that says FAILBACK READY once', async () => {
    await sites.sql.west.run(`INSERT INTO shop.orders VALUES (900, '2026-01-01', 'secret value')`);
    expect(await scheduled()).toEqual([2, 'The dr issue: opened', 'The failback issue: none']);
    expect(about('dr')[0]?.body).toContain('2 of 3 partitions in sync · 1 different');
    expect(about('dr')[0]?.body).not.toMatch(/secret value|900/);
    expect(await scheduled()).toEqual([2, 'The dr issue: unchanged', 'The failback issue: none']);
    await sites.sql.east.run(`INSERT INTO shop.orders VALUES (900, '2026-01-01', 'secret value')`);
    expect(await scheduled()).toEqual([0, 'The dr issue: closed', 'The failback issue: none']);
    await scheduled();
    expect(await scheduled()).toEqual([0, 'The dr issue: none', 'The failback issue: opened']);
    expect(await scheduled()).toEqual([0, 'The dr issue: none', 'The failback issue: unchanged']);
    expect(about('failback')[0]?.body).toMatch(/FAILBACK READY.*`shop`.*since 20/);
    sites.point(undefined);
    expect(await scheduled()).toEqual([1, 'The dr issue: opened', 'The failback issue: closed']);
  });
});

describe('the loop', () => {
  it('checks on while a site is down, and ends between two checks when told to', async () => {
    const run = startCli([
      'dr',
      'watch',
      '--every',
      '1s',
      '--estate',
      sites.folder.path,
      '--resolve',
      `${RECORD}=${ADDRESS.west}`,
    ]);
    const seen = async (text: string): Promise<void> => {
      while (!run.output().includes(text)) await new Promise((done) => setTimeout(done, 50));
    };
    await seen('FAILBACK READY since');
    await sites.stopSite('east');
    await seen('no node of shard 1 of east answers');
    await sites.startSite('east');
    const before = run.output().length;
    while (!run.output().slice(before).includes('clean check 1'))
      await new Promise((done) => setTimeout(done, 50));
    run.signal('SIGTERM');
    expect(await run.ended).toBe(0);
    expect(run.output()).toContain('SIGTERM: finishing the check that runs, then stopping.');
    expect(run.output()).toMatch(/^\S+Z shop \(active: west\): 3 partitions in sync, clean check 1$/m);
    expect(run.output().match(/FAILBACK READY since/g)).toHaveLength(1);
  });
});
