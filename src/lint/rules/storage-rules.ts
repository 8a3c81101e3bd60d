/** What is said of how MergeTree tables store rows: codecs, granules, projections, and what merging makes of columns. */
import { isInstant, isNumber, isStored, type LintColumn, plainName } from '../column.ts';
import { columnsIn } from '../expression.ts';
import { ofMergeTree, type Rule } from '../rule.ts';
import { isOn } from '../setting.ts';
import type { Table } from '../subject.ts';

const timestampWithoutCodec: Rule = {
  slug: 'timestamp-without-codec',
  severity: 'warning',
  title: 'The time by which a table is partitioned has no codec made for times.',
  why: 'Rows that are inserted together have nearly the same time. `Delta` or `DoubleDelta` store the small differences, and the compression behind them has little left to do: such columns commonly shrink to a small part of their size. The column by which a table is partitioned is in every row and in nearly every query.',
  link: 'https://clickhouse.com/docs/data-compression/compression-in-clickhouse',
  bad: `kind: Table
database: shop
name: events
columns:
  happened_at: DateTime
  event_id: UInt64
partition_by: toYYYYMM(happened_at)
order_by: [event_id, happened_at]`,
  good: `kind: Table
database: shop
name: events
columns:
  happened_at: { type: DateTime, codec: "Delta, ZSTD" }
  event_id: UInt64
partition_by: toYYYYMM(happened_at)
order_by: [event_id, happened_at]`,
  check: ofMergeTree((table) =>
    table.engine === 'MergeTree'
      ? columnsIn(table.partitionBy, table)
          .filter((column) => isInstant(column) && isStored(column) && column.codec === undefined)
          .map(({ name }) => ({
            message: `\`${name}\` is the time of the table's rows and has no codec; \`codec: Delta, ZSTD\` commonly makes it a fraction of its size`,
            at: ['columns', name],
          }))
      : [],
  ),
};

const SMALLEST_GRANULE = 256;
const LARGEST_GRANULE = 65_536;

const indexGranularity: Rule = {
  slug: 'index-granularity',
  severity: 'warning',
  title: 'The index granularity is far from what serves.',
  why: 'It is how many rows one entry of the primary index stands for: few make the index too large for memory, many make every lookup read too much. 8192 serves nearly all tables, 256 to 1024 those that are asked for single rows. It can not be changed later without copying the table.',
  link: 'https://clickhouse.com/docs/operations/settings/merge-tree-settings#index_granularity',
  bad: `kind: Table
database: shop
name: lookups
columns: { key: UInt64, value: String }
order_by: key
settings: { index_granularity: 8 }`,
  good: `kind: Table
database: shop
name: lookups
columns: { key: UInt64, value: String }
order_by: key
settings: { index_granularity: 512 }`,
  check: ofMergeTree(({ settings }) => {
    const rows = Number(settings.index_granularity ?? SMALLEST_GRANULE);
    if (rows >= SMALLEST_GRANULE && rows <= LARGEST_GRANULE) return [];
    const message = `one entry of the primary index for ${rows} rows; 8192 is the default, and ${SMALLEST_GRANULE} to ${LARGEST_GRANULE} is what serves`;
    return [{ message, at: ['settings', 'index_granularity'] }];
  }),
};

const projectionMergeMode: Rule = {
  slug: 'projection-merge-mode',
  severity: 'warning',
  title: 'A table that merges rows has projections, and nothing says what becomes of them.',
  why: 'Replacing, Summing, Aggregating and Collapsing tables drop and combine rows when parts are merged; a projection that is not built anew then answers queries from rows that are gone. Since 24.8 ClickHouse refuses such tables unless `deduplicate_merge_projection_mode` is `drop` or `rebuild`.',
  link: 'https://clickhouse.com/docs/operations/settings/merge-tree-settings#deduplicate_merge_projection_mode',
  bad: `kind: Table
database: shop
name: products
columns: { product_id: UInt64, brand_id: UInt32, version: UInt64 }
projections:
  by_brand: SELECT brand_id, count() GROUP BY brand_id
engine: ReplacingMergeTree(version)
order_by: product_id`,
  good: `kind: Table
database: shop
name: products
columns: { product_id: UInt64, brand_id: UInt32, version: UInt64 }
projections:
  by_brand: SELECT brand_id, count() GROUP BY brand_id
engine: ReplacingMergeTree(version)
order_by: product_id
settings: { deduplicate_merge_projection_mode: rebuild }`,
  refusal: 'Projections are not supported for ReplacingMergeTree',
  check: ofMergeTree(({ engine, projections, settings }) => {
    const isSettled = /^'(drop|rebuild)'$/.test(settings.deduplicate_merge_projection_mode ?? '');
    if (engine === 'MergeTree' || projections.length === 0 || isSettled) return [];
    const message = `${engine} merges rows, after which its projections are wrong; set \`deduplicate_merge_projection_mode\` to \`rebuild\` or \`drop\``;
    return [{ message, at: ['projections'] }];
  }),
};

const replacingWithoutVersion: Rule = {
  slug: 'replacing-without-version',
  severity: 'warning',
  title: 'A ReplacingMergeTree has no version column.',
  why: 'Then the row that was inserted last stays. Retries, several writers and replicas make that a matter of luck, and an old row that is inserted again takes the place of a newer one. With a version, the highest stays whatever the order.',
  link: 'https://clickhouse.com/docs/engines/table-engines/mergetree-family/replacingmergetree',
  bad: `kind: Table
database: shop
name: accounts
columns: { account_id: UInt64, name: String, updated_at: DateTime64(3) }
engine: ReplacingMergeTree
order_by: account_id`,
  good: `kind: Table
database: shop
name: accounts
columns: { account_id: UInt64, name: String, updated_at: DateTime64(3) }
engine: ReplacingMergeTree(updated_at)
order_by: account_id`,
  check: ofMergeTree(({ engine, parameters }) => {
    if (engine !== 'ReplacingMergeTree' || parameters.length > 0) return [];
    const message =
      'without a version the row that happens to be inserted last stays; name the column that tells which is newer, as in `ReplacingMergeTree(updated_at)`';
    return [{ message, at: ['engine'] }];
  }),
};

/** Columns outside the sorting key whose values merging has to choose or combine. */
function mergedColumns(table: Table): LintColumn[] {
  const inKey = new Set(columnsIn([...table.orderBy, ...table.partitionBy], table));
  return table.columns.filter(
    (column) => !inKey.has(column) && isStored(column) && !column.value?.startsWith('MATERIALIZED'),
  );
}

const isAggregate = ({ base }: LintColumn): boolean => /AggregateFunction$/.test(base);

const aggregatingPlainColumn: Rule = {
  slug: 'aggregating-plain-column',
  severity: 'warning',
  title: 'A column of an AggregatingMergeTree is neither in its key nor an aggregate.',
  why: 'Rows of one key are merged into one. Columns of type AggregateFunction and SimpleAggregateFunction say how; any other column keeps the value of whichever row came first, and the others are lost. ClickHouse 26 refuses such a column next to aggregates unless `allow_dimensions_outside_sorting_key` says that the key decides its value.',
  link: 'https://clickhouse.com/docs/engines/table-engines/mergetree-family/aggregatingmergetree',
  bad: `kind: Table
database: shop
name: daily
columns:
  day: Date
  orders: SimpleAggregateFunction(sum, UInt64)
  highest: Decimal(18, 2)
engine: AggregatingMergeTree
order_by: day`,
  good: `kind: Table
database: shop
name: daily
columns:
  day: Date
  orders: SimpleAggregateFunction(sum, UInt64)
  highest: SimpleAggregateFunction(max, Decimal(18, 2))
engine: AggregatingMergeTree
order_by: day`,
  refusal: 'neither part of the sorting key nor aggregate measures',
  check: ofMergeTree((table) =>
    table.engine === 'AggregatingMergeTree' &&
    table.orderBy.length > 0 &&
    !isOn(table.settings.allow_dimensions_outside_sorting_key)
      ? mergedColumns(table)
          .filter((column) => column.type !== '' && !isAggregate(column))
          .map(({ name, type }) => ({
            message: `\`${name}\` keeps the value of any one row when rows are merged; say how, as in \`SimpleAggregateFunction(any, ${type})\`, or add it to the sorting key`,
            at: ['columns', name],
          }))
      : [],
  ),
};

/** Numbers that mean nothing when they are added. */
const NOT_SUMMABLE = /(^|_)(id|version|year|month|day|hour|rate|ratio|percent|percentage|average|avg|price)$/;

const summingPlainColumn: Rule = {
  slug: 'summing-plain-column',
  severity: 'warning',
  title: 'A SummingMergeTree adds up or throws away a column that it should not.',
  why: 'Without a list of columns all numbers outside the sorting key are added up, ids and prices with them, and whatever is no number keeps the value of any one row. List the columns to be added in the engine, and put the others into the key.',
  link: 'https://clickhouse.com/docs/engines/table-engines/mergetree-family/summingmergetree',
  bad: `kind: Table
database: shop
name: sold
columns: { day: Date, product_id: UInt64, pieces: UInt64 }
engine: SummingMergeTree
order_by: day`,
  good: `kind: Table
database: shop
name: sold
columns: { day: Date, product_id: UInt64, pieces: UInt64 }
engine: SummingMergeTree(pieces)
order_by: [day, product_id]`,
  check: ofMergeTree((table) => {
    if (table.engine !== 'SummingMergeTree' || table.orderBy.length === 0) return [];
    const listed = new Set(columnsIn(table.parameters, table));
    return mergedColumns(table)
      .filter((column) => column.type !== '' && !listed.has(column) && !isAggregate(column))
      .flatMap((column) => {
        const isSummed = listed.size === 0 && isNumber(column);
        const isMap = /^(Nested|Map|Tuple)$/.test(column.base);
        if (isMap || (isSummed && !NOT_SUMMABLE.test(plainName(column.name)))) return [];
        const fate = isSummed ? 'is added up' : 'keeps the value of any one row';
        const message = `\`${column.name}\` ${fate} when rows are merged; add it to the sorting key, and list the columns to be added as in \`SummingMergeTree(a, b)\``;
        return [{ message, at: ['columns', column.name] }];
      });
  }),
};

export const storageRules: readonly Rule[] = [
  timestampWithoutCodec,
  indexGranularity,
  projectionMergeMode,
  replacingWithoutVersion,
  aggregatingPlainColumn,
  summingPlainColumn,
];
