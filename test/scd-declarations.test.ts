/** Declared tables with history go in; what they are made of, and the exact messages and places of mistakes, are checked. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { expand } from '../src/declared/expand.ts';
import { readDeclarations } from '../src/declared/files.ts';
import { lintEstate } from '../src/lint/lint.ts';
import { showId } from '../src/model/object.ts';
import { showPlace } from '../src/model/place.ts';

const folder = mkdtempSync(join(tmpdir(), 'plumbline-scd-'));
afterAll(() => rmSync(folder, { recursive: true }));

const CLUSTER = `kind: Cluster
name: main
edition: community
version: 26.7
shards: [{ replicas: [{ host: node-1.example.com }] }]
`;
const DATABASE = 'kind: Database\nname: crm\non: main\n---\n';

async function expanded(text: string) {
  for (const part of ['clusters', 'schemas']) mkdirSync(join(folder, part), { recursive: true });
  writeFileSync(join(folder, 'clusters/main.yaml'), CLUSTER);
  writeFileSync(join(folder, 'schemas/a.yaml'), DATABASE + text);
  const { entries, findings } = await readDeclarations(folder);
  expect(findings).toEqual([]);
  return expand(entries);
}

/** Lines are counted from the document's own first. */
async function mistakes(text: string): Promise<string[]> {
  const { findings } = await expanded(text);
  return findings.map(({ place, rule, message }) => {
    const at = place && `${place.line - 4}:${place.column}`;
    return `${at} ${rule}: ${message}`;
  });
}

const HEAD = `kind: ScdTable
database: crm
name: companies
`;
const GOOD = `${HEAD}tenant: tenant_id
key: [region, id]
ignored: [seen]
columns:
  tenant_id: String
  region: String
  id: UInt64
  name: Nullable(String)
  seen: DateTime
  2024: Int8
`;

test('is a table, two views, and two tables for loads', async () => {
  const { estate, findings } = await expanded(GOOD);
  expect(findings).toEqual([]);
  const made = estate.objects.filter(({ generatedBy }) => generatedBy === 'ScdTable crm.companies');
  expect(made.map(({ tree }) => showId(tree.root.id))).toEqual([
    'table crm.companies',
    'view crm.companies_current',
    'view crm.companies_as_of',
    'table crm.companies_landing',
    'table crm.companies_quarantine',
  ]);
  expect(new Set(made.map(({ tree }) => tree.root.place && showPlace(tree.root.place)))).toEqual(
    new Set(['schemas/a.yaml:5:1']),
  );
  const columns = made[0]?.tree.parts.filter(({ id }) => id.kind === 'column') ?? [];
  expect(columns.map(({ id }) => id.path.at(-1))).toEqual([
    ...['tenant_id', 'region', 'id', 'name', 'seen', '2024'],
    ...['effective_date', 'expiry_date', 'is_current', 'record_hash', 'record_version', 'is_retracted'],
  ]);
  const { place, clusters, ...scd } = estate.scd?.[0] ?? { clusters: new Set() };
  expect([...clusters]).toEqual(['main']);
  expect(scd).toMatchObject({
    tracked: ['name', '2024'],
    ignored: ['seen'],
    hash: 'cityHash64(tuple(`name`, `2024`))',
    names: { current: 'companies_current', asOf: 'companies_as_of' },
  });
});

test('is renamed with all that is called after it, and merged where it says so', async () => {
  const said =
    'renamed_from: { database: sales, name: firms }\nmerge_after_load: 1.5 GiB\nnames: { as_of: then }\n';
  const { estate, findings } = await expanded(GOOD + said);
  expect(findings).toEqual([]);
  expect(estate.scd?.[0]).toMatchObject({ renamedFrom: ['sales', 'firms'], mergeAfterLoad: 1.5 * 1024 ** 3 });
  const made = estate.objects.filter(({ generatedBy }) => generatedBy === 'ScdTable crm.companies');
  expect(made.map(({ tree }) => tree.root.renamedFrom?.join('.'))).toEqual(
    ['firms', 'firms_current', 'then', 'firms_landing', 'firms_quarantine'].map((name) => `sales.${name}`),
  );
});

test('lint finds nothing in what follows from it', async () => {
  const { estate } = await expanded(GOOD);
  // What is found in the author's own columns is told once.
  expect(lintEstate(estate).map(({ rule, place }) => `${place?.line} ${rule}`)).toEqual([
    '13 low-cardinality-missing',
  ]);
});

test.each([
  [
    'columns that are not there',
    GOOD.replace('tenant: tenant_id', 'tenant: tenant').replace('[region, id]', '[region, idd]'),
    [
      '4:9 unknown-column: `companies` declares no column `tenant`; did you mean `tenant_id`?',
      '5:15 unknown-column: `companies` declares no column `idd`; did you mean `id`?',
    ],
  ],
  [
    'a key that can be NULL',
    GOOD.replace('region: String', 'region: LowCardinality(Nullable(String))'),
    [
      '5:7 nullable-key: `region` is LowCardinality(Nullable(String)), but a key is never NULL: rows are found by it; take its Nullable away',
    ],
  ],
  [
    'a column with two meanings',
    GOOD.replace('ignored: [seen]', 'ignored: [seen, id]'),
    ['6:17 column-twice: `id` already stands under `key`; a column is the tenant, in the key, or ignored'],
  ],
  [
    'columns that no load can write',
    GOOD.replace('name: Nullable(String)', 'name: { type: String, materialized: upper(region) }')
      .replace('seen: DateTime', 'seen: { default: now() }')
      .replace('2024: Int8', 'parts: Nested(a UInt8)\n  sums: SimpleAggregateFunction(sum, UInt64)'),
    [
      "11:3 computed-column: `name` can't be `materialized`: loads write every column of a table with history; declare it in a view",
      '12:3 missing-key: `seen` needs a `type`: loads convert values to it',
      '13:3 nested-column: `parts` is Nested, which ClickHouse keeps as several columns; make it an Array of Tuple',
      '14:3 state-column: `sums` holds states of an aggregate function, and no load can tell whether those changed',
    ],
  ],
  [
    'names that are taken',
    `${GOOD.replace('2024', 'is_current').replace('seen: DateTime', 'seen: DateTime\n  load_batch: String')}validity: { from: at, to: at }
constraints: { starts_before_it_ends: { check: "1" } }
`,
    [
      '15:27 column-taken: `at` stands twice under `validity`, and a column that the history needs; name another under `validity.to`',
      '14:3 column-taken: `is_current` is a declared column, and a column that the history needs; name another under `validity.current`',
      '13:3 column-taken: `load_batch` is a declared column, and a column that every load needs; give yours another name',
      '16:16 constraint-taken: a table with history has a constraint `starts_before_it_ends` of its own; give yours another name',
    ],
  ],
  [
    'a name that another object has',
    `${GOOD}---\nkind: View\ndatabase: crm\nname: companies_current\nquery: SELECT 1\n`,
    ['17:7 duplicate: view crm.companies_current is already declared at schemas/a.yaml:5:1'],
  ],
  [
    'one name for two of its own',
    `${GOOD}names: { landing: companies_current }\n`,
    ['14:19 duplicate: table crm.companies_current is already declared at schemas/a.yaml:18:8'],
  ],
  [
    'a cluster that is not there, once',
    `${GOOD}on: mian\n`,
    ['14:5 unknown-cluster: no cluster is called `mian`; did you mean `main`?'],
  ],
  [
    'a name that leaves no room for what goes behind it',
    GOOD.replace('name: companies', `name: ${'c'.repeat(200)}`),
    [
      `3:7 too-long: \`${'c'.repeat(200)}\` and what goes behind it are longer than 206 bytes; write a shorter one under \`names.current\``,
      `3:7 too-long: \`${'c'.repeat(200)}\` and what goes behind it are longer than 206 bytes; write a shorter one under \`names.landing\``,
      `3:7 too-long: \`${'c'.repeat(200)}\` and what goes behind it are longer than 206 bytes; write a shorter one under \`names.quarantine\``,
    ],
  ],
])('%s', async (_, text, expected) => {
  expect(await mistakes(text)).toEqual(expected);
});
