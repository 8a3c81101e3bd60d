/** What others grant a tenant, and ids that try to be more than ids: what they would show of other tenants is told, or nothing. */
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ACME, expanded, SCHEMA } from './support/declared-tenants.ts';
import { size } from './support/size.ts';
import { startTestEstate, type TestEstate } from './support/test-estate.ts';

describe('grants beside a tenant', () => {
  const grant = (target: string, privileges: string, to = 'tenant_acme'): string =>
    `---\nkind: Grant\nto: ${to}\ntarget: ${target}\nprivileges: [${privileges}]\non: main\n`;
  const dictionary = `---\nkind: Dictionary\ndatabase: avesa\nname: by_note\ncolumns: { note: String, tenant_id: String }
primary_key: note\nsource: { clickhouse: { db: avesa, table: notes } }\nlayout: complex_key_hashed\nlifetime: 300\n`;
  const reader =
    '---\nkind: Role\nname: reader\non: main\n---\nkind: Grant\nto: tenant_acme\nroles: [reader]\non: main\n';

  test.each<[string, string, string[]]>([
    ['a table without the column, of which lint tells', grant('avesa.rates', 'SELECT'), []],
    [
      'a table that it is kept from',
      `${grant('avesa.definer', 'SELECT(tenant_id)')}`,
      [
        'tenant-sees-others: `tenant_acme` gives tenant `acme` view avesa.definer: no policy of the tenant is on it; name it among the `tables` of the tenant',
      ],
    ],
    [
      'a whole database',
      grant('avesa.*', 'SELECT'),
      [
        'tenant-sees-others: `tenant_acme` gives tenant `acme` table avesa.joined: rows of a Join table can be looked up past every row policy',
        'tenant-sees-others: `tenant_acme` gives tenant `acme` table avesa.elsewhere: row policies of a Distributed table count on its shards alone, and `far` is no declared cluster that the tenant is on',
        'tenant-sees-others: `tenant_acme` gives tenant `acme` view avesa.definer: no policy of the tenant is on it; name it among the `tables` of the tenant',
        'tenant-sees-others: `tenant_acme` gives tenant `acme` view avesa.total: it shows what it makes of all rows, and has no column by which a policy could tell them apart',
      ],
    ],
    [
      'everything',
      grant("'*.*'", 'ALL'),
      [
        'tenant-sees-others: `tenant_acme` gives tenant `acme` table avesa.joined: rows of a Join table can be looked up past every row policy',
        'tenant-sees-others: `tenant_acme` gives tenant `acme` table avesa.elsewhere: row policies of a Distributed table count on its shards alone, and `far` is no declared cluster that the tenant is on',
        'tenant-sees-others: `tenant_acme` gives tenant `acme` view avesa.definer: no policy of the tenant is on it; name it among the `tables` of the tenant',
        'tenant-sees-others: `tenant_acme` gives tenant `acme` view avesa.total: it shows what it makes of all rows, and has no column by which a policy could tell them apart',
      ],
    ],
    [
      'dictGet',
      dictionary + reader + grant('avesa.by_note', 'dictGet', 'reader'),
      [
        'tenant-sees-others: `reader` gives tenant `acme` dictionary avesa.by_note: dictGet reads past every row policy; grant SELECT',
      ],
    ],
    [
      'through another role',
      reader + grant('avesa.joined', 'SELECT', 'reader'),
      [
        'tenant-sees-others: `reader` gives tenant `acme` table avesa.joined: rows of a Join table can be looked up past every row policy',
      ],
    ],
    ['to somebody else', grant('avesa.*', 'SELECT', 'loader'), []],
  ])('%s', async (_what, more, expected) => {
    const { told } = await expanded(`${ACME}except: avesa.definer\n`, SCHEMA + more);
    expect(told.map((text) => text.replace(/^schemas.s.yaml:\d+:\d+ /, ''))).toEqual(expected);
  });
});

describe('any id', () => {
  let estate: TestEstate;
  beforeAll(async () => {
    estate = await startTestEstate();
  });
  afterAll(() => estate?.stop());

  test('is the one that its filter lets through, and stands alone', async () => {
    const id = fc.oneof(
      fc.string({ minLength: 1, maxLength: 20, unit: 'grapheme' }),
      fc.constantFrom("' OR 1 = 1 --", "\\'", '\\', '\\\\', "''", '/*', '`', '{tenant}', '$$', "x' OR ''='"),
      fc.stringMatching(/^['"`\\;{}$a-c ]{1,8}$/),
    );
    const batches = fc.uniqueArray(id, { minLength: size(150, 1000), maxLength: size(150, 1000) });
    for (const ids of fc.sample(batches, { numRuns: 1, seed: 61_002 })) {
      const documents = ids.map(
        (one, at) =>
          `kind: Tenant\nname: t${at}\nid: ${JSON.stringify(one)}\non: main\ntables: avesa.notes\n`,
      );
      const { estate: declared, told } = await expanded(documents.join('---\n'));
      expect(told).toEqual([]);
      const filters = declared.objects
        .filter(
          ({ tree }) =>
            tree.root.id.kind === 'row policy' && tree.root.id.path[0]?.endsWith('ON avesa.notes'),
        )
        .map(
          ({ tree }) =>
            `countIf(${tree.root.attributes.filter} AND n = ${Number(tree.root.id.path[0]?.match(/\d+/)?.[0])}), countIf(${tree.root.attributes.filter})`,
        );
      expect(filters).toHaveLength(ids.length);
      const hex = ids.map((one) => `unhex('${Buffer.from(one).toString('hex')}')`).join(', ');
      const [counts = []] =
        (await estate.sql[0]?.rows<string[]>(
          `SELECT ${filters.join(', ')} FROM (SELECT arrayJoin(arrayEnumerate(ids)) - 1 AS n, ids[n + 1] AS tenant_id FROM (SELECT [${hex}] AS ids))`,
        )) ?? [];
      expect(counts.map(Number)).toEqual(filters.flatMap(() => [1, 1]));
    }
  });
});
