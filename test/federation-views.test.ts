/** Views over the members of a federation give what they would give if all rows lay in one place; those that can't are told by name. */
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { reportExitCode } from '../src/commands/report-exit-code.ts';
import { federatedQuery } from '../src/declared/federated-query.ts';
import type { Stage } from '../src/model/federation.ts';
import { planFindings, plannedSteps } from '../src/model/plan.ts';
import { type FederationEstate, NODES, SHOP, startFederation } from './support/federation-estate.ts';
import { size } from './support/size.ts';

const SEED = 20_261_120;
const RUNS = size(25, 600);

const TABLES = `${SHOP}kind: Table
database: shop
name: orders
columns: { id: UInt64, customer: UInt64, day: Date, total: Int64, twice: { type: Int64, alias: total * 2 } }
order_by: id
---
kind: Table
database: shop
name: customers
columns: { id: UInt64, city: String }
order_by: id
---
kind: Table
database: shop
name: states
engine: ReplacingMergeTree(version, gone)
columns: { tenant: String, id: UInt64, version: UInt64, gone: UInt8, state: String }
partition_by: tenant
order_by: [tenant, id]
---
kind: Table
database: shop
name: sums
engine: SummingMergeTree
columns: { id: UInt64, amount: Int64 }
order_by: id
`;

/** By name; over the tables, and over each other. */
const VIEWS: Readonly<Record<string, string>> = {
  by_day:
    'SELECT day, count() AS orders, sum(total) AS total, uniqExact(customer) AS customers FROM orders GROUP BY day',
  best_days: 'SELECT day, total FROM shop.by_day AS b WHERE total > (SELECT avg(total) FROM by_day)',
  by_city:
    'SELECT customers.city, sum(orders.total) AS total, count() AS rows FROM orders LEFT JOIN customers ON orders.customer = customers.id GROUP BY customers.city',
  known:
    "WITH of_city AS (SELECT id FROM customers WHERE city = 'a') SELECT id, twice FROM orders AS o WHERE o.customer IN (of_city) AND o.customer NOT IN (SELECT id FROM customers WHERE id > 40)",
  now: 'SELECT tenant, id, state FROM states FINAL SETTINGS do_not_merge_across_partitions_select_final = 1',
  now_by_state:
    'SELECT state, count() AS rows FROM now GROUP BY state UNION ALL SELECT toString(id), total FROM orders WHERE id < 5',
  since: 'SELECT id, total FROM orders WHERE day >= {from:Date}',
};

const REFUSED: Readonly<Record<string, readonly [query: string, why: string]>> = {
  all_columns: ['SELECT * FROM orders', 'it takes `*`, which would have twice of `shop.orders` as well'],
  of_dictionary: [
    "SELECT dictGet('shop.d', 'x', id) AS x FROM orders",
    '`dictGet` is answered by each server',
  ],
  full_join: [
    'SELECT o.id FROM orders AS o FULL JOIN customers AS c ON c.id = o.customer',
    'FULL JOIN, at `FULL`',
  ],
  added: ['SELECT id, amount FROM sums FINAL', 'a SummingMergeTree, with FINAL'],
  elsewhere: [
    'SELECT o.id FROM orders AS o JOIN system.tables AS t ON t.name = o.id',
    'it reads `system.tables`',
  ],
  late: [
    "SELECT max(total) AS most FROM shop.since(from = '2026-01-20')",
    'it reads `shop.since` with parameters',
  ],
  over_refused: ['SELECT id FROM added', 'it reads `shop.added`, which has no view over all members'],
};

const yamlView = (name: string, query: string): string =>
  `---\nkind: View\ndatabase: shop\nname: ${name}\nquery: ${JSON.stringify(query)}\n`;

const declaration = (stage: Stage): string => `kind: Federation
name: federation
members: [community, enterprise]
reads: community
stage: ${stage}
tables: shop.*
quiet: 1 SECOND
`;

const GOOD =
  TABLES +
  Object.entries(VIEWS)
    .map(([name, query]) => yamlView(name, query))
    .join('');

let federation: FederationEstate;
beforeAll(async () => {
  federation = await startFederation();
  process.stdout.write(`seed ${SEED}, ${RUNS} queries\n`);
});
afterAll(() => federation?.stop());

async function enter(stage: Stage, schema = GOOD): Promise<void> {
  await federation.declare(declaration(stage), schema);
  const findings = planFindings(await federation.plan());
  expect(findings.filter(({ severity }) => severity === 'error')).toEqual([]);
  const report = await federation.apply();
  expect(report.results.filter(({ outcome }) => outcome !== 'done')).toEqual([]);
  expect(reportExitCode(report)).toBe(0);
}

/** The rows of each node, with those of a key on one node only unless versions of it have moved. */
const rowsOf = (at: number): readonly string[] => [
  `INSERT INTO shop.orders SELECT number * 3 + ${at}, number % 60, toDate('2026-01-01') + number % 30, cityHash64(number, ${at}) % 1000 FROM numbers(300)`,
  `INSERT INTO shop.customers SELECT number * 3 + ${at}, substring('abcd', 1 + number % 4, 1) FROM numbers(15)`,
  `INSERT INTO shop.states SELECT 't' || toString(${at} % 2), number * 3 + ${at}, 1, 0, 'old' FROM numbers(100)`,
  `INSERT INTO shop.sums SELECT number, 1 FROM numbers(3)`,
];

/** What all members hold, in one database of the first node. */
async function putTogether(): Promise<void> {
  const sql = federation.sql('community-1');
  await sql.run('DROP DATABASE IF EXISTS whole');
  await sql.run('CREATE DATABASE whole');
  for (const table of ['orders', 'customers', 'states']) {
    await sql.run(`CREATE TABLE whole.${table} AS shop.${table}`);
    await sql.run(`INSERT INTO whole.${table} SELECT * FROM cluster('federation', 'shop', '${table}')`);
  }
  for (const [name, query] of Object.entries(VIEWS))
    await sql.run(`CREATE VIEW whole.${name} AS ${query.replaceAll('shop.', 'whole.')}`, {
      database: 'whole',
    });
}

async function answers(query: string, database = 'shop'): Promise<string[]> {
  const rows = await federation.sql('community-1').rows<unknown[]>(query, { database });
  return rows.map((row) => JSON.stringify(row)).sort();
}

async function compareAll(): Promise<void> {
  for (const name of Object.keys(VIEWS)) {
    const of = (table: string): string =>
      `SELECT * FROM ${table}${name === 'since' ? "(from = '2026-01-10')" : ''}`;
    const whole = await answers(of(`whole.${name}`));
    expect([name, await answers(of(`shop.${name}_federated`))]).toEqual([name, whole]);
    expect(whole.length).toBeGreaterThan(0);
  }
}

test('views get one over all members, which gives what one place would give', async () => {
  await enter('network');
  for (const [at, node] of NODES.entries())
    for (const statement of rowsOf(at)) await federation.sql(node).run(statement);
  await putTogether();
  await compareAll();
  expect(plannedSteps(await federation.plan())).toEqual([]);
});

test('from the switchover on, the newest version counts on whatever member it is', async () => {
  await federation.declare(declaration('switchover'), GOOD);
  const changes = plannedSteps(await federation.plan()).filter(({ step }) => step.object.kind === 'view');
  expect(changes.map(({ node, step }) => `${node} ${step.action} ${step.object.path.join('.')}`)).toEqual([
    'community-1 alter shop.now_federated',
    'community-2 alter shop.now_federated',
  ]);
  await enter('switchover');
  await federation
    .sql('enterprise')
    .run(
      "INSERT INTO shop.states SELECT 't' || toString(number % 3 % 2), number, 2, intDiv(number, 3) % 2, 'new' FROM numbers(60)",
    );
  await putTogether();
  await compareAll();
  const [row] = await answers("SELECT countIf(state = 'new'), count() FROM shop.now_federated");
  expect(row).toBe('[30,270]');
});

const column = fc.constantFrom('o.total', 'o.id', 'c.id', 'o.customer');
const join = fc.constantFrom(
  'JOIN',
  'LEFT JOIN',
  'ANY LEFT JOIN',
  'SEMI LEFT JOIN',
  'ANTI LEFT JOIN',
  'RIGHT JOIN',
  'ANY JOIN',
  'CROSS JOIN',
);
const right = fc.constantFrom(
  'customers',
  'shop.customers',
  '(SELECT id, city FROM customers WHERE id % 2 = 0)',
  'some',
  'by_id',
);
const left = fc.constantFrom('orders', '(SELECT id, customer, total FROM orders WHERE total > 100)', 'cheap');
const inside = fc.constantFrom(
  '(SELECT id FROM customers)',
  '(SELECT customer FROM orders WHERE total > 900)',
  '(1, 2, 3, 40)',
  'some',
);
const query = fc
  .tuple(left, join, right, column, fc.constantFrom('IN', 'NOT IN'), inside, fc.boolean(), fc.boolean())
  .map(([from, kind, to, what, is, list, groups, also]) => {
    const on = kind === 'CROSS JOIN' ? '' : 'ON o.customer = c.id';
    const where = `WHERE o.customer ${is} ${list}${also ? ' AND o.total > (SELECT min(total) FROM orders)' : ''}`;
    const ctes = `WITH some AS (SELECT id, city FROM customers WHERE city > 'a')`;
    const select = groups ? `sum(${what}), count()` : `${what}, o.customer`;
    return `${ctes} SELECT ${select} FROM ${from} AS o ${kind} ${to} AS c ${on} ${where.replace('IN some', 'IN (SELECT id FROM some)')}`;
  });

test('random queries give the same over all members, or are refused', async () => {
  const sql = federation.sql('community-1');
  for (const [database, suffix] of [
    ['whole', ''],
    ['shop', '_federated'],
  ]) {
    await sql.run(
      `CREATE VIEW ${database}.cheap${suffix} AS SELECT id, customer, total FROM ${database}.orders${suffix} WHERE total < 500`,
    );
    await sql.run(
      `CREATE VIEW ${database}.by_id${suffix} AS SELECT id, any(city) AS city FROM ${database}.customers${suffix} GROUP BY id`,
    );
  }
  const through = ([database, name = '']: readonly string[]) =>
    database === 'shop' && ['orders', 'customers', 'cheap', 'by_id'].includes(name)
      ? { path: ['shop', `${name}_federated`] }
      : undefined;
  let refused = 0;
  let compared = 0;
  const same = async (text: string): Promise<void> => {
    const made = federatedQuery(text, { database: 'shop', through, isOpen: () => false });
    if (!made) throw new Error(`nothing is covered in ${text}`);
    if ('why' in made) {
      refused++;
      return;
    }
    compared++;
    expect(await answers(made.query)).toEqual(await answers(text.replaceAll('shop.', 'whole.'), 'whole'));
  };
  await fc.assert(fc.asyncProperty(query, same), { seed: SEED, numRuns: RUNS });
  process.stdout.write(`${compared} compared, ${refused} refused\n`);
  expect(compared).toBeGreaterThan(refused);
});

test('views that can not be read across members are told by name, and those that somebody declares stand for them', async () => {
  const refused = Object.entries(REFUSED)
    .map(([name, [query]]) => yamlView(name, query))
    .join('');
  const byHand = yamlView(
    'added_federated',
    'SELECT id, sum(amount) AS amount FROM sums_federated GROUP BY id',
  );
  await federation.declare(declaration('switchover'), GOOD + refused);
  const estate = await federation.estate();
  const told = estate.federations?.[0]?.unfederated ?? [];
  expect(told.map(({ path, why }) => [path[1], why])).toEqual(
    Object.entries(REFUSED).map(([name, [, why]]) => [name, expect.stringContaining(why)]),
  );
  await federation.declare(declaration('switchover'), GOOD + refused + byHand);
  const again = (await federation.estate()).federations?.[0];
  expect(again?.unfederated.map(({ path }) => path[1])).not.toContain('added');
  expect(again?.views.map(({ federated }) => federated[1])).toContain('over_refused_federated');
  const warnings = planFindings(await federation.plan()).filter(({ rule }) => rule === 'federation-view');
  expect(warnings.map(({ node, message }) => `${node} ${message}`)[0]).toMatch(
    /^community-1 view `shop.all_columns` can't be read across federation `federation`: .* Declare `shop.all_columns_federated` by hand, or put `shop.all_columns` under `except`$/,
  );
});
