/** Who changed an object last is found in the server's query log, whatever its name looks like there. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { lastChange } from '../src/live/last-change.ts';
import { qualified } from '../src/sql/quote.ts';
import { startTestEstate, type TestEstate } from './support/test-estate.ts';

let estate: TestEstate;
beforeAll(async () => {
  estate = await startTestEstate(1);
});
afterAll(() => estate?.stop());

const NAMES = ['orders', 'of 2026.x', 'a`b', 'null', "o'neill\\"];

test('names that the log quotes are found like those that it does not', async () => {
  const [sql] = estate.sql;
  if (!sql) throw new Error('no server');
  for (const database of ['shop', 'my shop']) {
    await sql.run(`CREATE DATABASE \`${database}\``);
    for (const name of NAMES) {
      await sql.run(`CREATE TABLE ${qualified([database, name])} (k UInt8) ORDER BY k`);
      await sql.run(`ALTER TABLE ${qualified([database, name])} MODIFY COMMENT 'x'`);
    }
  }
  await sql.run('SYSTEM FLUSH LOGS');
  for (const database of ['shop', 'my shop'])
    for (const name of NAMES) {
      const found = await lastChange(sql, { kind: 'table', path: [database, name] });
      expect(found?.user, name).toBe('default');
    }
});
