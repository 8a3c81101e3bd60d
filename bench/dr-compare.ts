/**
 * How long comparing two sites takes over the raw digests of both, in one run: a table of 10 M rows, one changed row in it, and a
 * second look at 1,000 partitions that nobody touched.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { compareSites } from '../src/dr/compare-sites.ts';
import type { CompareOptions } from '../src/dr/compare-table.ts';
import type { TableComparison } from '../src/dr/comparison.ts';
import type { Site } from '../src/dr/site.ts';
import { freePorts } from '../src/embedded/free-ports.ts';
import { startServer } from '../src/embedded/server.ts';
import { readFacts, readNode } from '../src/live/read.ts';
import type { Server } from '../src/live/server.ts';
import { openSettled } from '../src/live/settled.ts';
import { connectLocal } from '../test/support/connect-local.ts';

const ROWS = Number(process.env.ROWS ?? 10_000_000);
const PARTITIONS = 1000;
const ROUNDS = 5;
const say = (line: string): void => void process.stdout.write(`${line}\n`);

const TELEMETRY = `CREATE TABLE bench.telemetry (tenant LowCardinality(String), device String, ts DateTime64(3),
  metric LowCardinality(String), value Float64, tags Map(LowCardinality(String), String), note Nullable(UInt32), seq UInt64)
  ENGINE = MergeTree PARTITION BY toYYYYMMDD(ts, 'UTC') ORDER BY (tenant, device, ts)`;
const FILL = `INSERT INTO bench.telemetry SELECT concat('t', toString(number % 20)), concat('device-', toString(cityHash64(number) % 1000)),
  toDateTime64('2026-01-01 00:00:00', 3, 'UTC') + number * (86400 / ${ROWS}), 'cpu', (cityHash64(number, 1) % 1000000) / 7,
  map('host', toString(number % 100)), if(number % 10 = 0, NULL, number), number FROM numbers(${ROWS})`;
const RAW = 'SELECT count(), sum(cityHash64(tuple(*))) FROM bench.telemetry';

const MANY = `CREATE TABLE bench.many (p UInt32, k UInt32, v String) ENGINE = MergeTree PARTITION BY p ORDER BY k`;
const FILL_MANY = `INSERT INTO bench.many SELECT number % ${PARTITIONS}, number, 'x' FROM numbers(${PARTITIONS * 10})`;

const median = (values: readonly number[]): number =>
  [...values].sort((a, b) => a - b)[values.length >> 1] ?? 0;

async function timed<T>(work: () => Promise<T>): Promise<{ seconds: number; value: T }> {
  const began = performance.now();
  const value = await work();
  return { seconds: (performance.now() - began) / 1000, value };
}

async function siteOf(server: Server): Promise<Site> {
  const { state } = await readNode(server, await readFacts(server, 10_000));
  return { server, state };
}

/** Rows that SELECTs from the table have read on both servers since the last time it was asked. */
function reader(servers: readonly Server[], table: string): () => Promise<number> {
  let before = 0;
  return async () => {
    let rows = 0;
    for (const server of servers) {
      await server.run('SYSTEM FLUSH LOGS');
      const [row] = await server.rows<[string]>(
        `SELECT toString(sum(read_rows)) FROM system.query_log
         WHERE type = 'QueryFinish' AND query_kind = 'Select' AND has(tables, '${table}')`,
      );
      rows += Number(row?.[0]);
    }
    const read = rows - before;
    before = rows;
    return read;
  };
}

const folder = await mkdtemp(join(tmpdir(), 'plumbline-bench-'));
const ports = await freePorts(4);
const servers = await Promise.all(
  ['active', 'passive'].map((name, at) =>
    startServer({
      name,
      folder: join(folder, name),
      httpPort: ports[at * 2] ?? 0,
      nativePort: ports[at * 2 + 1] ?? 0,
    }),
  ),
);
const sql = servers.map(({ name, httpPort, nativePort }) => connectLocal(httpPort, { name, nativePort }));

let memory = 0;
let sites: Site[] = [];
async function compare(table: string, options: Partial<CompareOptions> = {}): Promise<TableComparison> {
  const [active, passive] = sites;
  if (!active || !passive) throw new Error('no two sites');
  const { tables } = await compareSites(active, passive, [['bench', table]], {
    depth: 'digest',
    hotSeconds: 0,
    proven: openSettled(join(folder, `proven-${memory++}.json`)),
    ...options,
  });
  if (!tables[0]) throw new Error('nothing was compared');
  return tables[0];
}

const count = ({ partitions }: TableComparison, verdict: string): number =>
  partitions.filter((one) => one.verdict === verdict).length;

try {
  for (const server of sql) {
    await server.run('CREATE DATABASE bench');
    for (const statement of [TELEMETRY, FILL, 'OPTIMIZE TABLE bench.telemetry FINAL', MANY])
      await server.run(statement);
    await server.run(FILL_MANY, { settings: { max_partitions_per_insert_block: '0' } });
  }
  sites = await Promise.all(sql.map(siteOf));
  const raws: number[] = [];
  const costs: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    raws.push((await timed(() => Promise.all(sql.map((server) => server.rows(RAW))))).seconds);
    const { seconds, value } = await timed(() => compare('telemetry'));
    if (count(value, 'equal') !== 1) throw new Error('not equal');
    costs.push(seconds);
  }
  const [raw, cost] = [median(raws), median(costs)];
  say(`2 × ${ROWS} rows`);
  say(`  raw digests of both sites     ${raw.toFixed(2)} s`);
  say(`  compare                       ${cost.toFixed(2)} s   speed × ${(raw / cost).toFixed(2)}`);

  await sql[1]?.run(
    'ALTER TABLE bench.telemetry UPDATE value = value + 1 WHERE seq = 1234567 SETTINGS mutations_sync = 2',
  );
  const found = await timed(() => compare('telemetry'));
  const [partition] = found.value.partitions;
  const rows = partition?.differences.reduce((sum, one) => sum + one.active.rows, 0) ?? 0;
  say(
    `  one changed row found         ${found.seconds.toFixed(2)} s   in ${partition?.differences.length} ranges of ${rows} rows: ` +
      `${partition?.differences.map(({ range }) => range).join('; ')}`,
  );

  const read = reader(sql, 'bench.many');
  const file = join(folder, 'proven.json');
  const first = await timed(() => compare('many', { proven: openSettled(file) }));
  const firstRows = await read();
  const again = await timed(() => compare('many', { proven: openSettled(file) }));
  say(`${PARTITIONS} partitions of 10 rows`);
  say(`  first look                    ${first.seconds.toFixed(2)} s   ${firstRows} rows read`);
  say(
    `  second look                   ${again.seconds.toFixed(2)} s   ${await read()} rows read, ${count(again.value, 'equal')} equal`,
  );
} finally {
  await Promise.all(sql.map((server) => server.close()));
  await Promise.all(servers.map((server) => server.stop()));
  await rm(folder, { recursive: true, force: true });
}
