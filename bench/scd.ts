/**
 * 1 % changed keys against a history of 9 million rows of companies: bytes written, time and processor time of `plumbline scd load`
 * and of dbt's snapshot, in turns, in this run; a second load; the rate of a first load against a raw INSERT SELECT; the view of
 * what holds now against plain tables. Arguments: keys of a tenant; `statements` to list what a load sends.
 */
import { loadEstate } from '../src/commands/estate-options.ts';
import { newRun } from '../src/commands/identity.ts';
import type { Server } from '../src/live/server.ts';
import { OPEN_END } from '../src/model/scd.ts';
import { formatBytes, formatCount, formatDuration } from '../src/render/units.ts';
import { loadFeed } from '../src/scd/load.ts';
import { startTestEstate } from '../test/support/test-estate.ts';
import { COLUMNS, companies, TYPES } from './scd-data.ts';
import { dbtSnapshot, makeSnapshot } from './scd-dbt.ts';

const KEYS = Number(process.argv[2] ?? 1_000_000);
const TENANTS = ['acme', 'globex', 'initech'];
const ROUNDS = 3;
const CHANGED = Math.round(KEYS / 100);
const say = (line: string): void => void process.stdout.write(`${line}\n`);

const feedOf = (name: string): string => `---
kind: Feed
name: ${name}
table: bench.companies
source: { table: source.${name} }
tenant_column: tenant_id
valid_from: updated_at
window: all
`;

const DECLARATIONS = `kind: Database
name: bench
on: test
---
kind: ScdTable
database: bench
name: companies
tenant: tenant_id
key: company_id
columns:
  tenant_id: LowCardinality(String)
  ${TYPES.replace(/,\s+(?=\w+ [A-Z])/g, '\n  ').replace(/^( *\w+) /gm, '$1: ')}
ignored: [updated_at]
${Array.from({ length: ROUNDS }, (_, round) => feedOf(`changes_${round}`)).join('')}${feedOf('first')}`;

const day = (month: number): string => `toDateTime64('2026-0${month}-01 00:00:00', 3)`;

interface Cost {
  readonly milliseconds: number;
  readonly bytes: number;
  /** Milliseconds. */
  readonly processor: number;
}

/** What statements took; merges, which run whenever they like, are stopped meanwhile. */
async function costOf(
  server: Server,
  work: () => Promise<unknown>,
): Promise<Cost & { readonly since: string }> {
  const [clock] = await server.rows<[string]>('SELECT toString(toUnixTimestamp64Micro(now64(6)))');
  const since = `query_start_time_microseconds >= fromUnixTimestamp64Micro(toInt64(${clock?.[0]}))`;
  const began = performance.now();
  await work();
  const milliseconds = performance.now() - began;
  await server.run('SYSTEM FLUSH LOGS');
  const [found] = await server.rows<[string, string]>(
    `SELECT toString(sum(ProfileEvents['WriteBufferFromFileDescriptorWriteBytes'])),
       toString(sum(ProfileEvents['OSCPUVirtualTimeMicroseconds'])) FROM system.query_log
     WHERE type = 'QueryFinish' AND ${since}`,
  );
  return { milliseconds, bytes: Number(found?.[0]), processor: Number(found?.[1]) / 1000, since };
}

async function listStatements(server: Server, since: string): Promise<void> {
  const rows = await server.rows<[string, number, number, number, string]>(
    `SELECT toString(query_duration_ms), toUInt32(ProfileEvents['OSCPUVirtualTimeMicroseconds'] / 1000), toUInt32(read_rows),
       toUInt32(ProfileEvents['WriteBufferFromFileDescriptorWriteBytes']), replaceRegexpAll(trim(substring(query, 1, 400)), '\\\\s+', ' ')
     FROM system.query_log WHERE type = 'QueryFinish' AND ${since} ORDER BY event_time_microseconds`,
  );
  for (const [time, processor, read, bytes, text] of rows)
    say(
      `    ${time} ms, ${processor} ms of processors, ${formatCount(read)} rows read, ${formatBytes(bytes)} written: ${text.slice(0, 110)}`,
    );
}

const least = (costs: readonly Cost[], what: keyof Cost): number =>
  Math.min(...costs.map((cost) => cost[what]));
const best = (costs: readonly Cost[]): Cost => ({
  milliseconds: least(costs, 'milliseconds'),
  bytes: least(costs, 'bytes'),
  processor: least(costs, 'processor'),
});

/** Three versions of each key, as loads would have written them. */
async function fill(server: Server): Promise<void> {
  for (const tenant of TENANTS) {
    for (const version of [1, 2, 3]) {
      const [from, to] = [day(version), version === 3 ? OPEN_END : day(version + 1)];
      await server.run(
        `INSERT INTO bench.companies (tenant_id, ${COLUMNS}, effective_date, expiry_date, is_current, record_version)
         SELECT '${tenant}', *, ${from}, ${to}, ${version === 3}, ${version} FROM (${companies(tenant, version, from)} FROM numbers(${KEYS}))`,
      );
    }
    await server.run(`OPTIMIZE TABLE bench.companies PARTITION '${tenant}' FINAL`);
  }
  await server.run('SYSTEM STOP MERGES');
  await server.run('CREATE DATABASE source');
  for (let round = 0; round < ROUNDS; round++) {
    await server.run(
      `CREATE TABLE source.changes_${round} (tenant_id LowCardinality(String), ${TYPES}) ENGINE = MergeTree ORDER BY (tenant_id, company_id)`,
    );
    for (const tenant of TENANTS) {
      await server.run(
        `INSERT INTO source.changes_${round} SELECT '${tenant}', * FROM (${companies(tenant, 4, day(5))}
         FROM (SELECT number * 100 + ${round} AS number FROM numbers(${CHANGED})))`,
      );
    }
  }
}

const estate = await startTestEstate();
try {
  const [server] = estate.sql;
  if (!server) throw new Error('no server');
  await estate.write({ 'bench.yaml': DECLARATIONS });
  await estate.apply();
  const { scd: [scd] = [], feeds = [] } = await loadEstate(estate.folder);
  if (!scd) throw new Error('no ScdTable');
  const load = async (tenant: string, name: string): Promise<number> => {
    const feed = feeds.find((one) => one.name === name);
    if (!feed) throw new Error(`no feed ${name}`);
    const identity = await newRun(estate.folder);
    const asked = { cluster: 'test', server, scd, feed, tenant, identity, lockSeconds: 60, watch: () => {} };
    return (await loadFeed(asked)).record.written;
  };
  const loadAll = async (name: string): Promise<number> => {
    let written = 0;
    for (const tenant of TENANTS) written += await load(tenant, name);
    return written;
  };
  await fill(server);
  await makeSnapshot(server);
  say(
    `history: ${formatCount(9 * KEYS)} rows of 3 tenants; changes: ${formatCount(3 * CHANGED)} keys; best of ${ROUNDS}, in turns`,
  );
  const owns: Cost[] = [];
  const dbts: Cost[] = [];
  let written = 0;
  for (let round = 0; round < ROUNDS; round++) {
    const own = await costOf(server, async () => {
      written = await loadAll(`changes_${round}`);
    });
    owns.push(own);
    if (process.argv[3] === 'statements' && round === ROUNDS - 1) await listStatements(server, own.since);
    const dbt = await costOf(server, () => dbtSnapshot(server, `source.changes_${round}`));
    dbts.push(dbt);
    if (process.argv[3] === 'statements' && round === ROUNDS - 1) await listStatements(server, dbt.since);
  }
  const [own, dbt] = [best(owns), best(dbts)];
  const line = (name: string, { milliseconds, bytes, processor }: Cost): string =>
    `  ${name.padEnd(28)}${formatDuration(milliseconds).padStart(10)}${formatDuration(processor).padStart(10)} of processors${formatBytes(bytes).padStart(12)}`;
  say(line('plumbline, three loads', own));
  say(line('dbt snapshot', dbt));
  say(
    `  ${(dbt.bytes / own.bytes).toFixed(1)} times fewer bytes, ${(dbt.milliseconds / own.milliseconds).toFixed(1)} times faster, ${(dbt.processor / own.processor).toFixed(1)} times less of the processors; ${formatCount(written)} rows written`,
  );
  const again = await costOf(server, async () => {
    written = await loadAll('changes_0');
  });
  say(
    `the same loads again: ${formatCount(written)} rows written, ${formatDuration(again.milliseconds)}, ${formatBytes(again.bytes)}`,
  );

  await server.run(
    `CREATE TABLE source.first (tenant_id LowCardinality(String), ${TYPES}) ENGINE = MergeTree ORDER BY (tenant_id, company_id)`,
  );
  await server.run(
    `INSERT INTO source.first SELECT 'umbrella', * FROM (${companies('umbrella', 1, day(1))} FROM numbers(${KEYS}))`,
  );
  const raws: Cost[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    await server.run(
      'CREATE OR REPLACE TABLE bench.raw ENGINE = MergeTree ORDER BY (tenant_id, company_id) EMPTY AS SELECT * FROM source.first',
    );
    raws.push(await costOf(server, () => server.run('INSERT INTO bench.raw SELECT * FROM source.first')));
  }
  const firsts: Cost[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    await server.run("ALTER TABLE bench.companies DROP PARTITION 'umbrella'");
    const first = await costOf(server, () => load('umbrella', 'first'));
    firsts.push(first);
    if (process.argv[3] === 'statements' && round === ROUNDS - 1) await listStatements(server, first.since);
  }
  const [raw, first] = [best(raws), best(firsts)];
  const rate = ({ milliseconds }: Cost): string =>
    `${formatCount(Math.round((KEYS / milliseconds) * 1000))} rows/s`;
  say(
    `first load of ${formatCount(KEYS)} rows: ${rate(first)}, ${formatDuration(first.processor)} of processors; raw INSERT SELECT: ${rate(raw)}, ${formatDuration(raw.processor)}; ${(raw.milliseconds / first.milliseconds).toFixed(2)} of its rate`,
  );
  await viewOfOne(server);
} finally {
  await estate.stop();
}

/**
 * Quiet repeats of questions to the view, to a plain table with the same rows, and to one that has the current ones alone, before
 * the tenant's partition is merged and after.
 */
async function viewOfOne(server: Server): Promise<void> {
  await server.run(
    `CREATE TABLE bench.current_only ENGINE = MergeTree PARTITION BY tenant_id ORDER BY (tenant_id, company_id) AS SELECT tenant_id, ${COLUMNS}, effective_date FROM bench.companies_current WHERE tenant_id = 'acme'`,
  );
  await server.run(
    `CREATE TABLE bench.plain ENGINE = MergeTree PARTITION BY tenant_id ORDER BY (tenant_id, company_id, effective_date) AS SELECT * FROM bench.companies FINAL WHERE tenant_id = 'acme'`,
  );
  const questions = [
    'SELECT count(), sum(annual_revenue)',
    'SELECT status, count(), sum(annual_revenue), uniq(name)',
    "SELECT industry, count(), avg(number_of_employees), countIf(domain LIKE '%.io')",
  ];
  const ask = async (table: string, question: string, where = ''): Promise<Cost> => {
    const costs: Cost[] = [];
    const by = question.split(/[ ,]/)[1] ?? '';
    for (let run = 0; run < 7; run++)
      costs.push(
        await costOf(server, () =>
          server.rows(
            `${question} FROM bench.${table} WHERE tenant_id = 'acme'${where}${by.includes('(') ? '' : ` GROUP BY ${by}`}`,
          ),
        ),
      );
    return best(costs);
  };
  const compare = async (state: string): Promise<void> => {
    for (const question of questions) {
      const view = await ask('companies_current', question);
      const [plain, alone] = [
        await ask('plain', question, ' AND is_current'),
        await ask('current_only', question),
      ];
      const times = (other: Cost): string =>
        `${(view.milliseconds / other.milliseconds).toFixed(2)} times its time, ${(view.processor / other.processor).toFixed(2)} times its processors`;
      say(`view of one tenant, ${state}: ${formatDuration(view.milliseconds)}: ${question}`);
      say(`  a plain table with the same rows: ${formatDuration(plain.milliseconds)}; ${times(plain)}`);
      say(`  one with the current rows alone: ${formatDuration(alone.milliseconds)}; ${times(alone)}`);
    }
  };
  await compare(`${ROUNDS} loads unmerged`);
  await server.run('SYSTEM START MERGES');
  await server.run("OPTIMIZE TABLE bench.companies PARTITION 'acme' FINAL");
  await compare('merged');
}
