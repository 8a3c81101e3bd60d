/** Declared sizes below which steps that destroy need no permission: where they count, and where they must not. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { applyPlan } from '../src/apply/apply.ts';
import { objections } from '../src/apply/gate.ts';
import { loadEstate } from '../src/commands/estate-options.ts';
import { limitsAt } from '../src/commands/limits-at.ts';
import type { Server } from '../src/live/server.ts';
import { withAllowances, withinBoth } from '../src/plan/allowances.ts';
import { startTestEstate, type TestEstate } from './support/test-estate.ts';

let estate: TestEstate;
let sql: Server;
beforeAll(async () => {
  estate = await startTestEstate();
  sql = estate.sql[0] as Server;
});
afterAll(() => estate?.stop());

const BARE = 'kind: Database\nname: shop\non: test\nprune: ["*"]\n';
const database = (limit: string): string => `${BARE}allow_destructive_below: ${limit}\n`;
const table = (name: string): string =>
  `kind: Table\ndatabase: shop\nname: ${name}\ncolumns: { k: UInt64 }\norder_by: k\n`;
const view = 'kind: View\ndatabase: shop\nname: v\nquery: SELECT 1 AS one\n';

const NOBODY = { allowed: new Set<string>() };

async function withRows(count: number): Promise<void> {
  await sql.run('DROP DATABASE IF EXISTS shop SYNC');
  await estate.write({ 'd.yaml': database('0'), 't.yaml': table('t') });
  await estate.apply();
  await sql.run(`INSERT INTO shop.t SELECT cityHash64(number) FROM numbers(${count})`);
}

test.each([
  ['1 MiB', []],
  ['1.5KiB', ['table shop.t on test: drop is destructive']],
  ['0', ['table shop.t on test: drop is destructive']],
])('a table of 8 KB under a limit of %s', async (limit, expected) => {
  await withRows(1000);
  await estate.write({ 'd.yaml': database(limit) });
  const plan = await estate.plan();
  expect(objections(plan, NOBODY.allowed).map((reason) => reason.split(' and needs')[0])).toEqual(expected);
  if (expected.length > 0) return;
  await estate.apply(NOBODY);
  expect(await sql.rows("SELECT name FROM system.tables WHERE database = 'shop'")).toEqual([]);
});

test('the limit of plumbline.yaml holds where the database has none', async () => {
  const needed = async (limit: string | undefined, settings: string): Promise<number> => {
    await estate.write({ 'd.yaml': limit === undefined ? BARE : database(limit) });
    writeFileSync(join(estate.folder, 'plumbline.yaml'), settings);
    return objections(await estate.plan(), NOBODY.allowed).length;
  };
  await withRows(1000);
  try {
    expect(await needed(undefined, '')).toBe(1);
    expect(await needed(undefined, 'allow_destructive_below: 1 MiB')).toBe(0);
    expect(await needed(undefined, 'allow_rebuild_below: 1 MiB')).toBe(1);
    expect(await needed('0', 'allow_destructive_below: 1 MiB')).toBe(1);
    expect(await needed('1 MiB', 'allow_destructive_below: 0')).toBe(0);
    await expect(needed('0', 'allow_destructive_below: 1 MB')).rejects.toMatchObject({
      findings: [{ place: { file: 'plumbline.yaml', line: 1, column: 26 } }],
    });
  } finally {
    rmSync(join(estate.folder, 'plumbline.yaml'));
  }
});

test('what nobody knows the size of is not below any limit', async () => {
  await sql.run('DROP DATABASE IF EXISTS shop SYNC');
  await estate.write({ 'd.yaml': database('1 TiB'), 'v.yaml': view });
  await estate.apply();
  await estate.write({ 'd.yaml': database('1 TiB') });
  expect(objections(await estate.plan(), NOBODY.allowed)).toEqual([
    expect.stringContaining('view shop.v on test: drop is destructive'),
  ]);
});

test('the size is measured again under the lock', async () => {
  await withRows(10);
  await estate.write({ 'd.yaml': database('2 KiB') });
  const agreed = await estate.survey();
  expect(objections(agreed.plan, NOBODY.allowed)).toEqual([]);
  await sql.run('INSERT INTO shop.t SELECT cityHash64(number) FROM numbers(100000)');
  const applied = applyPlan(await loadEstate(estate.folder), agreed, {
    ...NOBODY,
    settled: { has: () => false, add: () => {}, save: () => {} },
    connectTimeout: 10_000,
    identity: { run: 'late', actor: 'test', commit: '' },
    lockSeconds: 60,
    progress: { started: () => {}, ended: () => {} },
    shouldStop: () => false,
  });
  await expect(applied).rejects.toThrow('The plan was not applied');
  await agreed.close();
  expect(await sql.rows('SELECT toUInt32(count()) FROM shop.t')).toEqual([[100010]]);
});

test('a limit counts no further than the commit before allows', async () => {
  await withRows(1000);
  const folder = mkdtempSync(join(tmpdir(), 'plumbline-limits-'));
  const git = (...words: string[]): string =>
    execFileSync('git', ['-c', 'user.name=t', '-c', 'user.email=t@example', ...words], { cwd: folder })
      .toString()
      .trim();
  try {
    git('init', '-q');
    mkdirSync(join(folder, 'clusters'));
    mkdirSync(join(folder, 'schemas'));
    writeFileSync(
      join(folder, 'clusters', 'c.yaml'),
      'kind: Cluster\nname: test\nedition: community\nversion: "26.7"\nshards: [{ replicas: [{ host: h }] }]\n',
    );
    const commits = ['0', '1 KiB', '1 MiB'].map((limit) => {
      writeFileSync(join(folder, 'schemas', 'd.yaml'), database(limit));
      git('add', '.');
      git('commit', '-qm', limit);
      return git('rev-parse', 'HEAD');
    });
    await estate.write({ 'd.yaml': database('1 MiB') });
    const plan = await estate.plan();
    const declared = (await loadEstate(folder)).limits;
    const left = await Promise.all(
      [...commits, 'no-such-commit'].map(async (commit) => {
        const limits = withinBoth(declared, await limitsAt(folder, commit));
        return objections(withAllowances(plan, limits), NOBODY.allowed).length;
      }),
    );
    expect(left).toEqual([1, 1, 0, 1]);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
