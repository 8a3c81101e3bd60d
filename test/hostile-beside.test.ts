/** Dictionaries and what stands beside the databases, with names and texts made to break quoting: each arrives as it is. */
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Server } from '../src/live/server.ts';
import { identifier, literal } from '../src/sql/quote.ts';
import type { Document } from './support/hostile-batch.ts';
import { canaryDigest, makeCanary } from './support/hostile-canary.ts';
import { applyToTheEnd, errorsOf, planOf, throughYaml } from './support/hostile-pipeline.ts';
import { hostileName, hostileText, isDeclarable } from './support/hostile-text.ts';
import { size } from './support/size.ts';
import { startTestEstate, type TestEstate } from './support/test-estate.ts';

let estate: TestEstate;
let server: Server;

beforeAll(async () => {
  estate = await startTestEstate();
  server = estate.sql[0] as Server;
  await makeCanary(server);
  const functions = await server.rows<[string]>('SELECT lower(name) FROM system.functions');
  for (const [one] of functions) builtIn.add(one);
});
afterAll(() => estate?.stop());

/** Names that ClickHouse writes without quotes, and then reads as something else. */
const isMisread = (name: string): boolean => /^(?:true|false|not|inf|infinity|nan|null)$/i.test(name);

/** Names of the server's own functions, in lower case. */
const builtIn = new Set<string>();

const name = hostileName(60).filter(
  (one) => isDeclarable(one) && !isMisread(one) && !builtIn.has(one.toLowerCase()),
);
const text = hostileText(100).filter((one) => isDeclarable(one) && !/\{secret:|\[HIDDEN\]/.test(one));
const changing = fc.tuple(text, text);

const beside = fc.record({
  names: fc.uniqueArray(name, { minLength: 6, maxLength: 6 }),
  columns: fc.uniqueArray(name, { minLength: 3, maxLength: 3 }),
  keys: fc.uniqueArray(
    name.filter((one) => !/[.[\]]/.test(one)),
    { minLength: 3, maxLength: 3 },
  ),
  comment: changing,
  literal: changing,
  source: changing,
});
type Beside = typeof beside extends fc.Arbitrary<infer T> ? T : never;

function documents(one: Beside, stage: 0 | 1): Document[] {
  const [dictionary = '', called = '', caller = '', collection = '', resource = '', workload = ''] =
    one.names;
  const [id = '', said = '', last = ''] = one.columns;
  const [first = '', second = '', third = ''] = one.keys;
  const on = 'test';
  return [
    { kind: 'Database', name: 'hostile', on, prune: true },
    {
      kind: 'Dictionary',
      database: 'hostile',
      name: dictionary,
      comment: one.comment[stage],
      columns: new Map<string, unknown>([
        [id, 'UInt64'],
        [said, { type: 'String', default: literal(one.literal[stage]) }],
        [last, { type: 'String', expression: literal(one.literal[0]) }],
      ]),
      primary_key: id,
      source: { file: { path: one.source[stage], format: 'TSV' } },
      layout: 'hashed',
      lifetime: 0,
    },
    {
      kind: 'Function',
      name: called,
      on,
      lambda: `${identifier(id)} -> concat(${literal(one.literal[stage])}, ${identifier(id)})`,
    },
    { kind: 'Function', name: caller, on, lambda: `() -> ${identifier(called)}(${literal(one.literal[0])})` },
    {
      kind: 'NamedCollection',
      name: collection,
      on,
      values: new Map<string, unknown>([
        [first, one.literal[0]],
        [second, { value: one.literal[1], overridable: stage === 0 }],
        ...(stage === 1 ? [[third, one.comment[0]] as const] : []),
      ]),
    },
    {
      kind: 'Resource',
      name: resource,
      on,
      operations: stage === 0 ? 'MASTER THREAD' : ['MASTER THREAD', 'WORKER THREAD'],
    },
    { kind: 'Workload', name: workload, on, settings: { weight: String(stage + 1) } },
  ];
}

/** Nothing that stands beside the databases is ever dropped by a plan. */
async function dropAll(one: Beside): Promise<void> {
  const [, called = '', caller = '', collection = '', resource = '', workload = ''] = one.names;
  await server.run('DROP DATABASE hostile SYNC');
  for (const function_ of [caller, called]) await server.run(`DROP FUNCTION ${identifier(function_)}`);
  await server.run(`DROP NAMED COLLECTION ${identifier(collection)}`);
  await server.run(`DROP WORKLOAD ${identifier(workload)}`);
  await server.run(`DROP RESOURCE ${identifier(resource)}`);
}

test('names, comments and literals arrive as they are, change, and plan empty', async () => {
  const before = await canaryDigest(server, '');
  await fc.assert(
    fc.asyncProperty(beside, async (one) => {
      for (const stage of [0, 1] as const) {
        await applyToTheEnd(estate, await throughYaml(estate, documents(one, stage)));
        const [dictionary, called, caller, collection, resource, workload] = one.names;
        expect(
          await server.rows("SELECT name, comment FROM system.tables WHERE database = 'hostile'"),
        ).toEqual([[dictionary, one.comment[stage]]]);
        const names = await server.rows(
          `SELECT name FROM system.functions WHERE origin = 'SQLUserDefined' AND name != 'canary_function'
           UNION ALL SELECT name FROM system.named_collections WHERE name != 'canary_collection'
           UNION ALL SELECT name FROM system.workloads UNION ALL SELECT name FROM system.resources`,
        );
        expect(names.flat().sort()).toEqual([called, caller, collection, resource, workload].sort());
        expect(await server.rows(`SELECT ${identifier(caller ?? '')}()`)).toEqual([
          [one.literal[stage] + one.literal[0]],
        ]);
      }
      await dropAll(one);
      expect(await canaryDigest(server, '')).toBe(before);
    }),
    { seed: 2311, numRuns: size(2, 300), endOnFailure: true },
  );
});

// biome-ignore format: a table
test.each<[string, RegExp, Document]>([
  ['a name that is too long for its file', /its name is too long \(4 bytes over/, { kind: 'Function', name: 'é'.repeat(39), on: 'test', lambda: 'x -> 1' }],
  ['what is no lambda', /a function is a lambda/, { kind: 'Function', name: 'f', on: 'test', lambda: '1 + 1' }],
  ['a lambda that goes on', /a `\)` closes nothing/, { kind: 'Function', name: 'f', on: 'test', lambda: 'x -> 1)' }],
  ['a type that there is not', /Unknown data type/i, { kind: 'Dictionary', database: 'hostile', name: 'd', on: 'test', columns: new Map([['id', 'UInt65']]), primary_key: 'id', source: 'null', layout: 'flat', lifetime: '0' }],
  ['a resource of nothing', /Syntax error/, { kind: 'Resource', name: 'r', on: 'test', operations: 'EAT CAKE' }],
])('%s is refused with a reason', async (_name, reason, document) => {
  const declared = await throughYaml(estate, [{ kind: 'Database', name: 'hostile', on: 'test' }, document]);
  expect(errorsOf(await planOf(estate, declared))).toEqual([expect.stringMatching(reason)]);
});
