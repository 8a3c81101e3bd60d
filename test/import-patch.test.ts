/** What drifted is accepted: the patch changes the declarations of what was touched and nothing else, and then nothing differs. */
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { expectNothingToDo, runImport } from './support/adopted.ts';
import { startTestEstate, type TestEstate } from './support/test-estate.ts';

const SHOP = `# yaml-language-server: $schema=../src/declared/schema/declaration.json
#
# The shop.
kind: Database
name: shop
on: test
prune: [by_hand]
---
# Orders of all customers
kind: Table
database: shop
name: orders
columns:
  # The number on the invoice
  id: BIGINT UNSIGNED
  at: { type: DateTime, codec: "Delta, ZSTD" } # when it came in
  total: { type: Decimal64(2), default: 0 }
  note: VARCHAR

order_by: [id, at] # never changes
ttl: at + INTERVAL 1 YEAR
settings: { min_bytes_for_wide_part: 0 }
---
kind: Table
database: shop
name: gone
columns: { k: UInt8 }
order_by: k
---
kind: View
database: shop
name: recent
query: |
  -- the last ones
  SELECT id FROM shop.orders WHERE at > now() - 60
`;
const OTHER = 'kind: Table\ndatabase: shop\nname: only\ncolumns: { k: UInt8 }\norder_by: k\n';
const QUIET = 'kind: Table\ndatabase: shop\nname: quiet\ncolumns: {k: UInt8}\norder_by: [ k ]\n';

const DRIFT = [
  "ALTER TABLE shop.orders MODIFY COLUMN note LowCardinality(String) COMMENT 'by hand', DROP COLUMN total, ADD COLUMN `added: it` Array(String) DEFAULT ['a', 'b'] AFTER id",
  'ALTER TABLE shop.orders REMOVE TTL',
  "ALTER TABLE shop.orders MODIFY COMMENT 'changed'",
  'DROP TABLE shop.gone SYNC',
  'DROP TABLE shop.only SYNC',
  'CREATE OR REPLACE VIEW shop.recent AS SELECT id, note FROM shop.orders WHERE at > now() - 3600',
  'CREATE TABLE shop.by_hand (k UInt64) ENGINE = Log',
  'CREATE TABLE shop.nobodys (k UInt64) ENGINE = Log',
];

let estate: TestEstate;
beforeAll(async () => {
  estate = await startTestEstate();
});
afterAll(() => estate?.stop());

test('the patch accepts what was altered, dropped and created by hand', async () => {
  const git = (...words: string[]): string =>
    execFileSync('git', ['-c', 'user.name=t', '-c', 'user.email=t@example.com', ...words], {
      cwd: estate.folder,
      encoding: 'utf8',
    });
  await estate.write({ 'shop.yaml': SHOP, 'other file.yaml': OTHER, 'quiet.yaml': QUIET });
  const report = await estate.apply();
  expect(report.results.filter(({ outcome }) => outcome !== 'done')).toEqual([]);
  expect(await runImport(estate, { patch: true })).toBe('Nothing differs from the declarations.');
  for (const statement of DRIFT) await estate.sql[0]?.run(statement);
  git('init', '-q');
  git('add', 'schemas', 'clusters');
  git('commit', '-qm', 'Declare the shop');

  const patch = await runImport(estate, { patch: true });
  await expect(patch.replace(/^index .*\n/gm, '')).toMatchFileSnapshot('import-patch.expected.diff');
  writeFileSync(join(estate.folder, 'accept.patch'), patch);
  git('apply', 'accept.patch');
  await expectNothingToDo(estate);
  expect(git('status', '--short', 'schemas').trim().split('\n')).toEqual([
    'D "schemas/other file.yaml"',
    ' M schemas/shop.yaml',
  ]);
  expect(readFileSync(join(estate.folder, 'schemas/quiet.yaml'), 'utf8')).toBe(QUIET);
});
