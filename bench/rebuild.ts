/**
 * What a rebuild of a table with 5 million rows costs over the one INSERT SELECT that no copy can do without, both measured in
 * this run: time, bytes read, bytes written.
 */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { applyPlan } from '../src/apply/apply.ts';
import { survey } from '../src/apply/survey.ts';
import { loadEstate } from '../src/commands/estate-options.ts';
import { newRun } from '../src/commands/identity.ts';
import { freePorts } from '../src/embedded/free-ports.ts';
import { startServer } from '../src/embedded/server.ts';
import type { Server } from '../src/live/server.ts';
import { openSettled } from '../src/live/settled.ts';
import { connectLocal } from '../test/support/connect-local.ts';

const ROWS = 5_000_000;
const say = (line: string): void => void process.stdout.write(`${line}\n`);

const cluster = (port: number): string => `kind: Cluster
name: bench
edition: community
version: "26.7"
shards: [{ replicas: [{ host: 127.0.0.1, http_port: ${port} }] }]
`;

const schema = (keys: string): string => `kind: Database
name: bench
on: bench
---
kind: Table
database: bench
name: events
columns: { id: UInt64, day: Date, account: UInt32, name: LowCardinality(String), payload: String }
${keys}
`;

interface Cost {
  readonly milliseconds: number;
  /** Uncompressed, by SELECTs. */
  readonly read: number;
  /** Compressed, to disk. */
  readonly written: number;
}

async function counters(sql: Server): Promise<readonly [read: number, written: number]> {
  const [row] = await sql.rows<[string, string]>(
    `SELECT toString(sumIf(value, event = 'SelectedBytes')), toString(sumIf(value, event = 'WriteBufferFromFileDescriptorWriteBytes'))
     FROM system.events`,
  );
  return [Number(row?.[0]), Number(row?.[1])];
}

async function costOf(sql: Server, work: () => Promise<void>): Promise<Cost> {
  const [readBefore, writtenBefore] = await counters(sql);
  const began = performance.now();
  await work();
  const milliseconds = performance.now() - began;
  const [read, written] = await counters(sql);
  return { milliseconds, read: read - readBefore, written: written - writtenBefore };
}

async function apply(folder: string): Promise<void> {
  const options = { settled: openSettled(join(folder, '.plumbline/settled.json')), connectTimeout: 10_000 };
  const estate = await loadEstate(folder);
  const agreed = await survey(estate, options);
  const { results } = await applyPlan(estate, agreed, {
    ...options,
    identity: await newRun(folder),
    allowed: new Set(['rebuild']),
    lockSeconds: 60,
    progress: { started: () => {}, ended: () => {} },
    shouldStop: () => false,
  }).finally(agreed.close);
  const failed = results.find(({ outcome }) => outcome !== 'done');
  if (failed) throw new Error(failed.error);
}

const seconds = (milliseconds: number): string => `${(milliseconds / 1000).toFixed(2)} s`;
const megabytes = (bytes: number): string => `${(bytes / 1e6).toFixed(0)} MB`;

function report(raw: Cost, rebuilt: Cost): void {
  const line = (what: string, show: (value: number) => string, pick: (cost: Cost) => number): void =>
    say(
      `${what}: ${show(pick(raw))} raw, ${show(pick(rebuilt))} rebuilt, × ${(pick(rebuilt) / pick(raw)).toFixed(2)}`,
    );
  line('time', seconds, ({ milliseconds }) => milliseconds);
  line('read', megabytes, ({ read }) => read);
  line('written', megabytes, ({ written }) => written);
}

async function main(): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'plumbline-bench-'));
  const [httpPort = 0, nativePort = 0] = await freePorts(2);
  const server = await startServer({ name: 'bench', folder: join(folder, 'server'), httpPort, nativePort });
  const sql = connectLocal(httpPort, { name: 'bench' });
  try {
    await mkdir(join(folder, 'clusters'));
    await mkdir(join(folder, 'schemas'));
    await writeFile(join(folder, 'clusters/bench.yaml'), cluster(httpPort));
    await writeFile(join(folder, 'schemas/bench.yaml'), schema('order_by: id\npartition_by: toYYYYMM(day)'));
    await apply(folder);
    await sql.run(
      `INSERT INTO bench.events SELECT number, toDate('2024-01-01') + number % 90, number % 10007, concat('n', toString(number % 50)), hex(sipHash64(number)) FROM numbers(${ROWS})`,
    );
    await sql.run('OPTIMIZE TABLE bench.events FINAL');
    const keys = 'ORDER BY (account, id) PARTITION BY toYYYYMM(day)';
    await sql.run(`CREATE TABLE bench.raw AS bench.events ENGINE = MergeTree ${keys}`);
    const raw = await costOf(sql, () =>
      sql.run(
        'INSERT INTO bench.raw SELECT * FROM bench.events SETTINGS max_insert_threads = 2, max_threads = 2',
      ),
    );
    await writeFile(
      join(folder, 'schemas/bench.yaml'),
      schema('order_by: [account, id]\npartition_by: toYYYYMM(day)'),
    );
    const rebuilt = await costOf(sql, () => apply(folder));
    say(`${ROWS} rows, another sorting key`);
    report(raw, rebuilt);
  } finally {
    await sql.close();
    await server.stop();
    await rm(folder, { recursive: true, force: true });
  }
}

await main();
