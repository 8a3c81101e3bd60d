/** What is said of materialized views that follow inserts: what they see of their tables, and where their rows go. */
import { nameKey } from '../../model/object.ts';
import { says } from '../query.ts';
import { ofMaterializedView, type Rule } from '../rule.ts';

const INCREMENTAL = 'https://clickhouse.com/docs/materialized-view/incremental-materialized-view';
const CREATE = 'https://clickhouse.com/docs/sql-reference/statements/create/view';

const SOURCE = `kind: Table
database: shop
name: orders
columns: { order_id: UInt64, shop_id: UInt32, total: UInt64 }
order_by: [shop_id, order_id]
---`;

const TOTALS = `kind: Table
database: shop
name: totals
columns: { shop_id: UInt32, total: UInt64 }
engine: SummingMergeTree(total)
order_by: shop_id
---`;

const TO_TOTALS = `kind: MaterializedView
database: shop
name: orders_to_totals
to: totals`;

const COLUMNS = 'columns: { shop_id: UInt32, total: UInt64 }';
const GOOD = `${SOURCE}
${TOTALS}
${TO_TOTALS}
${COLUMNS}
query: SELECT shop_id, sum(total) AS total FROM shop.orders GROUP BY shop_id`;

const selectStar: Rule = {
  slug: 'materialized-view-select-star',
  severity: 'warning',
  title: 'A materialized view takes whatever columns there are.',
  why: 'What `*` delivers follows the table that the view reads, whatever the view itself says: a column that is added to both tables flows from then on, one that the target lacks is thrown away without a word, and no column of the table can be dropped any more, because the view is said to need it. None of that is seen on a pull request. Name the columns.',
  link: INCREMENTAL,
  bad: `${SOURCE}
kind: Table
database: shop
name: orders_copy
columns: { order_id: UInt64, shop_id: UInt32, total: UInt64 }
order_by: order_id
---
kind: MaterializedView
database: shop
name: orders_to_copy
to: orders_copy
columns: { order_id: UInt64, shop_id: UInt32, total: UInt64 }
query: SELECT * FROM shop.orders`,
  good: `${SOURCE}
kind: Table
database: shop
name: orders_copy
columns: { order_id: UInt64, shop_id: UInt32, total: UInt64 }
order_by: order_id
---
kind: MaterializedView
database: shop
name: orders_to_copy
to: orders_copy
columns: { order_id: UInt64, shop_id: UInt32, total: UInt64 }
query: SELECT order_id, shop_id, total FROM shop.orders`,
  check: ofMaterializedView(({ query }) =>
    query.takesAll
      ? [
          {
            message:
              'what `*` delivers changes with the table that the view reads, and what the target lacks is thrown away; name the columns',
            at: ['query'],
          },
        ]
      : [],
  ),
};

const withoutColumns: Rule = {
  slug: 'materialized-view-without-columns',
  severity: 'warning',
  title: 'The columns of a materialized view are not declared.',
  why: 'Columns go to the target by name, and those that the query does not deliver stay at their defaults there. Declared columns say on the pull request what the view delivers, and a change of the query that changes them is seen.',
  link: CREATE,
  bad: `${SOURCE}
${TOTALS}
${TO_TOTALS}
query: SELECT shop_id, sum(total) AS total FROM shop.orders GROUP BY shop_id`,
  good: GOOD,
  check: ofMaterializedView(({ columns }) =>
    columns === undefined
      ? [
          {
            message: 'the columns that the view delivers are not declared; add `columns` with their types',
            at: ['query'],
          },
        ]
      : [],
  ),
};

const columnNotInTarget: Rule = {
  slug: 'materialized-view-column-not-in-target',
  severity: 'error',
  title: 'A materialized view delivers a column that its target does not have.',
  why: 'Columns go to the target by name. Newer servers refuse to create such a view; older ones throw the values away.',
  link: CREATE,
  bad: `${SOURCE}
${TOTALS}
${TO_TOTALS}
columns: { shop_id: UInt32, sum: UInt64 }
query: SELECT shop_id, sum(total) AS sum FROM shop.orders GROUP BY shop_id`,
  good: GOOD,
  refusal: 'not found in the target table',
  check: ofMaterializedView(({ target, columns }, _subject, neighbours) => {
    const table = target && neighbours.at(target)?.table;
    if (!table || table.columns.length === 0) return [];
    const there = new Set(table.columns.map(({ name }) => name));
    return (columns ?? [])
      .filter((name) => !there.has(name) && !there.has(name.split('.', 1)[0] ?? ''))
      .map((name) => ({
        message: `\`${(target ?? []).join('.')}\` has no column \`${name}\`; give it the name of a column there`,
        at: ['columns', name],
      }));
  }),
};

const join: Rule = {
  slug: 'materialized-view-join',
  severity: 'warning',
  title: 'A materialized view joins tables.',
  why: 'It runs when rows are inserted into the table behind FROM, and sees only those rows of it. Rows that come to the joined tables later change nothing in the target, and every insert pays for reading them whole. A dictionary is made for looking things up; a refreshable view computes everything anew.',
  link: 'https://clickhouse.com/docs/materialized-view/incremental-materialized-view#materialized-views-and-joins',
  bad: `${SOURCE}
${TOTALS}
kind: Table
database: shop
name: shops
columns: { shop_id: UInt32, factor: UInt64 }
order_by: shop_id
---
${TO_TOTALS}
${COLUMNS}
query: |
  SELECT orders.shop_id AS shop_id, sum(orders.total * shops.factor) AS total
  FROM shop.orders AS orders LEFT JOIN shop.shops AS shops ON orders.shop_id = shops.shop_id
  GROUP BY shop_id`,
  good: GOOD,
  check: ofMaterializedView(({ query, schedule }) => {
    const { outer } = query;
    const joins = outer.some((word, at) => word === 'JOIN' && outer[at - 1] !== 'ARRAY');
    if (schedule !== undefined || !joins) return [];
    const message =
      'the view runs only when rows come to the table behind FROM, and not when they come to a joined one; look up in a dictionary, or declare `refresh`';
    return [{ message, at: ['query'] }];
  }),
};

const perBlock: Rule = {
  slug: 'materialized-view-per-block',
  severity: 'warning',
  title: 'A materialized view limits, sorts out or numbers rows of each insert by themselves.',
  why: 'The query runs over the rows of one insert, not over the table. LIMIT, DISTINCT and window functions therefore mean something else for every size of insert.',
  link: INCREMENTAL,
  bad: `${SOURCE}
${TOTALS}
${TO_TOTALS}
${COLUMNS}
query: SELECT DISTINCT shop_id, total FROM shop.orders`,
  good: GOOD,
  check: ofMaterializedView(({ query, schedule }) => {
    const word = ['LIMIT', 'DISTINCT', 'OVER'].find((one) => query.outer.includes(one));
    if (schedule !== undefined || word === undefined) return [];
    const name = word === 'OVER' ? 'a window function' : word;
    const message = `${name} is applied to the rows of each insert by themselves; do it where the target is read, or declare \`refresh\``;
    return [{ message, at: ['query'] }];
  }),
};

const partialAggregates: Rule = {
  slug: 'materialized-view-partial-aggregates',
  severity: 'warning',
  title: 'A materialized view groups into a table that does not add the groups up.',
  why: 'Each insert delivers a group of its own. A plain MergeTree keeps them as so many rows of one key, and a ReplacingMergeTree throws away all but the last. An AggregatingMergeTree or SummingMergeTree makes one of them.',
  link: INCREMENTAL,
  bad: `${SOURCE}
kind: Table
database: shop
name: totals
columns: { shop_id: UInt32, total: UInt64 }
order_by: shop_id
---
${TO_TOTALS}
${COLUMNS}
query: SELECT shop_id, sum(total) AS total FROM shop.orders GROUP BY shop_id`,
  good: GOOD,
  check: ofMaterializedView(({ query, schedule, target }, subject, neighbours) => {
    const engine = (target ? neighbours.at(target)?.table : subject.table)?.engine ?? '';
    const keeps = {
      MergeTree: 'keeps one row for each insert',
      ReplacingMergeTree: 'keeps only the last one',
    };
    const fate = Object.hasOwn(keeps, engine) ? keeps[engine as keyof typeof keeps] : undefined;
    if (schedule !== undefined || fate === undefined || !says(query, 'GROUP BY')) return [];
    const message = `each insert delivers groups of its own, of which ${engine} ${fate}; make the target a SummingMergeTree or an AggregatingMergeTree`;
    return [{ message, at: ['query'] }];
  }),
};

const populate: Rule = {
  slug: 'materialized-view-populate',
  severity: 'warning',
  title: 'A materialized view is filled while it is created.',
  why: 'Rows that are inserted while POPULATE runs are in neither half and are missing for good. Create the view without it, and then insert the older rows, cut at a time that both sides agree on.',
  link: CREATE,
  bad: `${SOURCE}
kind: MaterializedView
database: shop
name: totals
${COLUMNS}
engine: SummingMergeTree(total)
order_by: shop_id
populate: true
query: SELECT shop_id, sum(total) AS total FROM shop.orders GROUP BY shop_id`,
  good: `${SOURCE}
kind: MaterializedView
database: shop
name: totals
${COLUMNS}
engine: SummingMergeTree(total)
order_by: shop_id
query: SELECT shop_id, sum(total) AS total FROM shop.orders GROUP BY shop_id`,
  check: ofMaterializedView((view) =>
    view.populate
      ? [
          {
            message:
              'rows that are inserted while the view is filled are missing from it; leave `populate` out and insert older rows afterwards',
            at: ['populate'],
          },
        ]
      : [],
  ),
};

const refreshReplacesOthers: Rule = {
  slug: 'refresh-replaces-others',
  severity: 'warning',
  title: 'A refreshable view replaces rows that another view writes.',
  why: 'Each refresh replaces the whole table that the view writes to. Where another view writes to it too, its rows are gone after the next refresh. `append: true` leaves them, and a table for each view keeps them apart.',
  link: 'https://clickhouse.com/docs/materialized-view/refreshable-materialized-view',
  bad: `${SOURCE}
${TOTALS}
${TO_TOTALS}
${COLUMNS}
query: SELECT shop_id, total FROM shop.orders
---
kind: MaterializedView
database: shop
name: totals_by_hour
to: totals
${COLUMNS}
refresh: { every: 1 HOUR }
query: SELECT shop_id, sum(total) AS total FROM shop.orders GROUP BY shop_id`,
  good: `${SOURCE}
${TOTALS}
kind: MaterializedView
database: shop
name: totals_by_hour
to: totals
${COLUMNS}
refresh: { every: 1 HOUR }
query: SELECT shop_id, sum(total) AS total FROM shop.orders GROUP BY shop_id`,
  check: ofMaterializedView(({ schedule, append, target }, { id }, { all }) => {
    if (schedule === undefined || append || !target) return [];
    const others = all.filter(
      (other) => other.view?.target?.join('\0') === target.join('\0') && nameKey(other.id) !== nameKey(id),
    );
    const [other] = others;
    if (!other) return [];
    const message = `each refresh replaces all rows of \`${target.join('.')}\`, also those that \`${other.id.path.join('.')}\` writes there; declare \`append: true\`, or a table for each`;
    return [{ message, at: ['refresh'] }];
  }),
};

export const materializedViewRules: readonly Rule[] = [
  selectStar,
  withoutColumns,
  columnNotInTarget,
  join,
  perBlock,
  partialAggregates,
  populate,
  refreshReplacesOthers,
];
