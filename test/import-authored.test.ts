/** Every authored row that the engine accepts, made by SQL: imported, it plans empty, and elsewhere it becomes the same text. */
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ROOT_KINDS } from '../src/kinds/index.ts';
import { adoptElsewhere, catalogue, expectNothingToDo, runImport } from './support/adopted.ts';
import { startTestEstate, type TestEstate } from './support/test-estate.ts';

const rowsOf = (name: string): string[][] =>
  readFileSync(new URL(`authored/${name}`, import.meta.url), 'utf8')
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => line.split('\t'));

/** Row 7 of columns.tsv is the column `c` of `columns.c07`. */
const columns = rowsOf('columns.tsv')
  .map(([authored = '', stored = ''], at) => ({ authored, stored, at: String(at + 1).padStart(2, '0') }))
  .filter(({ stored }) => !stored.startsWith('ERR '))
  .map(
    ({ authored, at }) =>
      `CREATE TABLE columns.c${at} (k UInt64, ts DateTime, c ${authored}) ENGINE = MergeTree ORDER BY k`,
  );
const statements = rowsOf('statements.tsv')
  .filter(([kind = '']) => ROOT_KINDS.some(({ name }) => name === kind.toLowerCase()))
  .filter(([, , stored = '']) => !stored.startsWith('ERR '))
  .map(([, authored = '']) => authored);

let full: TestEstate;
let empty: TestEstate;
beforeAll(async () => {
  [full, empty] = await Promise.all([startTestEstate(), startTestEstate()]);
});
afterAll(async () => {
  await Promise.all([full?.stop(), empty?.stop()]);
});

test('what was made by SQL is imported, and becomes the same elsewhere', async () => {
  const [sql, other] = [full.sql[0], empty.sql[0]];
  if (!sql || !other) throw new Error('no server');
  for (const statement of ['CREATE DATABASE columns', 'CREATE DATABASE shop', ...columns, ...statements]) {
    await sql.run(statement);
  }
  const said = await runImport(full);
  expect(said).not.toContain('written as its CREATE text');
  await expectNothingToDo(full);
  await adoptElsewhere(full, empty);
  expect(await catalogue(other)).toEqual(await catalogue(sql));
  process.stdout.write(
    `imported and the same elsewhere: ${columns.length} columns, ${statements.length} statements\n${said}`,
  );
});
