/** What is said of engines that lose rows or hand each row out once, and of views that promise more than they keep. */
import { nameKey } from '../../model/object.ts';
import { ofTable, ofView, type Rule } from '../rule.ts';
import type { Neighbours, Subject } from '../subject.ts';

const bufferLosesRows: Rule = {
  slug: 'buffer-loses-rows',
  severity: 'warning',
  title: 'A Buffer table stands before a table.',
  why: 'Rows in it are only in memory: a server that crashes loses them although the insert was acknowledged. It writes blocks in another order and of another size than they came, so that replicated tables can not tell a retried insert from a new one. Asynchronous inserts collect small inserts without either.',
  link: 'https://clickhouse.com/docs/engines/table-engines/special/buffer',
  bad: `kind: Table
database: shop
name: clicks
columns: { page_id: UInt64 }
order_by: page_id
---
kind: Table
database: shop
name: clicks_buffer
columns: { page_id: UInt64 }
engine: Buffer(shop, clicks, 16, 10, 100, 10000, 1000000, 10000000, 100000000)`,
  good: `kind: Table
database: shop
name: clicks
columns: { page_id: UInt64 }
order_by: page_id`,
  check: ofTable(({ engine }) =>
    engine === 'Buffer'
      ? [
          {
            message:
              'rows in a Buffer are lost when the server crashes; insert with `async_insert = 1` into the table itself',
            at: ['engine'],
          },
        ]
      : [],
  ),
};

const memoryLosesRows: Rule = {
  slug: 'memory-loses-rows',
  severity: 'warning',
  title: 'A declared table keeps its rows in memory only.',
  why: 'A Memory table is empty after every restart, and takes memory from queries until then. A table that is declared is meant to stay.',
  link: 'https://clickhouse.com/docs/engines/table-engines/special/memory',
  bad: `kind: Table
database: shop
name: carts
columns: { cart_id: UInt64 }
engine: Memory`,
  good: `kind: Table
database: shop
name: carts
columns: { cart_id: UInt64 }
order_by: cart_id`,
  check: ofTable(({ engine }) =>
    engine === 'Memory'
      ? [{ message: 'a Memory table is empty after every restart; make it a MergeTree', at: ['engine'] }]
      : [],
  ),
};

const logEngine: Rule = {
  slug: 'log-engine',
  severity: 'warning',
  title: 'A table is of the Log family.',
  why: 'Log, TinyLog and StripeLog have no index, no replication, no mutations and no ALTER of columns; a write locks the table, and a failed one can leave it broken. They are for tests and for data that is written once.',
  link: 'https://clickhouse.com/docs/engines/table-engines/log-family',
  bad: `kind: Table
database: shop
name: notes
columns: { note_id: UInt64, text: String }
engine: Log`,
  good: `kind: Table
database: shop
name: notes
columns: { note_id: UInt64, text: String }
order_by: note_id`,
  check: ofTable(({ engine }) =>
    /^(Log|TinyLog|StripeLog)$/.test(engine)
      ? [
          {
            message: `${engine} has no index, no replicas and no ALTER of columns; make it a MergeTree`,
            at: ['engine'],
          },
        ]
      : [],
  ),
};

/** Engines whose rows are gone when they have been read. */
const QUEUE = /^(Kafka|RabbitMQ|NATS|S3Queue|AzureQueue|FileLog)$/;

const readsOf = ({ id, view }: Subject, { at }: Neighbours): Subject[] =>
  (view?.query.reads ?? []).flatMap((path) => at(path.length > 1 ? path : [id.path[0] ?? '', ...path]) ?? []);

const TOPIC = `kind: Table
database: shop
name: orders_topic
columns: { order_id: UInt64 }
engine: Kafka('broker:9092', 'orders', 'clickhouse', 'JSONEachRow')`;

const CONSUMED = `${TOPIC}
---
kind: Table
database: shop
name: orders
columns: { order_id: UInt64 }
order_by: order_id
---
kind: MaterializedView
database: shop
name: orders_from_topic
to: orders
columns: { order_id: UInt64 }
query: SELECT order_id FROM shop.orders_topic`;

const queueWithoutView: Rule = {
  slug: 'queue-without-view',
  severity: 'warning',
  title: 'No materialized view consumes a queue.',
  why: 'Kafka, RabbitMQ, NATS and S3Queue tables hold nothing: a message is read once, by a materialized view that writes it into a table. Without one nothing is consumed, and a SELECT by hand takes messages away from everybody else.',
  link: 'https://clickhouse.com/docs/engines/table-engines/integrations/kafka',
  bad: TOPIC,
  good: CONSUMED,
  check: ofTable(({ engine }, { id }, neighbours) => {
    const isConsumed = neighbours.all.some(
      (other) =>
        other.id.kind === 'materialized view' &&
        readsOf(other, neighbours).some((read) => nameKey(read.id) === nameKey(id)),
    );
    if (!QUEUE.test(engine) || isConsumed) return [];
    const message = `nothing consumes this ${engine} table; declare a MaterializedView that reads it and writes \`to\` a table`;
    return [{ message, at: ['engine'] }];
  }),
};

const queueReadByView: Rule = {
  slug: 'queue-read-by-view',
  severity: 'warning',
  title: 'A view reads a queue.',
  why: 'A message is handed out once. Every query of the view takes messages away from the table that should get them, and shows whatever happened to arrive since the last one.',
  link: 'https://clickhouse.com/docs/engines/table-engines/integrations/kafka',
  bad: `${CONSUMED}
---
kind: View
database: shop
name: new_orders
query: SELECT order_id FROM shop.orders_topic`,
  good: `${CONSUMED}
---
kind: View
database: shop
name: new_orders
query: SELECT order_id FROM shop.orders`,
  check: ofView((_view, subject, neighbours) => {
    if (subject.id.kind !== 'view') return [];
    const queue = readsOf(subject, neighbours).find(({ table }) => QUEUE.test(table?.engine ?? ''));
    if (!queue) return [];
    const message = `every query of this view takes messages away from \`${queue.id.path.join('.')}\`; read the table that a materialized view fills from it`;
    return [{ message, at: ['query'] }];
  }),
};

const SOURCE = `kind: Table
database: shop
name: customers
columns: { customer_id: UInt64, name: String }
order_by: customer_id
---`;

const viewSelectStar: Rule = {
  slug: 'view-select-star',
  severity: 'warning',
  title: 'A view takes whatever columns there are.',
  why: 'The columns of a view are settled when it is created: columns that are added to the table are not in the view although its query seems to say so, and one that is dropped makes reading the view fail.',
  link: 'https://clickhouse.com/docs/sql-reference/statements/create/view',
  bad: `${SOURCE}
kind: View
database: shop
name: customer_names
query: SELECT * FROM shop.customers`,
  good: `${SOURCE}
kind: View
database: shop
name: customer_names
query: SELECT customer_id, name FROM shop.customers`,
  check: ofView(({ query }, { id }) =>
    id.kind === 'view' && query.takesAll
      ? [
          {
            message:
              '`*` is settled when the view is created, so that it does not follow the table; name the columns',
            at: ['query'],
          },
        ]
      : [],
  ),
};

const sqlSecurityNone: Rule = {
  slug: 'sql-security-none',
  severity: 'warning',
  title: 'A view is read without a check of rights.',
  why: 'With `SQL SECURITY NONE` whoever may read the view reads the tables behind it with the rights of nobody in particular: no row policy and no missing grant stops them. `definer` names the user whose rights count; `invoker` takes those of the reader.',
  link: 'https://clickhouse.com/docs/sql-reference/statements/create/view#sql_security',
  bad: `${SOURCE}
kind: View
database: shop
name: customer_names
sql_security: none
query: SELECT customer_id, name FROM shop.customers`,
  good: `${SOURCE}
kind: View
database: shop
name: customer_names
sql_security: invoker
query: SELECT customer_id, name FROM shop.customers`,
  check: ofView(({ sqlSecurity }) =>
    sqlSecurity === 'NONE'
      ? [
          {
            message:
              'readers of this view pass all checks of rights on the tables behind it; use `definer` with a user who has few rights, or `invoker`',
            at: ['sql_security'],
          },
        ]
      : [],
  ),
};

export const engineRules: readonly Rule[] = [
  bufferLosesRows,
  memoryLosesRows,
  logEngine,
  queueWithoutView,
  queueReadByView,
  viewSelectStar,
  sqlSecurityNone,
];
