/** Declared feeds go in; what a server is sent for them, which loads they mean, and the exact messages of mistakes are checked. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { expand } from '../src/declared/expand.ts';
import { readDeclarations } from '../src/declared/files.ts';
import type { Feed } from '../src/model/feed.ts';
import { driftNotes } from '../src/scd/drift-notes.ts';
import { loadJobs } from '../src/scd/jobs.ts';
import { sourceOf } from '../src/scd/source.ts';

const folder = mkdtempSync(join(tmpdir(), 'plumbline-feeds-'));
afterAll(() => rmSync(folder, { recursive: true }));

const CLUSTER = `kind: Cluster
name: main
edition: community
version: 26.7
shards: [{ replicas: [{ host: node-1.example.com }] }]
`;
const TABLE = `kind: Database
name: crm
on: main
---
kind: ScdTable
database: crm
name: companies
tenant: tenant_id
key: id
columns: { tenant_id: String, id: UInt64, name: String }
---
`;
const START = TABLE.split('\n').length - 1;

async function expanded(text: string) {
  for (const part of ['clusters', 'schemas', 'tenants']) mkdirSync(join(folder, part), { recursive: true });
  writeFileSync(join(folder, 'clusters/main.yaml'), CLUSTER);
  writeFileSync(join(folder, 'schemas/a.yaml'), TABLE + text);
  const { entries, findings } = await readDeclarations(folder);
  return { ...expand(entries), read: findings };
}

const feed = (lines: string): string => `kind: Feed\nname: f\ntable: crm.companies\n${lines}\n`;

async function feedOf(lines: string): Promise<Feed> {
  const { estate, findings, read } = await expanded(feed(lines));
  expect([...read, ...findings]).toEqual([]);
  const [found] = estate.feeds ?? [];
  if (!found) throw new Error('no feed');
  return found;
}

const S3 = "source: { s3: { collection: lake, path: '{tenant}/*.parquet' } }\nformat: Parquet";

describe('mistakes', () => {
  test.each([
    [
      'source: { table: a.b }',
      '4:9 whose-rows: nothing says whose the rows are: put `{tenant}` into the source, or say `tenant_column`',
    ],
    ["source: { table: 'a.{tenant}' }\nformat: Parquet", '5:1 excluded-key: a table has no `format`'],
    [
      "source: { file: '{tenant}.csv' }",
      '4:9 missing-key: files have a `format`, such as `Parquet` or `JSONEachRow`',
    ],
    [
      "source: { file: '{tenant}.csv', table: a.b }\nformat: CSV",
      '4:9 one-source: a feed has one source, found `file` and `table`',
    ],
    [
      "source: { cluster: '{tenant}', file: a }\nformat: CSV\ntenant_column: t",
      '4:20 one-source: `cluster` goes with `table`, the one that is read there',
    ],
    [
      `${S3}\nmapping: { nam: a }`,
      '6:12 unknown-column: `crm.companies` has no column `nam`; did you mean `name`?',
    ],
    [
      `${S3}\nmapping: { tenant_id: a }`,
      '6:12 tenant-mapped: `tenant_id` is the tenant that is loaded; `tenant_column` says whose a row is',
    ],
    [
      `${S3}\nmode: full\nwindow: 1 HOUR`,
      '7:1 excluded-key: `window` means nothing to a feed of mode `full`',
    ],
    [
      `${S3}\nallow_empty: true`,
      '6:1 excluded-key: `allow_empty` means nothing to a feed of mode `incremental`',
    ],
    [
      `${S3}\nmax_bad_share: 0.01`,
      '6:16 wrong-value: `max_bad_share` must be a share such as `1%`, `0.5%` or `20%`, found `0.01`',
    ],
    [
      'source: { url: "https://a:b@c.example/{tenant}.csv" }\nformat: CSV',
      '4:16 literal-secret: the URL holds a user or a password; put it into a named collection and say `{collection, path}`',
    ],
  ])('%s', async (lines, message) => {
    const { findings, read } = await expanded(feed(lines));
    const [first] = [...read, ...findings].map(({ place, rule, message: text }) =>
      place ? `${place.line - START}:${place.column} ${rule}: ${text}` : text,
    );
    expect(first).toBe(message);
  });

  test('of a table that nobody declares, and of two feeds of one name', async () => {
    const { findings } = await expanded(`${feed(S3).replace('companies', 'companes')}---\n${feed(S3)}`);
    expect(findings.map(({ message }) => message)).toEqual([
      'no ScdTable `crm.companes` is declared; did you mean `crm.companies`?',
      expect.stringContaining('feed `f` is already declared at schemas/a.yaml:'),
    ]);
  });
});

test('credentials stay in named collections, and names are quoted', async () => {
  const found = await feedOf(S3);
  expect(sourceOf(found, "o'neil").from).toBe(
    "s3(`lake`, filename = 'o\\'neil/*.parquet', format = 'Parquet')",
  );
  expect(() => sourceOf(found, '*')).toThrow("The tenant `*` can't stand in the path");
  expect(() => sourceOf(found, '../globex')).toThrow("can't stand in the path");
  const table = await feedOf("source: { cluster: west, table: '{tenant}.rows' }");
  expect(sourceOf(table, 'a`b').from).toBe("cluster('west', `a\\`b`.`rows`)");
});

test('text is read as text, lines of JSON as lines', async () => {
  const csv = await feedOf("source: { url: 'https://c.example/{tenant}.csv' }\nformat: CSVWithNames");
  expect(sourceOf(csv, 'a', ['x', 'y']).from).toBe(
    "url('https://c.example/a.csv', 'CSVWithNames', '`x` Nullable(String), `y` Nullable(String)')",
  );
  const lines = await feedOf(
    "source: { azure: { collection: box, path: '{tenant}.jsonl' } }\nformat: JSONEachRow",
  );
  expect(sourceOf(lines, 'a').from).toBe(
    "azureBlobStorage(`box`, blob_path = 'a.jsonl', format = 'LineAsString', structure = 'line String')",
  );
});

test('names that are not declared are refused with those that are', async () => {
  const { estate } = await expanded(feed(S3));
  expect(
    loadJobs(estate, { tenants: ['acme'] }).map(({ tenant, cluster }) => [tenant, cluster.name]),
  ).toEqual([['acme', 'main']]);
  expect(() => loadJobs(estate, {})).toThrow(
    'No Tenant is declared under tenants/; say which with --tenant.',
  );
  expect(() => loadJobs(estate, { tenants: ['a'], feeds: ['g'] })).toThrow(
    'No feed is called `g`; did you mean `f`?',
  );
  expect(() => loadJobs(estate, { tenants: ['a'], tables: ['crm.c'] })).toThrow(
    'No ScdTable is called `crm.c`; there are crm.companies.',
  );
});

test('what came, went and changed its type is told', () => {
  expect(driftNotes('{}', { a: 'String' })).toEqual([]);
  expect(driftNotes('{"a":"String","b":"Int8"}', { a: 'Int64', c: 'Date' })).toEqual([
    'The source has a new column `c` (Date).',
    'The source has no column `b` any more.',
    "The source's column `a` is now Int64, and was String.",
  ]);
});
