/** What is said of tables beside those that tenants share: without the column that tells tenants apart, or with it and no policy. */
import { grantedBy, grantsIn, isPoliced, readersOf, tenantColumnsFor } from '../readers.ts';
import type { Rule } from '../rule.ts';
import type { Neighbours, Subject } from '../subject.ts';

const policy = (name: string, table: string, value: number): string => `---
kind: RowPolicy
name: ${name}
on: test
database: shop
table: ${table}
filter: tenant = ${value}
to: [${name}]
`;

const table = (name: string, columns: string, key: string): string => `kind: Table
database: shop
name: ${name}
columns: ${columns}
order_by: ${key}
`;

const ORDERS = table('orders', '{ tenant: UInt32, id: UInt64 }', '[tenant, id]');

const SHARED = `${ORDERS}---
${table('rates', '{ day: Date, rate: UInt32 }', 'day')}${policy('acme', 'orders', 7)}${policy('globex', 'orders', 8)}---
kind: Grant
to: acme
on: test
target: shop.*
privileges: [SELECT]
`;

/** So many names say enough. */
const MOST = 3;

function list(objects: readonly Subject[]): string {
  const names = objects.map(({ id }) => `\`${id.path.join('.')}\``);
  const more = names.length - MOST;
  return more > 1 ? `${names.slice(0, MOST).join(', ')} and ${more} others` : names.join(', ');
}

/** Views read as whoever reads them, who needs the rights on what is beneath. */
function holdsRows({ id, table, dictionary, view }: Subject): boolean {
  if (dictionary || id.kind === 'materialized view') return true;
  if (view) return false;
  return table !== undefined && !['Null', 'Merge', 'Distributed'].includes(table.engine);
}

const readsShared: Rule = {
  slug: 'tenant-reads-shared',
  severity: 'warning',
  title: 'A role of a tenant may read a table that does not have the column by which tenants are told apart.',
  why: 'All rows of such a table are read by every tenant who may read it. That is right for rates and calendars, and a leak where somebody forgot the column. A grant on a whole database gives tables of tomorrow, too.',
  link: 'https://clickhouse.com/docs/sql-reference/statements/create/row-policy',
  bad: SHARED,
  good: SHARED.replace('shop.*', 'shop.orders'),
  check(subject, neighbours) {
    const tenants = new Set(tenantColumnsFor(subject, neighbours));
    const reader = readersOf(subject, neighbours).find(({ columns }) =>
      [...columns.keys()].some((column) => tenants.has(column)),
    );
    if (!reader) return [];
    const columns = [...reader.columns.keys()].filter((column) => tenants.has(column));
    const shared = grantedBy(subject, neighbours).filter(
      (other) =>
        holdsRows(other) &&
        !reader.hasPolicyOn(other.id.path) &&
        columns.every((column) => !neighbours.covers(column, subject.clusters).get(other)),
    );
    if (shared.length === 0) return [];
    const wanted = columns.map((column) => `\`${column}\``).join(' or ');
    const message = `\`${reader.name}\` reads all rows of ${list(shared)}: no column ${wanted} tells there whose they are; grant less, or silence this where they are for everybody`;
    return [{ message, at: ['target'] }];
  },
};

const UNPOLICED = `${ORDERS}---
${table('invoices', '{ tenant: UInt32, id: UInt64 }', '[tenant, id]')}${policy('acme', 'orders', 7)}${policy('globex', 'orders', 8)}`;

/** Rights that are declared have a rule of their own. */
function isGranted(subject: Subject, neighbours: Neighbours): boolean {
  return grantsIn(neighbours).some(
    (grant) => grant.grant?.reads(subject.id.path) && readersOf(grant, neighbours).length > 0,
  );
}

const columnWithoutPolicy: Rule = {
  slug: 'tenant-column-without-policy',
  severity: 'warning',
  title: 'A table has the column by which tenants are told apart, and no row policy.',
  why: 'Whoever is granted the table reads the rows of all tenants. A `Tenant` makes policies for everything with the column, unless its `tables` or `except` leave it out.',
  link: 'https://clickhouse.com/docs/sql-reference/statements/create/row-policy',
  bad: UNPOLICED,
  good: `${UNPOLICED}${policy('acme', 'invoices', 7)}${policy('globex', 'invoices', 8)}`,
  check(subject, neighbours) {
    const { id, table, view, dictionary, generatedBy } = subject;
    if (!(table ?? view ?? dictionary) || generatedBy !== undefined) return [];
    const column = tenantColumnsFor(subject, neighbours).find((one) => {
      const cover = neighbours.covers(one, subject.clusters).get(subject);
      return cover !== undefined && 'by' in cover && cover.by === 'policy';
    });
    if (column === undefined || isPoliced(subject, neighbours) || isGranted(subject, neighbours)) return [];
    const message = `${id.kind} \`${id.path.join('.')}\` has the column \`${column}\` by which tenants are told apart, and no row policy; declare one for each tenant, or have a Tenant name it in its \`tables\``;
    return [
      { message, at: table?.columns.some(({ name }) => name === column) ? ['columns', column] : ['name'] },
    ];
  },
};

export const tenantRules: readonly Rule[] = [readsShared, columnWithoutPolicy];
