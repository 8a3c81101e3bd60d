/** Names and pieces of SQL that a server could not live with, and some that it must keep exactly as they are declared. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { loadEstate } from '../src/commands/estate-options.ts';
import type { Server } from '../src/live/server.ts';
import { DeclarationError, RefusedError } from '../src/model/errors.ts';
import { identifier, qualified } from '../src/sql/quote.ts';
import type { Document } from './support/hostile-batch.ts';
import { canaryDigest, makeCanary } from './support/hostile-canary.ts';
import {
  apply,
  applyToTheEnd,
  belowYaml,
  errorsOf,
  planOf,
  throughYaml,
} from './support/hostile-pipeline.ts';
import { startTestEstate, type TestEstate } from './support/test-estate.ts';

let estate: TestEstate;
let server: Server;

beforeAll(async () => {
  estate = await startTestEstate();
  server = estate.sql[0] as Server;
  await makeCanary(server);
});
afterAll(() => estate?.stop());

/** Documents of one database, with what is special to a test. */
const table = (name: string, rest: object = {}, database = 'refusals'): Document => ({
  kind: 'Table',
  database,
  name,
  on: 'test',
  columns: new Map<string, unknown>([['id', 'UInt64']]),
  order_by: ['id'],
  ...rest,
});
const columns = (...list: readonly (readonly [string, unknown])[]) => ({
  columns: new Map([['id', 'UInt64'], ...list]),
});
const database = (name: string): Document => ({ kind: 'Database', name, on: 'test' });
const view = (name: string, query: string): Document => ({
  kind: 'View',
  database: 'refusals',
  name,
  on: 'test',
  query,
});

describe('refused with a reason, and nothing left behind', () => {
  const long = (length: number): string => 'x'.repeat(length);
  const materialized = {
    kind: 'MaterializedView',
    database: long(156),
    name: 'm',
    on: 'test',
    query: 'SELECT 1 AS a',
    order_by: 'a',
  };

  // biome-ignore format: a table
  test.each<[string, RegExp, readonly Document[]]>([
    ['a database of the server', /`system` belongs to the server/, [database('system')]],
    ['a table in a database of the server', /`system` belongs to the server/, [table('t', {}, 'system')]],
    ['the database of the lock', /`plumbline` belongs to the server, or to Plumbline/, [database('plumbline')]],
    ['a name that hides a table', /names that begin with `.inner`/, [table('.inner.x')]],
    ['a database without room for tables', /no table fits into a database with so long a name/, [database('é'.repeat(36))]],
    ['a database and a table that are too long together', /too long together \(1 bytes over/, [database(long(100)), table(long(114), {}, long(100))]],
    ['a name that grows in the file system', /too long together \(13 bytes over/, [table('é'.repeat(36) + '_'.repeat(2))]],
    ['a view whose own table is too long', /too long together \(1 bytes over/, [database(long(156)), materialized]],
    ['a projection outside of its table', /projection refusals.t.\.\.\/x has `\/` or NUL in its name/, [table('t', { projections: new Map([['../x', 'SELECT id ORDER BY id']]) })]],
    ['an index with too long a file', /index refusals.t.(é)+ has too long a name \(3 bytes over/, [table('t', { indexes: new Map([['é'.repeat(39), { expression: 'id', type: 'minmax' }]]) })]],
    ['a reserved column', /_row_exists/, [table('t', columns(['_row_exists', 'UInt8']))]],
    ['a column that would become a literal', /writes the name `true` down without quotes/, [table('t', columns(['true', 'UInt8'], ['b', { type: 'UInt8', default: '`true` + 1' }]))]],
    ['a column that would become another', /writes the name `NaN` down without quotes/, [view('v', 'SELECT `NaN` FROM (SELECT 1 AS `NaN`)')]],
    ['a column that would become an operator', /can not read back|writes the name `not` down/, [table('t', columns(['not', 'UInt8'], ['b', { type: 'UInt8', alias: '`not`' }]))]],
    ['a parenthesis that closes the list', /value is not whole: a `\)` closes nothing/, [table('t', columns(['b', { type: 'UInt8', default: '1) ENGINE = Memory --' }]))]],
    ['a parenthesis that is never closed', /value is not whole: a `\)` is missing/, [table('t', columns(['b', { type: 'UInt8', default: '(1' }]))]],
    ['a comma that begins a column', /type is not whole: a `,` begins another part/, [table('t', columns(['b', 'UInt8, `c` UInt8']))]],
    ['a comment that is closed by another text', /expression is not whole: a comment at offset 3 is never closed/, [table('t', { comment: '*/', indexes: new Map([['i', { expression: 'id /*', type: 'minmax' }]]) })]],
    ['a quote that is closed by another text', /expression is not whole: a ' at offset 5 is never closed/, [table('t', { comment: "'", constraints: new Map([['c', { check: "id = '" }]]) })]],
  ])('%s', async (_name, reason, documents) => {
    const own = documents.some(({ name }) => name === 'refusals') ? [] : [database('refusals')];
    const before = await canaryDigest(server, '');
    for (const declare of [throughYaml, belowYaml]) {
      const declared = await declare(estate, [...own, ...documents]);
      const errors = errorsOf(await planOf(estate, declared));
      expect(errors).toEqual([expect.stringMatching(reason)]);
      await expect(apply(estate, declared)).rejects.toThrow(RefusedError);
      expect(await canaryDigest(server, '')).toBe(before);
    }
  });

  test.each<[string, string, string]>([
    ['NUL', 'name: "a\\0b"', 'unusable-text'],
    ['half of a surrogate pair', 'name: "a\\ud800"', 'unusable-text'],
    ['a control character as it is', 'name: "a\u0007"', 'control-character'],
    ['a carriage return alone', 'name: a\rb', 'control-character'],
    ['an escape sequence in a comment', 'name: a\ncomment: "\u001b[31m"', 'control-character'],
  ])('declarations with %s', async (_name, lines, rule) => {
    await estate.write({ 'refused.yaml': `kind: Database\n${lines}\non: test\n` });
    const error = await loadEstate(estate.folder).catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(DeclarationError);
    const { findings } = error as DeclarationError;
    expect(findings.map((finding) => [finding.rule, finding.place?.file])).toEqual([
      [rule, 'schemas/refused.yaml'],
    ]);
    expect(findings[0]?.place?.line).toBe(lines.includes('comment') ? 3 : 2);
  });
});

test('a name with dots allows nothing of another database', async () => {
  const databases = ['a', 'a.b', 'destructive'];
  const tables = [
    ['a', 'b.c'],
    ['a.b', 'c'],
    ['destructive', 't'],
  ] as const;
  for (const name of databases) await server.run(`CREATE DATABASE ${identifier(name)}`);
  for (const path of tables) await server.run(`CREATE TABLE ${qualified(path)} (id UInt8) ENGINE = Memory`);
  const pruned = databases.map((name): Document => ({ ...database(name), prune: true }));
  const refusal = async (...allowed: readonly string[]): Promise<string[]> => {
    const error = await apply(estate, await throughYaml(estate, pruned), allowed).catch(
      (caught: unknown) => caught,
    );
    expect(error).toBeInstanceOf(RefusedError);
    return (error as RefusedError).reasons
      .map((reason) => /--allow (.*?)` or/.exec(reason)?.[1] ?? reason)
      .sort();
  };
  expect(await refusal('a.b.c', 'rebuild', 'table a.b.c')).toEqual(['`a.b`.c', '`destructive`.t', 'a.`b.c`']);
  expect(await refusal('a.`b.c`')).toEqual(['`a.b`.c', '`destructive`.t']);
  expect(await refusal('`a.b`', 'table `destructive`.t')).toEqual(['a.`b.c`']);
  await applyToTheEnd(estate, await throughYaml(estate, pruned));
  for (const name of databases) await server.run(`DROP DATABASE ${identifier(name)} SYNC`);
});

describe('kept as declared', () => {
  /** Applies documents, hands over to the test, and takes them away again. */
  const around = async (documents: readonly Document[], look: () => Promise<void>): Promise<void> => {
    const before = await canaryDigest(server, 'kept');
    await applyToTheEnd(estate, await throughYaml(estate, documents));
    await look();
    await applyToTheEnd(estate, await throughYaml(estate, [{ ...database('kept'), prune: true }]));
    await server.run('DROP DATABASE kept SYNC');
    expect(await canaryDigest(server, 'kept')).toBe(before);
  };

  test('bytes that are no UTF-8', async () => {
    const value = { type: 'String', default: "'\\xff\\xc3é\\''" };
    await around(
      [
        database('kept'),
        table('t', columns(['b', value]), 'kept'),
        { ...view('v', "SELECT '\\xfe' AS x"), database: 'kept' },
      ],
      async () => {
        await server.run('INSERT INTO kept.t (id) VALUES (1)');
        expect(await server.rows('SELECT hex(b) FROM kept.t')).toEqual([['FFC3C3A927']]);
        expect(await server.rows('SELECT hex(x) FROM kept.v')).toEqual([['FE']]);
      },
    );
  });

  test('columns that are called like numbers, in their order', async () => {
    await around(
      [
        database('kept'),
        table('t', columns(['2024', 'UInt8'], ['b', 'UInt8'], ['1', 'UInt8'], ['0', 'UInt8']), 'kept'),
      ],
      async () => {
        const rows = await server.rows(
          "SELECT name FROM system.columns WHERE database = 'kept' ORDER BY position",
        );
        expect(rows.flat()).toEqual(['id', '2024', 'b', '1', '0']);
      },
    );
  });

  test('what stands behind a piece that ends in a comment', async () => {
    const rest = {
      ttl: 'd + INTERVAL 1 DAY -- a day',
      settings: { index_granularity: 1024 },
      comment: 'kept',
      ...columns(['d', 'DateTime -- when'], ['b', { type: 'UInt8 # b', default: '1 // one' }]),
    };
    await around([database('kept'), table('t', rest, 'kept')], async () => {
      const [row] = await server.rows<[string]>(
        "SELECT create_table_query FROM system.tables WHERE database = 'kept'",
      );
      expect(row?.[0]).toContain("TTL d + toIntervalDay(1) SETTINGS index_granularity = 1024 COMMENT 'kept'");
      expect(row?.[0]).toContain('`b` UInt8 DEFAULT 1)');
    });
  });

  test('names that make objects look as if they needed each other', async () => {
    const kept = (document: Document): Document => ({ ...document, database: 'kept' });
    const documents = [
      database('kept'),
      table(
        'kept',
        { ...columns(['v', 'String'], ['w', 'String'], ['m', 'UInt8']), comment: 'kept.m' },
        'kept',
      ),
      table('z', { ...columns(['v', 'UInt8']), comment: 'fills kept.v' }, 'kept'),
      kept(view('v', 'SELECT v AS w, m FROM kept.kept')),
      kept(view('w', 'SELECT w AS a FROM kept.v')),
      {
        kind: 'MaterializedView',
        database: 'kept',
        name: 'm',
        on: 'test',
        to: 'z',
        query: 'SELECT id, m AS v FROM kept',
      },
    ];
    await around(documents, async () => {
      expect(
        await server.rows("SELECT name FROM system.tables WHERE database = 'kept' ORDER BY name"),
      ).toEqual([['kept'], ['m'], ['v'], ['w'], ['z']]);
    });
  });
});
