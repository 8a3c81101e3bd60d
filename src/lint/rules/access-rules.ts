/** What is said of rights and row policies: tables that are read past the column by which others are kept apart. */
import { pathKey } from '../../model/object.ts';
import type { Rule } from '../rule.ts';
import type { Neighbours, Policy, Subject } from '../subject.ts';

const on = ({ clusters }: Subject, other: Subject): boolean =>
  [...clusters].some((cluster) => other.clusters.has(cluster));

const reaches = ({ to }: Policy, reader: string): boolean =>
  typeof to === 'string'
    ? to !== 'none'
    : 'all_except' in to
      ? !to.all_except.includes(reader)
      : to.includes(reader);

/** Policies that are for this reader, and not for everybody. */
function ownPolicies(reader: string, { all }: Neighbours): Policy[] {
  return all.flatMap(({ policy }) =>
    policy && Array.isArray(policy.to) && policy.to.includes(reader) ? [policy] : [],
  );
}

/** Columns that a reader's policies compare with a value, and a policy that does. */
function dividing(policies: readonly Policy[]): Map<string, Policy> {
  return new Map(policies.flatMap((policy) => policy.compared.map((column) => [column, policy] as const)));
}

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
    const { grant } = subject;
    if (!grant) return [];
    const columns = dividing(ownPolicies(grant.to, neighbours));
    if (columns.size === 0) return [];
    const policies = neighbours.all.flatMap(({ policy }) =>
      policy && reaches(policy, grant.to) ? [policy] : [],
    );
    return neighbours.all.flatMap((other) => {
      const { table, id } = other;
      if (!table?.engine.endsWith('MergeTree') || !on(subject, other) || !grant.reads(id.path)) return [];
      const column = table.columns.find(({ name }) => columns.has(name))?.name;
      const like = columns.get(column ?? '');
      if (column === undefined || !like) return [];
      const isFiltered = policies.some(({ database, table: name }) =>
        name === undefined ? database === id.path[0] : pathKey([database, name]) === pathKey(id.path),
      );
      if (isFiltered) return [];
      const where = `${like.database}.${like.table ?? '*'}`;
      const message = `\`${grant.to}\` reads all rows of \`${id.path.join('.')}\`, which has the column \`${column}\` that divides \`${where}\`; declare a RowPolicy for it, or grant less`;
      return [{ message, at: ['target'] }];
    });
  },
};

export const accessRules: readonly Rule[] = [grantedWithoutPolicy];
