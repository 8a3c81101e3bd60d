/** Declarations with and without mistakes go in; the entries, and the exact messages and places, are checked. */

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { type Declarations, readDeclarations } from '../src/declared/files.ts';
import { KINDS } from '../src/declared/schemas.ts';
import { showPlace } from '../src/model/place.ts';

const made: string[] = [];
afterAll(() => {
  for (const folder of made) rmSync(folder, { recursive: true });
});

function makeEstate(files: Readonly<Record<string, string>>): string {
  const folder = mkdtempSync(join(tmpdir(), 'plumbline-declarations-'));
  made.push(folder);
  for (const [file, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, file)), { recursive: true });
    writeFileSync(join(folder, file), text);
  }
  return folder;
}

const IN_SCHEMAS = KINDS.filter((kind) => !['Cluster', 'DrPair', 'Federation', 'Tenant'].includes(kind));

function named(kinds: readonly string[], word: 'and' | 'or'): string {
  const names = kinds.map((kind) => `\`${kind}\``);
  return `${names.slice(0, -1).join(', ')} ${word} ${names.at(-1)}`;
}

const CLUSTER = `kind: Cluster
name: main
edition: community
version: 26.10
shards:
  - replicas:
      - host: node-1.example.com
`;
const DATABASE = 'kind: Database\nname: shop\non: main\n';

function show({ findings }: Declarations): string[] {
  return findings.map(({ place, rule, message }) => `${place ? showPlace(place) : '-'} ${rule}: ${message}`);
}

/** The findings of one file of schemas, without its name. */
async function schemaFindings(text: string): Promise<string[]> {
  const found = await readDeclarations(makeEstate({ 'clusters/main.yaml': CLUSTER, 'schemas/a.yaml': text }));
  return show(found).map((line) => line.replace('schemas/a.yaml:', ''));
}

async function clusterFindings(text: string): Promise<string[]> {
  const found = await readDeclarations(makeEstate({ 'clusters/a.yaml': text, 'schemas/a.yaml': DATABASE }));
  return show(found).map((line) => line.replace('clusters/a.yaml:', ''));
}

const table = (rest: string): string => `kind: Table\ndatabase: shop\nname: orders\n${rest}`;
const column = (rest: string): string => table(`columns:\n  price: ${rest}\n`);
const setting = (rest: string): string => table(`columns: {a: Int8}\n${rest}\n`);
const view = (rest: string): string =>
  `kind: MaterializedView\ndatabase: shop\nname: daily\nquery: SELECT 1\n${rest}\n`;

describe('entries', () => {
  test('scalars keep their text, integers and booleans become such', async () => {
    const text = `${table(`columns:
  a: {type: Float64, default: 1.0}
  b: {type: Bool, default: true, comment: no}
  c: {type: String, default: NULL}
  d: {type: String, ephemeral: }
indexes:
  by_a: {expression: a, type: minmax, granularity: 4}
settings:
  index_granularity: 8192
  x: 0x10
`)}---\nkind: Database\nname: 2024\non: [main]\nprune: true\n`;
    const found = await readDeclarations(
      makeEstate({ 'clusters/main.yaml': CLUSTER, 'schemas/a.yaml': text }),
    );
    expect(show(found)).toEqual([]);
    expect(found.entries[0]?.value).toMatchObject({ version: '26.10' });
    expect(found.entries[1]?.value).toEqual({
      kind: 'Table',
      database: 'shop',
      name: 'orders',
      columns: {
        a: { type: 'Float64', default: '1.0' },
        b: { type: 'Bool', default: 'true', comment: 'no' },
        c: { type: 'String', default: 'NULL' },
        d: { type: 'String', ephemeral: '' },
      },
      indexes: { by_a: { expression: 'a', type: 'minmax', granularity: 4 } },
      settings: { index_granularity: '8192', x: '0x10' },
    });
    expect(found.entries[2]?.value).toEqual({ kind: 'Database', name: '2024', on: ['main'], prune: true });
  });

  test('every form of every kind is accepted', async () => {
    const cluster = `${CLUSTER}  - replicas:
      - {host: '10.0.0.1', name: west, http_port: 8123, native_port: 9000, secure: true}
      - host: fe80::1%eth0
secure: false
http_port: 8443
native_port: 9440
user: {env: CLICKHOUSE_USER}
password: {file: /run/secrets/password}
`;
    const schemas = `kind: Database
name: shop
on: main
engine: Atomic
comment: ''
prune: [old, 'older one']
---
kind: Table
database: shop
name: 'or"d\`ers. ö'
on: [main]
comment: Orders
columns:
  id: UInt64
  2024: String
  __proto__: String
  constructor: {materialized: 'id + 1', codec: 'Delta, ZSTD(3)', ttl: d + 1, statistics: [tdigest, uniq]}
  e: {type: String, alias: lower(x), settings: {min_compress_block_size: 1}, statistics: tdigest}
projections:
  p: SELECT id ORDER BY id
  q: {query: SELECT 1, settings: {a: 1}}
  r: {index: id, type: basic}
constraints:
  c: {check: id > 0}
  d: {assume: id > 0}
engine: ReplacingMergeTree(id)
partition_by: toYYYYMM(d)
primary_key: [id]
order_by: [id, cityHash64(id)]
sample_by: id
ttl: [d + INTERVAL 1 DAY, d + INTERVAL 2 DAY DELETE]
settings: {index_granularity: 1024, storage_policy: ''}
---
kind: View
database: shop
name: v
columns: {a: Int8}
query: |
  SELECT 1
  AS a
definer: CURRENT_USER
sql_security: definer
---
${view('to: shop.daily_rows\nrefresh: {every: 1 HOUR, offset: 5 MINUTE, randomize: 1 MINUTE, depends_on: [a.b], append: true, settings: {x: 1}}')}---
${view('to: {database: shop, name: d}\nrefresh: {after: 1 HOUR}')}---
${view('populate: true\nengine: MergeTree\norder_by: a\npartition_by: a\nprimary_key: a\nsample_by: a\nttl: a\nsettings: {a: 1}')}`;
    const found = await readDeclarations(
      makeEstate({ 'clusters/a.yml': cluster, 'schemas/b/c.yml': schemas }),
    );
    expect(show(found)).toEqual([]);
    expect(found.entries).toHaveLength(7);
    expect(found.entries[2]?.keys(['columns'])).toEqual(['id', '2024', '__proto__', 'constructor', 'e']);
    expect(found.entries[2]?.keys(['columns', 'id'])).toEqual([]);
    expect(found.entries[2]?.keys()[3]).toBe('on');
  });

  test('places point at values and keys, or at the nearest parent', async () => {
    const text = `# Orders\n---\n${table(`columns:
  "ü𝄞": {type: String, comment: x}
order_by:
  - a
  - b
`)}`;
    const { entries } = await readDeclarations(
      makeEstate({ 'clusters/a.yaml': CLUSTER, 'schemas/a.yaml': text }),
    );
    const entry = entries[1];
    const places = [
      entry?.place(),
      entry?.place(['name']),
      entry?.place(['columns', 'ü𝄞', 'type']),
      entry?.place(['columns', 'ü𝄞', 'type', 'no']),
      entry?.place(['columns', 'no', 'type']),
      entry?.place(['order_by', 1]),
      entry?.place(['order_by', 7]),
      entry?.keyPlace(['columns', 'ü𝄞']),
      entry?.keyPlace(['columns', 'ü𝄞', 'comment']),
      entry?.keyPlace(['order_by', '1']),
      entry?.keyPlace(['no', 'way']),
      entry?.keyPlace([]),
    ].map((place) => `${place?.line}:${place?.column}`);
    // biome-ignore format: a list
    expect(places).toEqual(['3:1', '5:7', '7:16', '7:16', '7:3', '10:5', '9:3', '7:3', '7:24', '10:5', '3:1', '3:1']);
  });

  test('anchors and aliases are copied, and each copy is its own', async () => {
    const text = setting(
      'settings: &s {a: 1}\nprojections:\n  p: {query: &q SELECT 1, settings: *s}\n  q: *q',
    );
    const { entries, findings } = await readDeclarations(
      makeEstate({ 'clusters/a.yaml': CLUSTER, 'schemas/a.yaml': text }),
    );
    expect(findings).toEqual([]);
    const value = entries[1]?.value as { settings: unknown; projections: Record<string, unknown> };
    expect(value.projections).toEqual({ p: { query: 'SELECT 1', settings: { a: '1' } }, q: 'SELECT 1' });
    expect((value.projections.p as { settings: unknown }).settings).not.toBe(value.settings);
    expect(entries[1]?.place(['projections', 'q'])).toMatchObject({ line: 8, column: 6 });
  });
});

describe('mistakes', () => {
  // biome-ignore format: a table
  test.each<[string, string, string[]]>([
    ['unknown key', setting('orderby: a'), ['5:1 unknown-key: unknown key `orderby`; did you mean `order_by`?']],
    ['a synonym', setting('cluster: main'), ['5:1 unknown-key: unknown key `cluster`; did you mean `on`?']],
    ['unknown key, nothing near', column('{type: Int8, nullable: true}'), ['5:23 unknown-key: unknown key `nullable`; a column has `type`, `default`, `materialized`, `alias`, `ephemeral`, `codec`, `ttl`, `comment`, `statistics`, `settings`, `materialize`, `renamed_from` and `lint`']],
    ['missing key', 'kind: Table\ndatabase: shop\nname: a\n', ['1:1 missing-key: missing key `engine`; a table needs `columns`, or an `engine` that knows them from elsewhere']],
    ['empty value', column('{type: Int8, default: }'), ['5:23 empty-value: `default` has no value; it must be SQL text']],
    ['empty comment', setting('comment:'), ["5:1 empty-value: `comment` has no value; write one, `''` for an empty text, or remove it"]],
    ['quoted empty value', setting("order_by: ''"), ['5:11 wrong-value: `order_by` must be SQL text or a list of SQL texts, found an empty text']],
    ['empty item', setting('order_by:\n  - a\n  -'), ['7:4 empty-value: `order_by[1]` has no value; it must be SQL text']],
    ['no columns', table('columns: {}\n'), ['4:10 wrong-value: `columns` must be a mapping of column names to types, found an empty mapping']],
    ['columns as a list', table('columns:\n  - a\n'), ['5:3 wrong-value: `columns` must be a mapping of column names to types, found a list']],
    ['column without a type', column('{codec: ZSTD}'), ['5:10 missing-key: missing key `type`; a column needs `type`, or one of `default`, `materialized`, `alias` and `ephemeral`']],
    ['column with two defaults', column('{type: Int8, default: 1, alias: 2}'), ['5:35 excluded-key: `alias` cannot stand next to `default`; a column has at most one of `default`, `materialized`, `alias` and `ephemeral`']],
    ['SQL that YAML reads as a list', column('{type: Array(Int8), default: [1]}'), ['5:39 wrong-value: `default` must be SQL text, found a list; put text that begins with `[` in quotes']],
    ['an empty name', setting('indexes: {"": {expression: a, type: minmax}}'), ['5:11 wrong-key: an empty text cannot be a key here; it must be a name of 1 to 206 bytes']],
    ['a long name', `kind: Database\non: main\nname: ${'ö'.repeat(104)}\n`, [`3:7 wrong-value: \`name\` must be a name of 1 to 206 bytes, found \`${'ö'.repeat(60)}…\``]],
    ['a setting that is none', setting('settings: {"a b": 1}'), ['5:12 wrong-key: `a b` cannot be a key here; it must be the name of a setting']],
    ['granularity', setting('indexes: {i: {expression: a, type: minmax, granularity: Infinity}}'), ['5:57 wrong-value: `granularity` must be an integer between 1 and 1000000000, found `Infinity`']],
    ['prune', `${DATABASE}prune: []\n`, ['4:8 wrong-value: `prune` must be `true`, `false` or a list of object names, found an empty list']],
    ['prune', `${DATABASE}prune: all\n`, ['4:8 wrong-value: `prune` must be `true`, `false` or a list of object names, found `all`']],
    ['constraint', setting('constraints: {c: {check: a, assume: b}}'), ['5:18 wrong-value: `c` must be a mapping with exactly one of `check` and `assume`, found `check` and `assume`']],
    ['constraint', setting('constraints: {c: {check: a, chek: b}}'), ['5:29 unknown-key: unknown key `chek`; a constraint has `check` and `assume`']],
    ['constraint', setting('constraints: {c: a > 1}'), ['5:18 wrong-value: `c` must be a mapping with exactly one of `check` and `assume`, found `a > 1`']],
    ['projection', setting('projections: {p: {}}'), ['5:18 missing-key: missing key `query`; a projection needs `query`, or `index` and `type`']],
    ['projection', setting('projections: {p: {index: a}}'), ['5:18 missing-key: missing key `type`; `index` needs it']],
    ['projection', setting('projections: {p: {query: a, type: b}}'), ['5:29 excluded-key: `type` cannot stand next to `query`; a projection has either `query`, or `index` and `type`']],
    ['view to a table', view('to: a\norder_by: b'), ['6:1 excluded-key: `order_by` cannot stand next to `to`; a view that writes to a table has no storage of its own']],
    ['view to nowhere', view('to: {name: a}'), ['5:5 missing-key: missing key `database`; a target needs `database` and `name`']],
    ['refresh', view('refresh: {offset: 1 HOUR}'), ['5:10 missing-key: missing key `every`; a refresh schedule needs `every`, `after` or `depends_on`']],
    ['refresh', view('refresh: {every: 1 HOUR, after: 1 HOUR}'), ['5:26 excluded-key: `after` cannot stand next to `every`; a refresh schedule has one of them']],
    ['sql_security', view('sql_security: DEFINER'), ['5:15 wrong-value: `sql_security` must be `definer`, `invoker` or `none`, found `DEFINER`']],
    ['unknown kind', 'kind: Tabel\n', ['1:7 unknown-kind: unknown kind `Tabel`; did you mean `Table`?']],
    ['unknown kind, nothing near', 'kind: Queue\n', [`1:7 unknown-kind: unknown kind \`Queue\`; the kinds are ${named(KINDS, 'and')}`]],
    ['no kind', 'name: a\n', [`1:1 missing-key: missing key \`kind\`; in \`schemas/\` it is ${named(IN_SCHEMAS, 'or')}`]],
    ['empty kind', 'kind:\nname: a\n', [`1:1 empty-value: \`kind\` has no value; in \`schemas/\` it is ${named(IN_SCHEMAS, 'or')}`]],
    ['kind as a list', 'kind: [Table]\n', [`1:7 wrong-value: \`kind\` must be ${named(KINDS, 'or')}`]],
    ['no mapping', '- kind: Table\n', ['1:1 not-a-declaration: a declaration must be a mapping with a key `kind`']],
    ['wrong folder', CLUSTER, ['1:7 wrong-folder: a Cluster belongs under `clusters/`, not under `schemas/`']],
    ['tenant', 'kind: Tenant\nname: a\non: main\n', ['1:7 wrong-folder: a Tenant belongs under `tenants/`, not under `schemas/`']],
    ['duplicate key', `${DATABASE}name: b\n`, ['4:1 duplicate-key: duplicate key `name`; a key stands only once in a mapping']],
  ])('%s', async (_, text, expected) => {
    expect(await schemaFindings(text)).toEqual(expected);
  });

  // biome-ignore format: a table
  test.each<[string, string, string[]]>([
    ['port', `${CLUSTER}http_port: abc\n`, ['8:12 wrong-value: `http_port` must be an integer between 1 and 65535, found `abc`']],
    ['port', `${CLUSTER}http_port: 65536\n`, ['8:12 wrong-value: `http_port` must be an integer between 1 and 65535, found `65536`']],
    ['secure', `${CLUSTER}secure: yes\n`, ['8:9 wrong-value: `secure` must be `true` or `false`, found `yes`']],
    ['edition', CLUSTER.replace('community', 'oss'), ['3:10 wrong-value: `edition` must be `community`, `enterprise` or `cloud`, found `oss`']],
    ['version', CLUSTER.replace('26.10', 'latest'), ['4:10 wrong-value: `version` must be a ClickHouse version such as `26.7` or `26.7.2`, found `latest`']],
    ['engines', `${CLUSTER}engines: sharded\n`, ['8:10 wrong-value: `engines` must be `plain`, `replicated` or `shared`, found `sharded`']],
    ['path', `${CLUSTER}replicated: {path: '/t/{uuid}/{shard}'}\n`, ['8:20 wrong-value: `path` must be a path such as `/clickhouse/tables/{shard}/{database}/{table}`, with `{table}` in it and without `{uuid}`, which every server chooses for itself, found `/t/{uuid}/{shard}`']],
    ['path for all tables', `${CLUSTER}replicated: {path: '/t/{shard}'}\n`, ['8:20 wrong-value: `path` must be a path such as `/clickhouse/tables/{shard}/{database}/{table}`, with `{table}` in it and without `{uuid}`, which every server chooses for itself, found `/t/{shard}`']],
    ['plain and replicated', `${CLUSTER}engines: plain\nreplicated: {replica: a}\n`, ['8:1 excluded-key: `engines` must be `replicated` where `replicated:` says how, or one of the two must go']],
    ['name', CLUSTER.replace('main', 'a b'), ['2:7 wrong-value: `name` must be the name of a cluster: a letter or `_`, then up to 62 letters, digits, `_` and `-`, found `a b`']],
    ['shards', CLUSTER.replace(/shards:.*/s, 'shards: []\n'), ['5:9 wrong-value: `shards` must be a list of one shard or more, found an empty list']],
    ['user', `${CLUSTER}user: {env: A, file: b}\n`, ['8:7 wrong-value: `user` must be a user name, `{env: NAME}` or `{file: path}`, found `env` and `file`']],
    ['a plain secret', `${CLUSTER}password: s3cret\n`, ['8:11 plain-secret: a secret is never written in a declaration; write `password: {env: NAME}` for an environment variable or `password: {file: path}` for a file']],
    ['wrong folder', `${DATABASE}---\n${CLUSTER}`, ['1:7 wrong-folder: a Database belongs under `schemas/`, not under `clusters/`']],
  ])('cluster: %s', async (_, text, expected) => {
    expect(await clusterFindings(text)).toEqual(expected);
  });

  test.each(['http://a', 'a:9000', 'a/b', '[::1]', '-a', 'a b'])('host: %s', async (host) => {
    const text = CLUSTER.replace('node-1.example.com', `"${host}"`);
    const rule = '`host` must be a host name or an IP address, without scheme, port or path';
    expect(await clusterFindings(text)).toEqual([`7:15 wrong-value: ${rule}, found \`${host}\``]);
  });

  // biome-ignore format: a list
  test.each(['s3cret', '[s3cret]', '{plain: s3cret}', '{env: "s3cret!"}', '{s3cret}', '"s3cret', '@s3cret', '!s3cret', '*s3cret', "{env: A, file: 's3cret'}", '12345', '|s3cret', '"\\qs3cret"', '{env: A, s3cret: b}'])('a secret is never repeated: %s', async (password) => {
    const findings = await clusterFindings(`${CLUSTER}password: ${password}\n`);
    expect(findings).toHaveLength(1);
    expect(findings[0]).not.toMatch(/s3cret|12345/);
    expect(findings[0]).toMatch(/^8:\d+ (plain-secret|yaml-)/);
  });

  test('all mistakes of all files are reported together, in order', async () => {
    const found = await readDeclarations(
      makeEstate({
        'clusters/a.yaml': `${CLUSTER}http_port: x\n`,
        'clusters/b/c.yml': 'kind: Clutser\n',
        'clusters/notes.txt': 'kind: [',
        'tenants/t.yaml': 'anything: 1\n---\nkind: Role\nname: a\non: main\n',
        'schemas/a.yaml': `${DATABASE}---\nkind: View\na: [1\n---\n${setting('orderby: a\nttl: {}')}`,
        'schemas/b.yaml': DATABASE,
      }),
    );
    expect(found.findings.map(({ place, rule }) => `${place && showPlace(place)} ${rule}`)).toEqual([
      'clusters/a.yaml:8:12 wrong-value',
      'clusters/b/c.yml:1:7 unknown-kind',
      'schemas/a.yaml:7:1 yaml-syntax',
      'schemas/a.yaml:12:1 unknown-key',
      'schemas/a.yaml:13:6 wrong-value',
      'tenants/t.yaml:1:1 missing-key',
      'tenants/t.yaml:3:7 wrong-folder',
    ]);
    expect(found.entries.map(({ file }) => file)).toEqual(['schemas/a.yaml', 'schemas/b.yaml']);
  });
});
