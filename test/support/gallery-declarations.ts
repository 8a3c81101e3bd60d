/** The declarations from which the gallery of comments is made: a small shop on two clusters, and the ways in which it changes. */

const node = (name: string) => `  - replicas: [{ host: ${name} }]`;

/** A cluster's file; a shard for each host. */
export function clusterYaml(name: string, version: string, hosts: readonly string[]): string {
  const lines = [`kind: Cluster`, `name: ${name}`, `edition: community`, `version: "${version}"`, 'shards:'];
  return `${[...lines, ...hosts.map(node)].join('\n')}\n`;
}

export const CLUSTERS = {
  'analytics.yaml': clusterYaml('analytics', '26.7', [
    'clickhouse-1.analytics.internal',
    'clickhouse-2.analytics.internal',
  ]),
  'archive.yaml': clusterYaml('archive', '26.7', ['clickhouse.archive.internal']),
};

const DATABASE = `kind: Database
name: shop
on: [analytics, archive]
comment: Orders and what follows from them
prune: true
`;

const ORDERS = `kind: Table
database: shop
name: orders
comment: One row per order
columns:
  order_id: UInt64
  customer_id: UInt64
  ordered_at: { type: DateTime, codec: "Delta, ZSTD" }
  status: LowCardinality(String)
  items: UInt16
  total: Decimal(18, 2)
  note: { type: String, comment: Free text of the customer }
partition_by: toYYYYMM(ordered_at)
order_by: [customer_id, order_id]
`;

const SESSIONS = `kind: Table
database: shop
name: sessions
on: analytics
columns:
  session_id: UUID
  customer_id: UInt64
  began_at: DateTime
order_by: [customer_id, began_at]
ttl: began_at + INTERVAL 60 YEAR
`;

const REVENUE = `kind: Table
database: shop
name: revenue
on: analytics
columns:
  hour: DateTime
  status: LowCardinality(String)
  orders: UInt64
  total: Decimal(38, 2)
engine: SummingMergeTree
order_by: [status, hour]
`;

const REVENUE_VIEW = `kind: MaterializedView
database: shop
name: orders_to_revenue
on: analytics
to: revenue
columns:
  hour: DateTime
  status: LowCardinality(String)
  orders: UInt64
  total: Decimal(38, 2)
query: |
  SELECT toStartOfHour(ordered_at) AS hour, status, count() AS orders, sum(total) AS total
  FROM shop.orders
  WHERE status != 'draft'
  GROUP BY hour, status
`;

const ALL_ORDERS = `kind: Table
database: shop
name: all_orders
on: analytics
columns: { order_id: UInt64, customer_id: UInt64, total: "Decimal(18, 2)" }
engine: Merge(shop, '^orders$')
`;

const CUSTOMERS = `kind: View
database: shop
name: customers
query: |
  SELECT customer_id, count() AS orders, sum(total) AS spent
  FROM shop.orders
  GROUP BY customer_id
`;

const OLD_YEARS = `kind: Table
database: shop
name: orders_before_2020
on: archive
columns: { order_id: UInt64, ordered_at: DateTime }
order_by: order_id
`;

const BASE = {
  'database.yaml': DATABASE,
  'orders.yaml': [ORDERS, CUSTOMERS, ALL_ORDERS].join('---\n'),
  'sessions.yaml': SESSIONS,
  'revenue.yaml': [REVENUE, REVENUE_VIEW].join('---\n'),
  'archive.yaml': OLD_YEARS,
};

export type Schemas = Readonly<Record<string, string>>;

function changed(
  file: keyof typeof BASE,
  ...pairs: readonly (readonly [from: string, to: string])[]
): Schemas {
  const text = pairs.reduce((now, [from, to]) => {
    if (!now.includes(from)) throw new Error(`${file} does not say: ${from}`);
    return now.replace(from, () => to);
  }, BASE[file]);
  return { ...BASE, [file]: text };
}

const { 'sessions.yaml': _sessions, ...WITHOUT_SESSIONS } = BASE;

const hostile = (name: string): string => `kind: Table
database: shop
name: ${JSON.stringify(name)}
comment: ${JSON.stringify(`@everyone ${name}`)}
columns:
  ${JSON.stringify(name)}: { type: UInt64, comment: "</details> **bold** #1" }
order_by: ${JSON.stringify(`\`${name.replace(/[\\`]/g, '\\$&')}\``)}
`;

const HOSTILE_NAMES = [
  '</summary></details>\n# Approved by @maintainers',
  '``` `` ` \n\n```sql',
  '[click](https://evil.example) ![x](https://evil.example/x.png)',
  '::error file=x::owned ##[group]x',
  '\u202edeworra \u200b\u001b[31mred',
];

const tables = (count: number, more = ''): string =>
  Array.from(
    { length: count },
    (_, at) => `kind: Table
database: shop
name: import_${String(at + 1).padStart(3, '0')}
on: archive
columns:
  order_id: UInt64
  imported_at: { type: DateTime64(3), codec: "Delta, ZSTD" }
  source: LowCardinality(String)
  payload: { type: String, codec: ZSTD(6), comment: The order as the source ${at + 1} sent it }${more}
partition_by: toYYYYMM(imported_at)
order_by: [source, order_id]
ttl: toDateTime(imported_at) + INTERVAL 2 YEAR
`,
  ).join('---\n');

/** What \`schemas/\` says, by the shape of the comment that it leads to. */
export const SCHEMAS = {
  base: BASE,
  query: {
    ...changed(
      'revenue.yaml',
      ["WHERE status != 'draft'", "WHERE status NOT IN ('draft', 'cancelled') AND total > 0"],
      ['count() AS orders', 'uniqExact(order_id) AS orders'],
    ),
    'orders.yaml': BASE['orders.yaml'].replace(
      '  note:',
      '  channel: { type: LowCardinality(String), default: "\'web\'" }\n  note:',
    ),
  },
  mutation: changed('orders.yaml', ['items: UInt16', 'items: UInt32']),
  rebuild: changed('orders.yaml', ["'^orders$'", "'^orders(_archive)?$'"]),
  destructive: {
    ...WITHOUT_SESSIONS,
    'orders.yaml': BASE['orders.yaml'].replace(/ {2}note: .*\n/, ''),
  },
  manual: changed('orders.yaml', ['items: UInt16', 'items: "AggregateFunction(sum, UInt64)"']),
  key: changed('orders.yaml', ['toYYYYMM(ordered_at)', 'toYear(ordered_at)']),
  refused: changed(
    'orders.yaml',
    ['total: Decimal(18, 2)', 'total: Decimal(180, 2)'],
    ['count() AS orders', 'countt() AS orders'],
  ),
  lint: {
    ...BASE,
    'visits.yaml': `kind: Table
database: shop
name: visits
on: analytics
columns:
  visit_id: String
  visited_at: DateTime
  client_ip: String
  country: String
  page:
    type: LowCardinality(String)
partition_by: toStartOfHour(visited_at)
order_by: [visited_at, visit_id]
lint:
  ignore:
    sorting-key-starts-unique: visits are only ever asked for by their time
`,
  },
  mistakes: changed(
    'sessions.yaml',
    ['order_by:', 'ordered_by:'],
    ['name: sessions', 'name: sessions\ndatabse: shop'],
  ),
  mixed: changed('archive.yaml', ['order_id: UInt64,', 'order_id: UInt64, note: String,']),
  many: { ...BASE, 'imports.yaml': tables(110) },
  hostile: { ...BASE, 'hostile.yaml': HOSTILE_NAMES.map(hostile).join('---\n') },
} satisfies Readonly<Record<string, Schemas>>;
