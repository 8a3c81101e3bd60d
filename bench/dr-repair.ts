/**
 * What a repair costs over a bare INSERT … SELECT from the other site, in one run: a partition of 10 M rows that is missing, and
 * one row of it that differs; beside them dropping the partition and inserting it again.
 */
import type { Server } from '../src/live/server.ts';
import { repairTables, startRepairSites } from '../test/support/dr-repair-sites.ts';

const ROWS = Number(process.env.ROWS ?? 10_000_000);
const ROUNDS = Number(process.env.ROUNDS ?? 3);
const say = (line: string): void => void process.stdout.write(`${line}\n`);

const TELEMETRY = `CREATE TABLE dr.telemetry (tenant LowCardinality(String), device String, ts DateTime64(3),
  metric LowCardinality(String), value Float64, tags Map(LowCardinality(String), String), note Nullable(UInt32), seq UInt64)
  ENGINE = MergeTree PARTITION BY toYYYYMMDD(ts, 'UTC') ORDER BY (tenant, device, ts)`;
const FILL = `INSERT INTO dr.telemetry SELECT concat('t', toString(number % 20)), concat('device-', toString(cityHash64(number) % 1000)),
  toDateTime64('2026-01-01 00:00:00', 3, 'UTC') + number * (86400 / ${ROWS}), 'cpu', (cityHash64(number, 1) % 1000000) / 7,
  map('host', toString(number % 100)), if(number % 10 = 0, NULL, number), number FROM numbers(${ROWS})`;
const COPY = `INSERT INTO dr.telemetry SELECT * FROM cluster('other', 'dr', 'telemetry') SETTINGS max_insert_threads = 2, max_threads = 2`;
const NAIVE = `INSERT INTO dr.telemetry SELECT * FROM cluster('other', 'dr', 'telemetry')`;

const median = (values: readonly number[]): number =>
  [...values].sort((a, b) => a - b)[values.length >> 1] ?? 0;

async function seconds(work: () => Promise<unknown>): Promise<number> {
  const began = performance.now();
  await work();
  return (performance.now() - began) / 1000;
}

/** Bytes that INSERTs of the passive site have received from the active one since the last time it was asked. */
function wire(server: Server): () => Promise<number> {
  let before = 0;
  return async () => {
    await server.run('SYSTEM FLUSH LOGS');
    const [row] = await server.rows<[string]>(
      `SELECT toString(sum(ProfileEvents['NetworkReceiveBytes'])) FROM system.query_log
       WHERE type = 'QueryFinish' AND query_kind = 'Insert' AND has(tables, '_table_function.cluster')`,
    );
    const bytes = Number(row?.[0]) - before;
    before += bytes;
    return bytes;
  };
}

const sites = await startRepairSites();
try {
  const { active, passive } = sites;
  await sites.run(TELEMETRY);
  await active.run(FILL);
  await active.run('OPTIMIZE TABLE dr.telemetry FINAL');
  const received = wire(passive);
  const empty = (): Promise<void> => passive.run('TRUNCATE TABLE dr.telemetry SYNC');
  /** The comparison is not counted: `dr compare` is measured by itself. */
  const repair = async (): Promise<{ seconds: number; whole: number }> => {
    let planned = 0;
    const began = performance.now();
    const { done, errors } = await repairTables(sites, ['telemetry'], {
      planned: async () => {
        planned = performance.now();
      },
    });
    if (done.length !== 1) throw new Error(`nothing was repaired: ${JSON.stringify(errors)}`);
    return { seconds: (performance.now() - planned) / 1000, whole: (performance.now() - began) / 1000 };
  };
  const times = {
    raw: [] as number[],
    full: [] as number[],
    naive: [] as number[],
    row: [] as number[],
    compared: [] as number[],
  };
  const bytes = { full: 0, row: 0 };
  await passive.run(COPY);
  for (let round = 0; round < ROUNDS; round++) {
    await empty();
    times.raw.push(await seconds(() => passive.run(COPY)));
    await empty();
    await received();
    times.full.push((await repair()).seconds);
    bytes.full = await received();
    await passive.run(
      `ALTER TABLE dr.telemetry UPDATE value = ${round} WHERE seq = 777 SETTINGS mutations_sync = 2`,
    );
    await received();
    const one = await repair();
    bytes.row = await received();
    times.row.push(one.seconds);
    times.compared.push(one.whole);
    times.naive.push(
      await seconds(async () => {
        await passive.run(`ALTER TABLE dr.telemetry DROP PARTITION ID '20260101'`);
        await passive.run(NAIVE);
      }),
    );
  }
  const [raw, full, row, naive, compared] = [
    times.raw,
    times.full,
    times.row,
    times.naive,
    times.compared,
  ].map(median);
  const shown = (value = 0): string => value.toFixed(2);
  const ratio = (a = 0, b = 0): string => (a / b).toFixed(3);
  say(`${ROWS} rows, median of ${ROUNDS}`);
  say(`raw INSERT SELECT            ${shown(raw)} s`);
  say(`full repair                  ${shown(full)} s, ${ratio(raw, full)} of its speed (aim >= 0.9)`);
  say(`drop and insert again        ${shown(naive)} s, of which readers see all with some rows missing`);
  say(
    `one differing row            ${shown(row)} s, ${ratio(row, full)} of a full repair (aim <= 0.5); with the comparison ${shown(compared)} s`,
  );
  say(
    `bytes over the wire          ${bytes.row} of ${bytes.full}, ${((bytes.row / bytes.full) * 100).toFixed(4)} % (aim <= 0.1 %)`,
  );
} finally {
  await sites.stop();
}
