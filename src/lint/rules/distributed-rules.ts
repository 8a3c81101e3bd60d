/** What is said of Distributed tables: where inserts go, what queries may skip, and whether both ends agree. */
import { unquote } from '../../sql/quote.ts';
import type { LintColumn } from '../column.ts';
import { ofTable, type Rule } from '../rule.ts';
import { isOn } from '../setting.ts';
import type { Neighbours, Subject, Table } from '../subject.ts';

const DISTRIBUTED = 'https://clickhouse.com/docs/engines/table-engines/special/distributed';

const nameIn = (parameter: string): string => (/^[`'"]/.test(parameter) ? unquote(parameter) : parameter);

/** The table on the shards; undefined where nobody declares it. */
function localTable({ engine, parameters }: Table, neighbours: Neighbours): Subject | undefined {
  const [, database, name] = parameters;
  if (engine !== 'Distributed' || database === undefined || name === undefined) return undefined;
  return neighbours.at([nameIn(database), nameIn(name)]);
}

const LOCAL = `kind: Table
database: shop
name: hits
columns: { page_id: UInt64, version: UInt64, hits: UInt64 }
engine: ReplacingMergeTree(version)
order_by: page_id
---`;

const withoutShardingKey: Rule = {
  slug: 'distributed-without-sharding-key',
  severity: 'warning',
  title: 'A Distributed table has no sharding key.',
  why: 'Inserts through such a table fail as soon as its cluster has two shards, because nothing says where a row belongs. A table that is only read can do without; say so where you silence this.',
  link: DISTRIBUTED,
  bad: `${LOCAL}
kind: Table
database: shop
name: hits_all
columns: { page_id: UInt64, version: UInt64, hits: UInt64 }
engine: Distributed(test, shop, hits)`,
  good: `${LOCAL}
kind: Table
database: shop
name: hits_all
columns: { page_id: UInt64, version: UInt64, hits: UInt64 }
engine: Distributed(test, shop, hits, cityHash64(page_id))`,
  check: ofTable(({ engine, parameters }) => {
    if (engine !== 'Distributed' || parameters.length > 3) return [];
    const message =
      'inserts fail as soon as the cluster has two shards; add a sharding key such as `cityHash64(id)` as the fourth parameter';
    return [{ message, at: ['engine'] }];
  }),
};

const randomWrites: Rule = {
  slug: 'distributed-random-writes',
  severity: 'warning',
  title: 'Rows of one key are spread at random over tables that merge them.',
  why: 'Replacing, Summing, Aggregating and Collapsing tables merge rows of one key on one shard only. With `rand()` as the sharding key, versions of one row lie on different shards and are never merged; FINAL does not help. Shard by the key.',
  link: DISTRIBUTED,
  bad: `${LOCAL}
kind: Table
database: shop
name: hits_all
columns: { page_id: UInt64, version: UInt64, hits: UInt64 }
engine: Distributed(test, shop, hits, rand())`,
  good: `${LOCAL}
kind: Table
database: shop
name: hits_all
columns: { page_id: UInt64, version: UInt64, hits: UInt64 }
engine: Distributed(test, shop, hits, cityHash64(page_id))`,
  check: ofTable((table, _subject, neighbours) => {
    const local = localTable(table, neighbours)?.table?.engine ?? 'MergeTree';
    const isRandom = /^(rand|rand32|rand64|randConstant|generateUUIDv[47])\(\)$/.test(
      table.parameters[3] ?? '',
    );
    if (!isRandom || local === 'MergeTree' || !local.endsWith('MergeTree')) return [];
    const message = `\`${table.parameters[3]}\` spreads rows of one key over the shards, where ${local} never merges them; shard by the sorting key, as in \`cityHash64(id)\``;
    return [{ message, at: ['engine'] }];
  }),
};

const typeText = ({ base, nullable, lowCardinality, parameters }: LintColumn): string =>
  [base, nullable, lowCardinality, ...parameters.map((parameter) => parameter.replace(/\s+/g, ''))].join(' ');

const columnsDiffer: Rule = {
  slug: 'distributed-columns-differ',
  severity: 'warning',
  title: 'A Distributed table has columns that the tables behind it do not have.',
  why: 'ClickHouse takes the definition as it is. Queries that read such a column fail, or convert every value on the way, and inserts are found to be wrong only when they are sent to a shard.',
  link: DISTRIBUTED,
  bad: `${LOCAL}
kind: Table
database: shop
name: hits_all
columns: { page_id: UInt64, version: UInt32, hits: UInt64 }
engine: Distributed(test, shop, hits, cityHash64(page_id))`,
  good: `${LOCAL}
kind: Table
database: shop
name: hits_all
columns: { page_id: UInt64, version: UInt64, hits: UInt64 }
engine: Distributed(test, shop, hits, cityHash64(page_id))`,
  check: ofTable((table, _subject, neighbours) => {
    const local = localTable(table, neighbours);
    const behind = new Map(local?.table?.columns.map((column) => [column.name, column]));
    if (!local || behind.size === 0) return [];
    const where = `\`${local.id.path.join('.')}\``;
    return table.columns.flatMap((column) => {
      const other = behind.get(column.name);
      const at = ['columns', column.name];
      if (!other)
        return [
          { message: `${where} has no column \`${column.name}\`; declare the same columns in both`, at },
        ];
      const differs = column.type !== '' && other.type !== '' && typeText(column) !== typeText(other);
      const message = `\`${column.name}\` is ${column.type} here and ${other.type} in ${where}; declare the same type in both`;
      return differs ? [{ message, at }] : [];
    });
  }),
};

const SKIP = 'optimize_skip_unused_shards';

const skipUnusedShards: Rule = {
  slug: 'skip-unused-shards',
  severity: 'warning',
  title: 'Queries may leave out shards.',
  why: 'With `optimize_skip_unused_shards` a query reads only the shard on which the sharding key puts a row. Rows that were put elsewhere, by an insert into a local table, by another sharding key or before a shard was added, are silently missing from the answer.',
  link: 'https://clickhouse.com/docs/operations/settings/settings#optimize_skip_unused_shards',
  bad: `${LOCAL}
kind: View
database: shop
name: hits_of_all
query: SELECT page_id, hits FROM shop.hits SETTINGS optimize_skip_unused_shards = 1`,
  good: `${LOCAL}
kind: View
database: shop
name: hits_of_all
query: SELECT page_id, hits FROM shop.hits`,
  check({ table, view, begins }) {
    const message = `\`${SKIP}\` leaves out rows that do not lie where the sharding key puts them, without a word; remove it`;
    const tokens = view?.query.tokens ?? [];
    const inQuery = tokens.some(
      ({ text }, at) => text === SKIP && tokens[at + 1]?.text === '=' && isOn(tokens[at + 2]?.text),
    );
    return [
      ...(isOn(table?.settings[SKIP]) || isOn(begins?.[SKIP]) ? [{ message, at: ['settings', SKIP] }] : []),
      ...(inQuery ? [{ message, at: ['query'] }] : []),
    ];
  },
};

export const distributedRules: readonly Rule[] = [
  withoutShardingKey,
  randomWrites,
  columnsDiffer,
  skipUnusedShards,
];
