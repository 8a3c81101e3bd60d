/** What is said of partition keys: too fine, too many together, and rows of one key that never meet. */
import { isInstant, plainName } from '../column.ts';
import { columnsIn } from '../expression.ts';
import { countOf, FEW, horizon, spreadOf } from '../partitions.ts';
import { ofMergeTree, type Rule } from '../rule.ts';

const PARTITIONS = 'https://clickhouse.com/docs/best-practices/choosing-a-partitioning-key';

/** A table with more is slow to start, to insert into and to select from. */
const MOST_PARTITIONS = 1000;

const rounded = (count: number): string => {
  const unit = 10 ** Math.max(0, Math.floor(Math.log10(count)) - 1);
  return (Math.round(count / unit) * unit).toLocaleString('en');
};

function period({ years, declared }: ReturnType<typeof horizon>): string {
  const days = Math.round(years * 365);
  const length =
    days >= 730
      ? `${Math.round(years)} years`
      : days > 90
        ? `${Math.round(days / 30)} months`
        : `${days} days`;
  return declared ? `the ${length} that the TTL keeps` : `${length}, and no TTL ends them`;
}

const partitionTooFine: Rule = {
  slug: 'partition-too-fine',
  severity: 'warning',
  title: 'The partition key takes too many values.',
  why: 'Parts are never merged across partitions, so every value of the key costs at least one part on disk, files to open and memory. An insert that touches more than 100 partitions is refused. Partitions are for dropping old data, not for finding it: that is what the sorting key is for.',
  link: PARTITIONS,
  bad: `kind: Table
database: shop
name: pageviews
columns:
  viewed_at: { type: DateTime, codec: "Delta, ZSTD" }
  page_id: UInt64
partition_by: toStartOfHour(viewed_at)
order_by: [page_id, viewed_at]`,
  good: `kind: Table
database: shop
name: pageviews
columns:
  viewed_at: { type: DateTime, codec: "Delta, ZSTD" }
  page_id: UInt64
partition_by: toYYYYMM(viewed_at)
order_by: [page_id, viewed_at]`,
  check: ofMergeTree((table) => {
    const kept = horizon(table);
    return table.partitionBy.flatMap((part, at) => {
      const count = countOf(spreadOf(part, table), kept.years);
      if (count <= MOST_PARTITIONS) return [];
      const many = Number.isFinite(count)
        ? `makes about ${rounded(count)} partitions in ${period(kept)}`
        : 'makes a partition of nearly every value';
      const message = `\`${part}\` ${many}; partition by month, or put it into \`order_by\``;
      return [{ message, at: ['partition_by', at] }];
    });
  }),
};

const tooManyPartitions: Rule = {
  slug: 'too-many-partitions',
  severity: 'warning',
  title: 'The parts of the partition key together take too many values.',
  why: 'Each combination of values is a partition with at least one part of its own. Ten tenants and a partition a day are 3,650 partitions a year, and most of them tiny.',
  link: PARTITIONS,
  bad: `kind: Table
database: shop
name: payments
columns:
  paid_at: { type: DateTime, codec: "Delta, ZSTD" }
  currency: LowCardinality(String)
  payment_id: UInt64
partition_by: [currency, toYYYYMMDD(paid_at)]
order_by: payment_id`,
  good: `kind: Table
database: shop
name: payments
columns:
  paid_at: { type: DateTime, codec: "Delta, ZSTD" }
  currency: LowCardinality(String)
  payment_id: UInt64
partition_by: toYYYYMM(paid_at)
order_by: [currency, payment_id]`,
  check: ofMergeTree((table) => {
    const kept = horizon(table);
    const spreads = table.partitionBy.map((part) => spreadOf(part, table));
    const counts = spreads.map((spread) => countOf(spread, kept.years));
    const all = counts.reduce((product, count) => product * count, 1);
    if (all <= MOST_PARTITIONS || counts.some((count) => count > MOST_PARTITIONS)) return [];
    const guessed = spreads.some(
      (spread) => typeof spread === 'object' && 'values' in spread && spread.values === FEW,
    )
      ? ` (${FEW} values of each column whose type does not tell)`
      : '';
    const message = `the partition key makes about ${rounded(all)} partitions in ${period(kept)}${guessed}; partition by fewer or coarser parts`;
    return [{ message, at: ['partition_by'] }];
  }),
};

/** Engines that make one row of several with the same key. */
const VERSIONED = /^(Replacing|Collapsing|VersionedCollapsing|Coalescing)MergeTree$/;

const versionInOtherPartition: Rule = {
  slug: 'version-in-other-partition',
  severity: 'warning',
  title: 'Versions of one row can land in different partitions.',
  why: 'Replacing, Collapsing and Coalescing tables merge rows of one sorting key only inside one partition. Where the partition follows from a column outside the key, a new version with another value there never replaces the old one. Only FINAL hides the old one, and has to read both partitions together for it each time.',
  link: 'https://clickhouse.com/docs/engines/table-engines/mergetree-family/replacingmergetree',
  bad: `kind: Table
database: shop
name: customers
columns:
  customer_id: UInt64
  name: String
  updated_at: DateTime
engine: ReplacingMergeTree(updated_at)
partition_by: toYYYYMM(updated_at)
order_by: customer_id`,
  good: `kind: Table
database: shop
name: customers
columns:
  customer_id: UInt64
  name: String
  updated_at: DateTime
engine: ReplacingMergeTree(updated_at)
partition_by: intDiv(customer_id, 10000000)
order_by: customer_id`,
  check: ofMergeTree((table) => {
    if (!VERSIONED.test(table.engine) || table.orderBy.length === 0) return [];
    const inKey = new Set(columnsIn(table.orderBy, table));
    return table.partitionBy.flatMap((part, at) => {
      // A time of creation is the same in every version of a row.
      const moving = columnsIn([part], table).find(
        (column) => !inKey.has(column) && !/^(created|first)(_|$)/.test(plainName(column.name)),
      );
      if (!moving) return [];
      const message = `\`${moving.name}\` decides the partition and is not part of the sorting key, so that a version with another value in it never replaces the older one; partition by columns of the key`;
      return [{ message, at: ['partition_by', at] }];
    });
  }),
};

const partitionByServerTime: Rule = {
  slug: 'partition-by-server-time',
  severity: 'warning',
  title: 'Clusters cut the days of one table by their own time zones.',
  why: 'A DateTime without a time zone is taken in that of the server. Where two clusters hold the same table, one row lies in another partition on each as soon as their time zones differ, and comparing or repairing partitions compares different rows.',
  link: 'https://clickhouse.com/docs/sql-reference/data-types/datetime',
  bad: `kind: Table
database: shop
name: deliveries
on: [first, second]
columns:
  delivered_at: { type: DateTime, codec: "Delta, ZSTD" }
  parcel_id: UInt64
partition_by: toYYYYMM(delivered_at)
order_by: parcel_id`,
  good: `kind: Table
database: shop
name: deliveries
on: [first, second]
columns:
  delivered_at: { type: DateTime('UTC'), codec: "Delta, ZSTD" }
  parcel_id: UInt64
partition_by: toYYYYMM(delivered_at)
order_by: parcel_id`,
  check: ofMergeTree((table, { clusters }) => {
    if (clusters.size < 2) return [];
    return columnsIn(table.partitionBy, table)
      .filter(
        (column) => isInstant(column) && !column.parameters.some((parameter) => parameter.startsWith("'")),
      )
      .map(({ name, base }) => ({
        message: `\`${name}\` has no time zone, so that each of the ${clusters.size} clusters cuts partitions at its own midnight; declare one, as in \`${base}(${base === 'DateTime64' ? '3, ' : ''}'UTC')\``,
        at: ['columns', name],
      }));
  }),
};

export const partitionRules: readonly Rule[] = [
  partitionTooFine,
  tooManyPartitions,
  versionInOtherPartition,
  partitionByServerTime,
];
