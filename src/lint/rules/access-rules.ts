/** What is said of rights and row policies: tables that are read past the column by which others are kept apart. */
import type { RowCover } from '../../kinds/row-cover.ts';
import { grantedBy, type Reader, readersOf } from '../readers.ts';
import type { Rule } from '../rule.ts';
import type { Subject } from '../subject.ts';

const who = ({ name, role }: Reader): string =>
  role === undefined ? `\`${name}\`` : `\`${name}\`, who has the role \`${role}\`,`;

const named = ({ id }: Subject): string => `\`${id.path.join('.')}\``;

const SCHEMA = `kind: Table
database: shop
name: orders
columns: { tenant: UInt32, id: UInt64 }
order_by: [tenant, id]
---
kind: Table
database: shop
name: invoices
columns: { tenant: UInt32, id: UInt64 }
order_by: [tenant, id]
---
kind: Role
name: acme
on: test
---
kind: RowPolicy
name: acme
on: test
database: shop
table: orders
filter: tenant = 7
to: [acme]
---
kind: Grant
to: acme
on: test
target: shop.*
privileges: [SELECT]`;

const grantedWithoutPolicy: Rule = {
  slug: 'granted-without-policy',
  severity: 'warning',
  title:
    'A role whose row policies divide tables by a column may read a table with this column that has no policy for it.',
  why: 'Who has no policy on a table sees all of its rows. Where the policies of a role compare a column with a value, a table that has the column too was most likely forgotten. A `Tenant` makes the policies of all its tables by itself.',
  link: 'https://clickhouse.com/docs/sql-reference/statements/create/row-policy',
  bad: SCHEMA,
  good: SCHEMA.replace(
    '---\nkind: Grant',
    `---
kind: RowPolicy
name: acme
on: test
database: shop
table: invoices
filter: tenant = 7
to: [acme]
---
kind: Grant`,
  ),
  check(subject, neighbours) {
    const readers = readersOf(subject, neighbours);
    if (readers.length === 0) return [];
    return grantedBy(subject, neighbours).flatMap((other) => {
      if (!subject.grant?.reads(other.id.path)) return [];
      for (const reader of readers) {
        for (const [column, { database, table = '*' }] of reader.columns) {
          const cover = neighbours.covers(column, subject.clusters).get(other);
          if (!cover || !('by' in cover) || cover.by !== 'policy' || reader.hasPolicyOn(other.id.path))
            continue;
          const message = `${who(reader)} reads all rows of ${named(other)}, which has the column \`${column}\` that divides \`${database}.${table}\`; declare a RowPolicy for it, or grant less`;
          return [{ message, at: ['target'] }];
        }
      }
      return [];
    });
  },
};

const PAST = SCHEMA.replace(
  `kind: Table
database: shop
name: invoices
columns: { tenant: UInt32, id: UInt64 }
order_by: [tenant, id]`,
  `kind: View
database: shop
name: totals
query: SELECT count() AS orders FROM shop.orders
sql_security: definer
definer: default`,
);

/** How a grant on an object gets past what keeps its rows apart, and what would be right; undefined where it does not. */
function pastPolicies({ grant }: Subject, other: Subject, cover: RowCover | undefined): string | undefined {
  const { path } = other.id;
  if (cover && other.dictionary && grant?.looksUp(path))
    return 'dictGet looks up all of them; grant SELECT alone';
  return cover && 'refused' in cover && grant?.reads(path) ? `${cover.refused}; grant less` : undefined;
}

const grantedPastPolicies: Rule = {
  slug: 'granted-past-policies',
  severity: 'warning',
  title: 'A role whose row policies divide tables by a column may read what shows the rows of all.',
  why: 'A view with a definer reads as its definer, whose policies are others; where it does not give the column, no policy on the view itself can tell its rows apart, as in a materialized view that leaves the column out. `dictGet`, and Join and Set tables, look rows up past every policy, and those of a Distributed table count on its shards alone.',
  link: 'https://clickhouse.com/docs/sql-reference/statements/create/view#sql_security',
  bad: PAST,
  good: PAST.replace('sql_security: definer\ndefiner: default', 'sql_security: invoker'),
  check(subject, neighbours) {
    const readers = readersOf(subject, neighbours);
    if (readers.length === 0) return [];
    return grantedBy(subject, neighbours).flatMap((other) => {
      for (const reader of readers) {
        const covers = [...reader.columns.keys()].map((column) =>
          neighbours.covers(column, subject.clusters),
        );
        const why = covers.map((all) => pastPolicies(subject, other, all.get(other))).find((found) => found);
        if (why === undefined) continue;
        const message = `${who(reader)} sees rows of others in ${named(other)}, whatever policies there are: ${why}`;
        return [{ message, at: ['target'] }];
      }
      return [];
    });
  },
};

export const accessRules: readonly Rule[] = [grantedWithoutPolicy, grantedPastPolicies];
