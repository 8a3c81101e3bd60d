/** What `renamed_from` means where it is ambiguous, mistaken, spent, or half done. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Server } from '../src/live/server.ts';
import { DeclarationError } from '../src/model/errors.ts';
import { type Plan, planFindings, plannedSteps } from '../src/model/plan.ts';
import { startTestEstate, type TestEstate } from './support/test-estate.ts';

let estate: TestEstate;
let sql: Server;
beforeAll(async () => {
  estate = await startTestEstate();
  sql = estate.sql[0] as Server;
});
afterAll(() => estate?.stop());

const DATABASE = 'kind: Database\nname: shop\non: test\nprune: true\n';
const table = (name: string, columns: string, more = ''): string =>
  `kind: Table\ndatabase: shop\nname: ${name}\ncolumns: ${columns}\norder_by: k\n${more}`;

/** One declaration a file: the name of the table is the name of the file. */
async function declare(...tables: readonly [name: string, columns: string, more?: string][]): Promise<void> {
  const files = tables.map(([name, columns, more]) => [`${name}.yaml`, table(name, columns, more)]);
  await estate.write({ 'shop.yaml': DATABASE, ...Object.fromEntries(files) });
}

const statements = (plan: Plan): string[] => plannedSteps(plan).flatMap(({ step }) => step.statements);
const rules = (plan: Plan): string[] => planFindings(plan).map(({ rule }) => rule);

async function mistakes(): Promise<string[]> {
  const error = await estate.plan().catch((thrown: unknown) => thrown);
  if (!(error instanceof DeclarationError)) throw error;
  return error.findings.map(
    ({ place, rule }) => `${place?.file.replace('schemas/', '')}:${place?.line} ${rule}`,
  );
}

test('an old name that is still declared, taken twice, or the own one is a mistake', async () => {
  await declare(
    ['a', '{ k: UInt8 }'],
    ['b', '{ k: UInt8 }', 'renamed_from: a\n'],
    ['c', '{ k: UInt8 }', 'renamed_from: gone\n'],
    ['d', '{ k: UInt8 }', 'renamed_from: gone\n'],
    ['e', '{ k: UInt8 }', 'renamed_from: e\n'],
    ['f', '\n  k: UInt8\n  x: { type: UInt8, renamed_from: y }\n  y: { type: UInt8, renamed_from: x }\n'],
  );
  expect(await mistakes()).toEqual([
    ...['f.yaml:6 renamed-from-declared', 'f.yaml:7 renamed-from-declared'],
    ...['b.yaml:1 renamed-from-declared', 'd.yaml:1 renamed-twice', 'e.yaml:1 renamed-from-itself'],
  ]);
});

test('where both names are live, nothing is done', async () => {
  await declare(['a', '{ k: UInt8, x: UInt8, y: UInt8 }'], ['b', '{ k: UInt8 }']);
  await estate.apply();
  await declare(
    ['a', '{ k: UInt8, y: { type: UInt8, renamed_from: x } }'],
    ['c', '{ k: UInt8 }', 'renamed_from: b\n'],
  );
  await sql.run('CREATE TABLE shop.c (k UInt8) ENGINE = MergeTree ORDER BY k');
  const plan = await estate.plan();
  expect(rules(plan)).toEqual(['renamed-and-live']);
  const [step] = plannedSteps(plan).filter(({ step }) => step.object.path.at(-1) === 'a');
  expect(step?.step.refusals).toEqual([expect.stringContaining('are both live')]);
  await sql.run('DROP DATABASE shop SYNC');
});

test('a declaration that the server refuses does not make its old name free to be pruned', async () => {
  await declare(['a', '{ k: UInt8 }']);
  await estate.apply();
  await declare(['b', '{ k: NoSuchType }', 'renamed_from: a\n']);
  const plan = await estate.plan();
  expect(rules(plan)).toEqual(['refused-by-server']);
  expect(statements(plan)).toEqual([]);
  await sql.run('DROP DATABASE shop SYNC');
});

test('after half of a rename the rest is done, and after all of it nothing', async () => {
  await declare(['a', '{ k: UInt8, x: UInt8 }']);
  await estate.apply();
  await sql.run('INSERT INTO shop.a VALUES (1, 2)');
  await declare(['b', '{ k: UInt8, y: { type: UInt16, renamed_from: x } }', 'renamed_from: a\n']);
  const [first = ''] = statements(await estate.plan());
  expect(first).toContain('RENAME COLUMN');
  await sql.run(first);
  expect(statements(await estate.plan())).toEqual([
    'ALTER TABLE `shop`.`a` MODIFY COLUMN `y` UInt16',
    'RENAME TABLE `shop`.`a` TO `shop`.`b`',
  ]);
  await estate.apply();
  expect(statements(await estate.plan())).toEqual([]);
  expect(await sql.rows('SELECT k, y FROM shop.b')).toEqual([[1, 2]]);
});
