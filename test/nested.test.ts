/** Nested columns that a server keeps whole, and ones that it keeps in pieces: declared alike, they mean the same. */
import { afterEach, expect, test } from 'vitest';
import { defaultUsersXml } from '../src/embedded/server-config.ts';
import type { Server } from '../src/live/server.ts';
import { planFindings, plannedSteps } from '../src/model/plan.ts';
import { runImport } from './support/adopted.ts';
import { startTestEstate, type TestEstate } from './support/test-estate.ts';

let estate: TestEstate;
afterEach(() => estate?.stop());

const declared = (columns: string, rest = 'order_by: k'): Record<string, string> => ({
  'nested.yaml': `kind: Database
name: nested
on: test
---
kind: Table
database: nested
name: t
columns: { k: UInt64, ${columns}, last: String }
${rest}
`,
});

/** The statements of the plan, and why it does without. */
async function planned(): Promise<string[]> {
  const plan = await estate.plan();
  const statements = plannedSteps(plan).flatMap(({ step }) => [...step.statements, ...step.refusals]);
  const errors = planFindings(plan).filter(({ severity }) => severity === 'error');
  return [...statements, ...errors.map(({ message }) => message)];
}

async function become(columns: string, rest?: string): Promise<void> {
  await estate.write(declared(columns, rest));
  await estate.apply();
  expect(await planned()).toEqual([]);
}

const create = (columns: string, flatten: 0 | 1): Promise<unknown> =>
  (estate.sql[0] as Server).run(`CREATE TABLE nested.t (k UInt64, ${columns}, last String) ORDER BY k`, {
    settings: { flatten_nested: flatten },
  });

const rows = (what: string): Promise<unknown[]> =>
  (estate.sql[0] as Server).rows(`SELECT ${what} FROM nested.t ORDER BY k`);

test('a Nested column kept whole', async () => {
  estate = await startTestEstate();
  const [sql] = estate.sql as [Server];
  await sql.run('CREATE DATABASE nested');
  await create("n Nested(a UInt8, b String) COMMENT 'x', `m n` Nested(`c d` UInt8)", 0);
  await sql.run("INSERT INTO nested.t VALUES (1, [(7, 'x')], [], 'l'), (2, [], [(1), (2)], 'l')");
  await runImport(estate);
  expect(await planned()).toEqual([]);
  const m = "'m n': 'Nested(`c d` UInt8)'";
  await estate.write(declared(`n: { type: "Nested(a UInt8, b String)", comment: x }, ${m}`));
  expect(await planned()).toEqual([]);

  await estate.write(declared(`n: { type: "Nested(a UInt16, b String, c UInt8)", comment: y }, ${m}`));
  expect(await planned()).toEqual([
    expect.stringContaining('SELECT sum(ignore(throwIf('),
    "ALTER TABLE `nested`.`t` MODIFY COLUMN `n` Nested(a UInt16, b String, c UInt8) COMMENT 'y'",
  ]);
  await estate.apply();
  expect(await planned()).toEqual([]);
  await become(`new: { type: "Nested(a UInt16, b String, c UInt8)", renamed_from: n }, ${m}`);
  expect(await rows('new.a, new.b')).toEqual([
    [[7], ['x']],
    [[], []],
  ]);
  await become(`new: "Nested(a UInt16, b String, c UInt8)"`, 'order_by: [k, last]');
  expect(await rows('new.a, new.b, last')).toEqual([
    [[7], ['x'], 'l'],
    [[], [], 'l'],
  ]);
});

test('a Nested column kept in pieces, where the server would keep it whole', async () => {
  const usersXml = defaultUsersXml.replace(
    /<profiles>\s*<default><\/default>/,
    '<profiles><default><flatten_nested>0</flatten_nested></default>',
  );
  estate = await startTestEstate(1, { usersXml });
  const [sql] = estate.sql as [Server];
  await sql.run('CREATE DATABASE nested');
  await create('n Nested(a UInt8, b String)', 1);
  await sql.run("INSERT INTO nested.t VALUES (1, [7], ['x'], 'l')");
  await estate.write(declared('n: "Nested(a UInt8, b String)"'));
  expect(await planned()).toEqual([]);
  await become('n: "Nested(a UInt16, c UInt8, b String)", w: "Nested(x UInt8)"');
  expect(await rows('n.a, n.c, n.b, w')).toEqual([[[7], [0], ['x'], []]]);
  await become('n: "Nested(a UInt16, b String)"', 'order_by: [k, last]');
  expect(await rows('n.a, n.b')).toEqual([[[7], ['x']]]);
});
