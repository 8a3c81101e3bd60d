/**
 * How much a plan without changes costs over the raw `system.*` SELECTs that it needs, both measured in this run: one node
 * with 1,000 tables of 15 columns, and 100 declared nodes that point at the same two servers.
 */

import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { applyPlan } from '../src/apply/apply.ts';
import { survey } from '../src/apply/survey.ts';
import { loadEstate } from '../src/commands/estate-options.ts';
import { newRun } from '../src/commands/identity.ts';
import { freePorts } from '../src/embedded/free-ports.ts';
import { startServer } from '../src/embedded/server.ts';
import { READ_QUERIES } from '../src/live/read.ts';
import { connect } from '../src/live/server.ts';
import { openSettled } from '../src/live/settled.ts';
import type { Node } from '../src/model/estate.ts';
import { plannedSteps } from '../src/model/plan.ts';
import type { PlanCost } from './plan-process.ts';

const TABLES = 1000;
const COLUMNS = 15;
const NODES = 100;
const ROUNDS = 5;
const say = (line: string): void => void process.stdout.write(`${line}\n`);

/** Columns as people write them: aliases of types, short and long forms, things the server stores otherwise. */
function column(at: number): string {
  if (at === 0) return '  id: UInt64';
  if (at === 1) return '  at: { type: DateTime64(3), codec: "Delta, ZSTD" }';
  const forms = [
    `{ type: LowCardinality(String), default: "'x'", comment: Column ${at} }`,
    '{ type: Float64, default: 1.0 }',
    'VARCHAR',
    'Nullable(UInt32)',
  ];
  return `  c${at}: ${forms[at % forms.length]}`;
}

const table = (at: number): string => `kind: Table
database: bench
name: t${at}
columns:
${Array.from({ length: COLUMNS }, (_, index) => column(index)).join('\n')}
partition_by: toYYYYMM(at)
order_by: [id, at]
ttl: toDateTime(at) + INTERVAL 90 DAY
`;

const cluster = (ports: readonly number[]): string => `kind: Cluster
name: bench
edition: community
version: "26.7"
shards:
${ports.map((port) => `  - replicas: [{ host: 127.0.0.1, http_port: ${port} }]`).join('\n')}
`;

async function writeEstate(folder: string, ports: readonly number[], tables: number): Promise<void> {
  await mkdir(join(folder, 'clusters'), { recursive: true });
  await mkdir(join(folder, 'schemas'), { recursive: true });
  await writeFile(join(folder, 'clusters/bench.yaml'), cluster(ports));
  const database = 'kind: Database\nname: bench\non: bench\n';
  const documents = [database, ...Array.from({ length: tables }, (_, at) => table(at))];
  await writeFile(join(folder, 'schemas/bench.yaml'), documents.join('---\n'));
}

const median = (values: readonly number[]): number =>
  [...values].sort((a, b) => a - b)[values.length >> 1] ?? 0;

async function timed<T>(work: () => Promise<T>): Promise<{ milliseconds: number; value: T }> {
  const began = performance.now();
  const value = await work();
  return { milliseconds: performance.now() - began, value };
}

/** The same SELECTs over plain HTTP, answers received and thrown away; nodes side by side as the product reads them. */
async function rawBytes(nodes: readonly Node[]): Promise<number> {
  const waiting = [...nodes];
  let bytes = 0;
  const worker = async (): Promise<void> => {
    for (let node = waiting.pop(); node; node = waiting.pop()) {
      const url = `http://${node.host}:${node.httpPort}/?default_format=JSONCompactEachRow`;
      const read = async (query: string): Promise<number> =>
        (await (await fetch(url, { method: 'POST', body: query })).arrayBuffer()).byteLength;
      const [first = '', ...others] = READ_QUERIES;
      const sizes = [await read(first), ...(await Promise.all(others.map(read)))];
      bytes += sizes.reduce((sum, size) => sum + size, 0);
    }
  };
  await Promise.all(Array.from({ length: 8 }, worker));
  return bytes;
}

async function planOnce(folder: string, memory: string): Promise<PlanCost> {
  const script = join(import.meta.dirname, 'plan-process.ts');
  const { stdout } = await promisify(execFile)(process.execPath, [
    '--import',
    'tsx',
    script,
    folder,
    join(folder, memory),
  ]);
  return JSON.parse(stdout) as PlanCost;
}

async function measure(title: string, folder: string): Promise<void> {
  const estate = await loadEstate(folder);
  const nodes = estate.clusters.flatMap((one) => one.nodes);
  const cold = await planOnce(folder, 'cold.json');
  await planOnce(folder, 'memory.json');
  const raws: { milliseconds: number; value: number }[] = [];
  const costs: PlanCost[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    raws.push(await timed(() => rawBytes(nodes)));
    costs.push(await planOnce(folder, 'memory.json'));
  }
  const raw = median(raws.map(({ milliseconds }) => milliseconds));
  const rawSize = median(raws.map(({ value }) => value));
  const of = (key: keyof PlanCost): number => median(costs.map((cost) => cost[key]));
  const line = (what: string, milliseconds: number, more: string): void =>
    say(
      `  ${what.padEnd(36)}${milliseconds.toFixed(0).padStart(7)} ms  × ${(milliseconds / raw).toFixed(2)}  ${more}`,
    );
  say(`\n${title}`);
  line('raw SELECTs', raw, `${rawSize} bytes`);
  line(
    'plan without changes',
    of('planning'),
    `${of('bytes')} bytes (× ${(of('bytes') / rawSize).toFixed(2)})`,
  );
  line(
    'the same with reading declarations',
    of('planning') + of('reading'),
    `peak ${of('memory').toFixed(0)} MiB`,
  );
  line('plan without memory (first of all)', cold.planning, `peak ${cold.memory.toFixed(0)} MiB`);
}

const folder = await mkdtemp(join(tmpdir(), 'plumbline-bench-'));
const [http1 = 0, native1 = 0, http2 = 0, native2 = 0] = await freePorts(4);
const servers = await Promise.all([
  startServer({ name: 'bench-1', folder: join(folder, 'servers/1'), httpPort: http1, nativePort: native1 }),
  startServer({ name: 'bench-2', folder: join(folder, 'servers/2'), httpPort: http2, nativePort: native2 }),
]);
try {
  const [one, hundred] = [join(folder, 'one'), join(folder, 'hundred')];
  await writeEstate(one, [http1], TABLES);
  // Created by hand: what is measured is the plan.
  const declared = await loadEstate(one);
  const creating = await survey(declared, {
    settled: openSettled(join(one, 'memory.json')),
    connectTimeout: 10_000,
  });
  const report = await applyPlan(declared, creating, {
    settled: openSettled(join(one, 'memory.json')),
    connectTimeout: 10_000,
    identity: await newRun(one),
    allowed: new Set(),
    lockSeconds: 60,
    progress: { started: () => {}, ended: () => {} },
    shouldStop: () => false,
  });
  await creating.close();
  say(`applied ${report.results.length} steps`);
  await measure(`one node, ${TABLES} tables × ${COLUMNS} columns`, one);

  // The second server gets the same tables by SQL, so that all 100 nodes need nothing.
  const node = declared.clusters[0]?.nodes[0];
  if (!node) throw new Error('no node');
  const second = connect({ ...node, httpPort: http2 });
  for (const { step } of plannedSteps(creating.plan))
    for (const statement of step.statements) await second.run(statement);
  await second.close();
  await writeEstate(
    hundred,
    Array.from({ length: NODES }, (_, at) => (at % 2 === 0 ? http1 : http2)),
    TABLES,
  );
  await measure(`${NODES} declared nodes at two servers, ${TABLES} tables each`, hundred);
} finally {
  await Promise.all(servers.map((server) => server.stop()));
  await rm(folder, { recursive: true, force: true });
}
