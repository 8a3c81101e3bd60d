/** A chain of declarations, each of which differs from the one before in something of everything that apply can do. */
import type { Server } from '../../src/live/server.ts';

const ROWS = 50_000;

/** Tables with rows, and what of them must be the same before and after: columns that stay, whatever their types become. */
const DIGESTS: Readonly<Record<string, string>> = {
  events: 'id, day, toInt64(amount), toString(name), payload',
  orders: 'id, toString(state), toInt64(quantity), at',
  daily: 'day, events',
};

/** The n-th declaration. */
export function killState(n: number): Readonly<Record<string, string>> {
  const even = n % 2 === 0;
  return {
    'shop.yaml': `
kind: Database
name: shop
on: test
prune: true
comment: state ${n}
---
kind: Table
database: shop
name: events
comment: events of state ${n}
columns:
  id: UInt64
  day: Date
  amount: { type: ${even ? 'UInt32' : 'UInt64'}, codec: ${even ? 'LZ4' : 'ZSTD(1)'} }
  name: ${n % 3 === 0 ? 'String' : 'LowCardinality(String)'}
  payload: String
  added_${n}: { type: UInt32, default: "${n}", comment: of state ${n} }
indexes:
  amounts: { expression: amount, type: minmax, granularity: ${(n % 4) + 1} }
constraints:
  positive: { check: "amount + ${n} >= 0" }
order_by: id
settings: { min_bytes_for_wide_part: 0, merge_with_ttl_timeout: ${1000 + n} }
---
kind: Table
database: shop
name: orders
comment: orders of state ${n}
columns:
  id: UInt64
  state: ${even ? "Enum8('new' = 1, 'paid' = 2)" : "Enum8('new' = 1, 'paid' = 2, 'sent' = 3)"}
  quantity: ${n % 3 === 1 ? 'Int64' : 'Int32'}
  at: { type: DateTime, comment: at state ${n} }
${even ? 'projections:\n  by_state: SELECT state, count() GROUP BY state' : ''}
partition_by: toYYYYMM(at)
order_by: id
---
kind: Table
database: shop
name: daily
columns: { day: Date, events: UInt64 }
engine: SummingMergeTree
order_by: day
---
kind: MaterializedView
database: shop
name: to_daily
to: daily
columns: { day: Date, events: UInt64 }
query: SELECT day, count() AS events FROM shop.events WHERE amount > ${n} GROUP BY day
---
kind: View
database: shop
name: big_events
query: SELECT id, amount FROM shop.events WHERE amount > ${n * 10}
---
kind: Table
database: shop
name: everywhere
columns: { id: UInt64, day: Date }
engine: Distributed(test, shop, events, ${even ? 'id' : 'rand()'})
---
kind: Table
database: shop
name: scratch_${n}
columns: { id: UInt64, word: String }
order_by: id
---
kind: View
database: shop
name: scratch_view_${n}
query: SELECT word FROM shop.scratch_${n}
`,
  };
}

/** Fills the tables of state 0. */
export async function fill(server: Server): Promise<void> {
  await server.run(
    `INSERT INTO shop.events (id, day, amount, name, payload)
     SELECT number, toDate('2024-01-01') + number % 100, number % 1000, concat('n', number % 50), hex(sipHash64(number))
     FROM numbers(${ROWS})`,
  );
  await server.run(
    `INSERT INTO shop.orders
     SELECT number, if(number % 2 = 0, 'new', 'paid'), number % 100, toDateTime('2024-01-01 00:00:00') + number * 100
     FROM numbers(${ROWS})`,
  );
  await server.run('OPTIMIZE TABLE shop.daily FINAL');
}

/** Counts and digests of all rows. */
export async function digests(server: Server): Promise<readonly unknown[]> {
  return Promise.all(
    Object.entries(DIGESTS).map(([table, columns]) =>
      server.rows(
        `SELECT '${table}', count(), toString(sum(cityHash64(tuple(${columns})))) FROM shop.${table}`,
      ),
    ),
  );
}
