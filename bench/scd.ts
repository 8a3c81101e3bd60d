/**
 * 1 % changed keys against a history of 9 million rows: bytes written and time of `plumbline scd load` and of dbt's snapshot
 * algorithm (rewrite and exchange), both in this run; a second load; the rate of a first load against a raw INSERT SELECT; the view
 * of what holds now against a plain table.
 */
import { loadEstate } from '../src/commands/estate-options.ts';
import { newRun } from '../src/commands/identity.ts';
import type { Server } from '../src/live/server.ts';
import { OPEN_END } from '../src/model/scd.ts';
import { formatBytes, formatCount, formatDuration } from '../src/render/units.ts';
import { type LoadReport, loadFeed } from '../src/scd/load.ts';
import { startTestEstate } from '../test/support/test-estate.ts';

const KEYS = Number(process.argv[2] ?? 1_000_000);
const TENANTS = ['acme', 'globex', 'initech'];
const CHANGED = Math.round(KEYS / 100);
const say = (line: string): void => void process.stdout.write(`${line}\n`);

const DECLARATIONS = `kind: Database
name: bench
on: test
---
kind: ScdTable
database: bench
name: customers
tenant: tenant_id
key: id
columns:
  tenant_id: LowCardinality(String)
  id: UInt64
  name: String
  status: LowCardinality(String)
  amount: Decimal(18, 2)
  phone: Nullable(String)
---
kind: Feed
name: changes
table: bench.customers
source: { table: source.changes }
tenant_column: tenant_id
valid_from: since
window: all
---
kind: Feed
name: first
table: bench.customers
source: { table: source.first }
tenant_column: tenant_id
valid_from: since
window: all
`;

const row = (amount: string): string =>
  `number AS id, 'Customer ' || toString(number) AS name, ['new', 'paying', 'late'][1 + number % 3] AS status,
   toDecimal64(${amount}, 2) AS amount, if(number % 5 = 0, NULL, '+49 30 ' || toString(number * 7)) AS phone`;

/** What statements took; merges, which run whenever they like, are stopped meanwhile. */
async function costOf(server: Server, work: () => Promise<unknown>) {
  const [since] = await server.rows<[string]>('SELECT toString(toUnixTimestamp64Micro(now64(6)))');
  const began = performance.now();
  await work();
  const milliseconds = performance.now() - began;
  await server.run('SYSTEM FLUSH LOGS');
  const [found] = await server.rows<[string, string]>(
    `SELECT toString(sum(ProfileEvents['WriteBufferFromFileDescriptorWriteBytes'])),
       toString(sum(ProfileEvents['OSCPUVirtualTimeMicroseconds'])) FROM system.query_log
     WHERE type = 'QueryFinish' AND query_start_time_microseconds >= fromUnixTimestamp64Micro(toInt64(${since?.[0]}))`,
  );
  return { milliseconds, bytes: Number(found?.[0]), processor: Number(found?.[1]) / 1000 };
}

async function fastest(work: () => Promise<unknown>): Promise<number> {
  let best = Number.POSITIVE_INFINITY;
  for (let run = 0; run < 7; run++) {
    const began = performance.now();
    await work();
    best = Math.min(best, performance.now() - began);
  }
  return best;
}

/** Three versions of each key, as loads would have written them. */
async function fill(server: Server): Promise<void> {
  for (const tenant of TENANTS) {
    for (const version of [1, 2, 3]) {
      const [from, to] = [version, version + 1].map(
        (month) => `toDateTime64('2026-0${month}-01 00:00:00', 3)`,
      );
      await server.run(
        `INSERT INTO bench.customers (tenant_id, id, name, status, amount, phone, effective_date, expiry_date, is_current, record_version)
         SELECT '${tenant}', ${row(`number % 1000 + ${version}`)}, ${from}, ${version === 3 ? OPEN_END : to}, ${version === 3}, ${version}
         FROM numbers(${KEYS})`,
      );
    }
  }
  for (const tenant of TENANTS)
    await server.run(`OPTIMIZE TABLE bench.customers PARTITION '${tenant}' FINAL`);
  await server.run('SYSTEM STOP MERGES');
  await server.run('CREATE DATABASE source');
  await server.run(
    'CREATE TABLE source.changes (tenant_id LowCardinality(String), id UInt64, name String, status LowCardinality(String), amount Decimal(18, 2), phone Nullable(String), since DateTime64(3)) ENGINE = MergeTree ORDER BY (tenant_id, id)',
  );
  for (const tenant of TENANTS) {
    await server.run(
      `INSERT INTO source.changes SELECT '${tenant}', ${row('number % 1000 + 50')}, toDateTime64('2026-05-01 00:00:00', 3) FROM (SELECT number * 100 AS number FROM numbers(${CHANGED}))`,
    );
  }
}

const COLUMNS = 'tenant_id, id, name, status, amount, phone';

/** As dbt-clickhouse does it: what changed is staged, the whole table is written anew with it, and the two change names. */
async function dbtSnapshot(server: Server): Promise<void> {
  const hash = 'cityHash64(tuple(name, status, amount, phone))';
  await server.run(
    `CREATE TABLE bench.staged ENGINE = MergeTree ORDER BY (tenant_id, id) AS
     SELECT s.* FROM source.changes AS s INNER JOIN (SELECT tenant_id, id, ${hash} AS h FROM bench.snapshot WHERE valid_to IS NULL) AS t USING (tenant_id, id)
     WHERE cityHash64(tuple(s.name, s.status, s.amount, s.phone)) != t.h`,
  );
  await server.run('CREATE TABLE bench.rewritten AS bench.snapshot');
  await server.run(
    `INSERT INTO bench.rewritten SELECT ${COLUMNS}, valid_from, if(valid_to IS NULL AND c.since > toDateTime64('2000-01-01 00:00:00', 3), c.since, valid_to)
     FROM bench.snapshot AS t LEFT JOIN (SELECT tenant_id, id, since FROM bench.staged) AS c USING (tenant_id, id)`,
  );
  await server.run(`INSERT INTO bench.rewritten SELECT ${COLUMNS}, since, NULL FROM bench.staged`);
  await server.run('EXCHANGE TABLES bench.snapshot AND bench.rewritten');
  await server.run('DROP TABLE bench.rewritten SYNC');
  await server.run('DROP TABLE bench.staged SYNC');
}

const estate = await startTestEstate();
try {
  const [server] = estate.sql;
  if (!server) throw new Error('no server');
  await estate.write({ 'bench.yaml': DECLARATIONS });
  await estate.apply();
  const { scd: [scd] = [], feeds = [] } = await loadEstate(estate.folder);
  if (!scd) throw new Error('no ScdTable');
  const load = async (tenant: string, name: string): Promise<LoadReport> => {
    const feed = feeds.find((one) => one.name === name);
    if (!feed) throw new Error(`no feed ${name}`);
    const identity = await newRun(estate.folder);
    return loadFeed({
      cluster: 'test',
      server,
      scd,
      feed,
      tenant,
      identity,
      lockSeconds: 60,
      watch: () => {},
    });
  };
  const loadAll = async (name: string): Promise<number> => {
    let written = 0;
    for (const tenant of TENANTS) written += (await load(tenant, name)).record.written;
    return written;
  };
  await fill(server);
  await server.run(
    `CREATE TABLE bench.snapshot ENGINE = MergeTree ORDER BY (tenant_id, id, valid_from) AS
     SELECT ${COLUMNS}, effective_date AS valid_from, if(is_current, NULL, expiry_date) AS valid_to FROM bench.customers`,
  );
  say(`history: ${formatCount(9 * KEYS)} rows of 3 tenants; changes: ${formatCount(3 * CHANGED)} keys`);
  let written = 0;
  const own = await costOf(server, async () => {
    written = await loadAll('changes');
  });
  const dbt = await costOf(server, () => dbtSnapshot(server));
  const line = (name: string, { milliseconds, bytes, processor }: typeof own): string =>
    `  ${name.padEnd(28)}${formatDuration(milliseconds).padStart(10)}${formatDuration(processor).padStart(10)} of processors${formatBytes(bytes).padStart(12)}`;
  say(line('plumbline, three loads', own));
  say(line('dbt: rewrite and exchange', dbt));
  say(
    `  ${(dbt.bytes / own.bytes).toFixed(1)} times fewer bytes, ${(dbt.milliseconds / own.milliseconds).toFixed(1)} times faster, ${(dbt.processor / own.processor).toFixed(1)} times less of the processors; ${formatCount(written)} rows written`,
  );
  const again = await costOf(server, async () => {
    written = await loadAll('changes');
  });
  say(
    `the same loads again: ${formatCount(written)} rows written, ${formatDuration(again.milliseconds)}, ${formatBytes(again.bytes)}`,
  );

  await server.run(
    `CREATE TABLE source.first ENGINE = MergeTree ORDER BY (tenant_id, id) AS
     SELECT 'umbrella'::LowCardinality(String) AS tenant_id, ${row('number % 1000')}, toDateTime64('2026-01-01 00:00:00', 3) AS since FROM numbers(${KEYS})`,
  );
  await server.run('CREATE TABLE bench.raw ENGINE = MergeTree ORDER BY (tenant_id, id) AS source.first');
  const raw = await costOf(server, () => server.run('INSERT INTO bench.raw SELECT * FROM source.first'));
  const first = await costOf(server, () => load('umbrella', 'first'));
  const rate = ({ milliseconds }: typeof raw): string =>
    `${formatCount(Math.round((KEYS / milliseconds) * 1000))} rows/s`;
  say(
    `first load of ${formatCount(KEYS)} rows: ${rate(first)}; raw INSERT SELECT: ${rate(raw)}; ${(first.milliseconds / raw.milliseconds).toFixed(1)} times the time`,
  );

  await server.run(
    `CREATE TABLE bench.plain ENGINE = MergeTree PARTITION BY tenant_id ORDER BY (tenant_id, id) AS SELECT ${COLUMNS}, effective_date FROM bench.customers_current`,
  );
  for (const question of ['count(), sum(amount)', 'status, count(), sum(amount), uniq(name)']) {
    const ask = (table: string) =>
      server.rows(
        `SELECT ${question} FROM bench.${table} WHERE tenant_id = 'acme'${question.startsWith('status') ? ' GROUP BY status' : ''}`,
      );
    const [view, plain] = [await fastest(() => ask('customers_current')), await fastest(() => ask('plain'))];
    say(
      `view of one tenant, ${question}: ${formatDuration(view)}; plain table: ${formatDuration(plain)}; ${(view / plain).toFixed(2)} times`,
    );
  }
  await server.run('SYSTEM START MERGES');
  await server.run("OPTIMIZE TABLE bench.customers PARTITION 'acme' FINAL");
  const merged = await fastest(() =>
    server.rows("SELECT count(), sum(amount) FROM bench.customers_current WHERE tenant_id = 'acme'"),
  );
  say(`view of one tenant, its partition merged: ${formatDuration(merged)}`);
} finally {
  await estate.stop();
}
