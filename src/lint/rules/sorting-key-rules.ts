/** What is said of sorting keys: columns that don't belong in them, keys that prune nothing, keys that are missing. */
import { isFloat, isInstant } from '../column.ts';
import { columnOf, columnsIn } from '../expression.ts';
import { ofMergeTree, type Rule } from '../rule.ts';

const PRIMARY_KEY = 'https://clickhouse.com/docs/best-practices/choosing-a-primary-key';

const nullableInSortingKey: Rule = {
  slug: 'nullable-in-sorting-key',
  severity: 'warning',
  title: 'A Nullable column is part of the sorting key.',
  why: 'ClickHouse refuses such a key unless `allow_nullable_key` is set. With it, NULLs are sorted behind everything else and the primary index skips less. A column with a default says the same and costs nothing.',
  link: 'https://clickhouse.com/docs/operations/settings/merge-tree-settings#allow_nullable_key',
  bad: `kind: Table
database: shop
name: visits
columns:
  shop_id: UInt32
  visitor_id: Nullable(UInt64)
order_by: [shop_id, visitor_id]
settings: { allow_nullable_key: 1 }`,
  good: `kind: Table
database: shop
name: visits
columns:
  shop_id: UInt32
  visitor_id: { type: UInt64, comment: 0 for visitors who are not known }
order_by: [shop_id, visitor_id]`,
  check: ofMergeTree((table) =>
    table.orderBy.flatMap((part, at) => {
      const column = columnOf(part, table);
      return column?.nullable
        ? [
            {
              message: `\`${column.name}\` is Nullable and part of the sorting key; give it a default instead of NULL, or sort by \`ifNull(…)\` of it`,
              at: ['order_by', at],
            },
          ]
        : [];
    }),
  ),
};

const floatInKey: Rule = {
  slug: 'float-in-key',
  severity: 'warning',
  title: 'A floating-point column is part of the sorting key.',
  why: 'Floats that look equal often are not, so that rows of one key are not found together, and not merged into one by Replacing, Summing and Aggregating tables. NaN belongs nowhere in the order.',
  link: PRIMARY_KEY,
  bad: `kind: Table
database: shop
name: offers
columns:
  product_id: UInt64
  weight: Float64
order_by: [product_id, weight]`,
  good: `kind: Table
database: shop
name: offers
columns:
  product_id: UInt64
  weight: Decimal(9, 3)
order_by: [product_id, weight]`,
  check: ofMergeTree((table) =>
    table.orderBy.flatMap((part, at) => {
      const column = columnOf(part, table);
      return column && isFloat(column)
        ? [
            {
              message: `\`${column.name}\` is a ${column.base} and part of the sorting key, where equal values may not be found equal; make it a Decimal or an integer`,
              at: ['order_by', at],
            },
          ]
        : [];
    }),
  ),
};

const noSortingKey: Rule = {
  slug: 'no-sorting-key',
  severity: 'warning',
  title: 'A MergeTree table has no sorting key.',
  why: 'The sorting key is what lets ClickHouse skip data: without one, every query reads all rows of the columns it names, and equal values do not lie together, so that they compress badly. Only tables of a few thousand rows do as well without.',
  link: PRIMARY_KEY,
  bad: `kind: Table
database: shop
name: orders
columns:
  shop_id: UInt32
  order_id: UInt64
  total: Decimal(18, 2)`,
  good: `kind: Table
database: shop
name: orders
columns:
  shop_id: UInt32
  order_id: UInt64
  total: Decimal(18, 2)
order_by: [shop_id, order_id]`,
  check: ofMergeTree((table) =>
    table.engine === 'MergeTree' && table.orderBy.length === 0
      ? [
          {
            message:
              'the table has no sorting key, so that every query reads all of it; `order_by` the columns that queries filter by',
            at: ['order_by'],
          },
        ]
      : [],
  ),
};

const mergesAllRows: Rule = {
  slug: 'merges-all-rows',
  severity: 'warning',
  title: 'A table that merges rows of one key has no key.',
  why: 'Replacing, Summing, Aggregating, Collapsing and Coalescing tables make one row of all rows with the same sorting key. Where the key is empty, all rows of a partition become one.',
  link: 'https://clickhouse.com/docs/engines/table-engines/mergetree-family/replacingmergetree',
  bad: `kind: Table
database: shop
name: stock
columns:
  product_id: UInt64
  pieces: UInt32
  version: UInt64
engine: ReplacingMergeTree(version)`,
  good: `kind: Table
database: shop
name: stock
columns:
  product_id: UInt64
  pieces: UInt32
  version: UInt64
engine: ReplacingMergeTree(version)
order_by: product_id`,
  check: ofMergeTree((table) =>
    table.engine !== 'MergeTree' && table.orderBy.length === 0
      ? [
          {
            message: `${table.engine} makes one row of all rows with the same sorting key, and the key is empty; \`order_by\` what tells rows apart`,
            at: ['engine'],
          },
        ]
      : [],
  ),
};

const sortingKeyStartsUnique: Rule = {
  slug: 'sorting-key-starts-unique',
  severity: 'warning',
  title: 'The sorting key begins with a column that is different in every row.',
  why: 'What stands behind the first column of a key only helps among rows that agree in it. Behind a UUID or a point in time there are none, so the other columns of the key skip nothing and compress badly. Columns with few values come first.',
  link: PRIMARY_KEY,
  bad: `kind: Table
database: shop
name: clicks
columns:
  clicked_at: DateTime64(3)
  shop_id: UInt32
  page_id: UInt64
order_by: [clicked_at, shop_id, page_id]`,
  good: `kind: Table
database: shop
name: clicks
columns:
  clicked_at: DateTime64(3)
  shop_id: UInt32
  page_id: UInt64
order_by: [shop_id, page_id, clicked_at]`,
  check: ofMergeTree((table) => {
    const first = columnOf(table.orderBy[0] ?? '', table);
    if (table.engine !== 'MergeTree' || table.orderBy.length < 2 || !first) return [];
    if (first.base !== 'UUID' && !isInstant(first)) return [];
    const message = `the sorting key begins with \`${first.name}\`, which is different in nearly every row, so that what follows it skips nothing; put columns with few values first`;
    return [{ message, at: ['order_by', 0] }];
  }),
};

const MOST_KEY_COLUMNS = 7;

const longPrimaryKey: Rule = {
  slug: 'long-primary-key',
  severity: 'warning',
  title: 'A long sorting key is all of it the primary key.',
  why: 'The primary key is kept in memory for every granule of every part. Columns at the end of a long sorting key hardly ever skip anything; a shorter `primary_key` keeps the order and leaves them out of memory.',
  link: 'https://clickhouse.com/docs/engines/table-engines/mergetree-family/mergetree#choosing-a-primary-key-that-differs-from-the-sorting-key',
  bad: `kind: Table
database: shop
name: sales
columns: { a: UInt8, b: UInt8, c: UInt16, d: UInt16, e: UInt32, f: UInt32, g: UInt64, h: UInt64 }
order_by: [a, b, c, d, e, f, g, h]`,
  good: `kind: Table
database: shop
name: sales
columns: { a: UInt8, b: UInt8, c: UInt16, d: UInt16, e: UInt32, f: UInt32, g: UInt64, h: UInt64 }
primary_key: [a, b, c]
order_by: [a, b, c, d, e, f, g, h]`,
  check: ofMergeTree((table) => {
    const count = table.orderBy.length;
    if (count <= MOST_KEY_COLUMNS || table.primaryKey.length > 0) return [];
    const message = `all ${count} columns of the sorting key are in the primary key, which is kept in memory; declare a shorter \`primary_key\``;
    return [{ message, at: ['order_by'] }];
  }),
};

const indexOnLeadingKey: Rule = {
  slug: 'index-on-leading-key',
  severity: 'warning',
  title: 'A skipping index is over the column that the table is sorted by.',
  why: 'The primary index skips at least as much by the first column of the sorting key as a minmax, set or bloom filter index could. The second index costs time at every insert and every query.',
  link: 'https://clickhouse.com/docs/optimize/skipping-indexes',
  bad: `kind: Table
database: shop
name: baskets
columns:
  shop_id: UInt32
  basket_id: UInt64
indexes:
  by_shop: { expression: shop_id, type: minmax }
order_by: [shop_id, basket_id]`,
  good: `kind: Table
database: shop
name: baskets
columns:
  shop_id: UInt32
  basket_id: UInt64
indexes:
  by_basket: { expression: basket_id, type: bloom_filter }
order_by: [shop_id, basket_id]`,
  check: ofMergeTree((table) => {
    const [leading] = columnsIn(table.orderBy.slice(0, 1), table);
    return table.indexes.flatMap(({ id, attributes }) => {
      const isOver = columnOf(String(attributes.expression), table)?.name === leading?.name;
      const isLike = /^(minmax|set|bloom_filter)\b/.test(String(attributes.type));
      const name = id.path.at(-1) ?? '';
      const isLeading = leading && columnOf(table.orderBy[0] ?? '', table) === leading;
      const message = `index \`${name}\` is over the first column of the sorting key, which the primary index does better; remove it`;
      return isLeading && isOver && isLike ? [{ message, at: ['indexes', name] }] : [];
    });
  }),
};

export const sortingKeyRules: readonly Rule[] = [
  nullableInSortingKey,
  floatInKey,
  noSortingKey,
  mergesAllRows,
  sortingKeyStartsUnique,
  longPrimaryKey,
  indexOnLeadingKey,
];
