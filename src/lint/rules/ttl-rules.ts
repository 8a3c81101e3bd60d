/** What is said of TTLs: those that rewrite data in order to delete it. */
import { isTime } from '../column.ts';
import { columnsIn } from '../expression.ts';
import { deletingTtl } from '../partitions.ts';
import { ofMergeTree, type Rule } from '../rule.ts';
import { isOn } from '../setting.ts';
import type { Table } from '../subject.ts';

/** The column by which rows expire, and whether partitions follow from it. */
function expiry(table: Table): { readonly column: string; readonly inPartition: boolean } | undefined {
  const [column] = columnsIn(deletingTtl(table), table).filter(isTime);
  if (!column) return undefined;
  return { column: column.name, inPartition: columnsIn(table.partitionBy, table).includes(column) };
}

const ttlNotInPartitionKey: Rule = {
  slug: 'ttl-not-in-partition-key',
  severity: 'warning',
  title: 'Rows expire by a column that is not in the partition key.',
  why: 'Rows of all ages lie in every part then, so that deleting the expired ones means writing all others anew, again and again. Where the partition follows from the same column, whole parts expire together and are dropped in no time.',
  link: 'https://clickhouse.com/docs/guides/developer/ttl',
  bad: `kind: Table
database: shop
name: sessions
columns:
  session_id: UInt64
  started_at: DateTime
order_by: session_id
ttl: started_at + INTERVAL 90 DAY`,
  good: `kind: Table
database: shop
name: sessions
columns:
  session_id: UInt64
  started_at: { type: DateTime, codec: "Delta, ZSTD" }
partition_by: toMonday(started_at)
order_by: session_id
ttl: started_at + INTERVAL 90 DAY
settings: { ttl_only_drop_parts: 1 }`,
  check: ofMergeTree((table) => {
    const expires = expiry(table);
    if (!expires || expires.inPartition) return [];
    const message = `rows expire by \`${expires.column}\`, which is not in the partition key, so that the TTL rewrites parts instead of dropping them; partition by its day, week or month`;
    return [{ message, at: ['ttl'] }];
  }),
};

const ttlRewritesParts: Rule = {
  slug: 'ttl-rewrites-parts',
  severity: 'warning',
  title: 'Partitions follow from the TTL, but the server may still rewrite parts for it.',
  why: 'Without `ttl_only_drop_parts` a part is written anew as soon as some of its rows have expired. With it, the part is dropped when all of them have, which costs nothing and comes at most one partition later.',
  link: 'https://clickhouse.com/docs/operations/settings/merge-tree-settings#ttl_only_drop_parts',
  bad: `kind: Table
database: shop
name: searches
columns:
  searched_at: { type: DateTime, codec: "Delta, ZSTD" }
  words: String
partition_by: toYYYYMM(searched_at)
order_by: searched_at
ttl: searched_at + INTERVAL 6 MONTH`,
  good: `kind: Table
database: shop
name: searches
columns:
  searched_at: { type: DateTime, codec: "Delta, ZSTD" }
  words: String
partition_by: toYYYYMM(searched_at)
order_by: searched_at
ttl: searched_at + INTERVAL 6 MONTH
settings: { ttl_only_drop_parts: 1 }`,
  check: ofMergeTree((table) => {
    if (isOn(table.settings.ttl_only_drop_parts) || !expiry(table)?.inPartition) return [];
    const message =
      'partitions follow from the TTL, so that whole parts can be dropped; set `ttl_only_drop_parts: 1`';
    return [{ message, at: ['ttl'] }];
  }),
};

export const ttlRules: readonly Rule[] = [ttlNotInPartitionKey, ttlRewritesParts];
