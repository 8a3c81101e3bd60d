/** A federation for one test file: two shards of `community` and one `enterprise`, real servers whose own `config.d` is delivered to. */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type ApplyOptions, applyPlan } from '../../src/apply/apply.ts';
import { survey } from '../../src/apply/survey.ts';
import { embed, loadEstate } from '../../src/commands/estate-options.ts';
import { newRun } from '../../src/commands/identity.ts';
import { connect, type Server } from '../../src/live/server.ts';
import { openSettled } from '../../src/live/settled.ts';
import type { Estate } from '../../src/model/estate.ts';
import type { Stage } from '../../src/model/federation.ts';
import type { Files } from '../../src/model/node-file.ts';
import type { Plan } from '../../src/model/plan.ts';
import type { ApplyReport } from '../../src/model/report.ts';

export const CLUSTERS = `kind: Cluster
name: community
edition: community
version: "26.7"
files: { directory: "/etc/clickhouse-server/{node}" }
shards:
  - replicas: [{ host: community-1.example.com }]
  - replicas: [{ host: community-2.example.com }]
---
kind: Cluster
name: enterprise
edition: enterprise
version: "26.7"
engines: shared
access: users_xml
files: { directory: "/etc/clickhouse-server/{node}" }
shards: [{ replicas: [{ host: enterprise.example.com }] }]
`;

export const NODES = ['community-1', 'community-2', 'enterprise'];

export const federationYaml = (keys = ''): string => `kind: Federation
name: federation
members: [community, enterprise]
reads: community
stage: network
tables: shop.*
${keys}`;

/** What stands before the tables in a schema of the shop. */
export const SHOP = `kind: Database
name: shop
on: [community, enterprise]
---
`;

export const SCHEMA = `${SHOP}kind: Table
database: shop
name: orders
columns:
  id: { type: UInt64, codec: ZSTD(3) }
  total: { type: Float64, default: "0" }
  note: { type: String, ephemeral: "''" }
order_by: id
`;

/** Orders of three months, each a partition, as the tests of stages fill them. */
export const ORDERS = `${SHOP}kind: Table
database: shop
name: orders
columns: { id: UInt64, day: Date, total: Float64, note: Nullable(String) }
partition_by: toYYYYMM(day)
order_by: id
`;

/** So many orders in a row are of one day, so that an INSERT of them is one part, and is there as a whole or not at all. */
export const BATCH = 100;

/** Orders with these numbers. */
export const ordersSql = (from: number, rows: number): string =>
  `SELECT number AS id, toDate('2026-01-01') + intDiv(id, ${BATCH}) % 90 AS day, toFloat64(id) AS total,
     if(id % 3 = 0, NULL, toString(id)) AS note FROM numbers(${from}, ${rows})`;

export const fillOrders = (from: number, rows: number): string =>
  `INSERT INTO shop.orders ${ordersSql(from, rows)}`;

/** A federation of the shop's tables in a stage. */
export const stageYaml = (stage: Stage, keys = ''): string =>
  federationYaml(`quiet: 1 SECOND\n${keys}`).replace('stage: network', `stage: ${stage}`);

export interface FederationEstate {
  readonly folder: string;
  /** The folder of a node's configuration. */
  nodeFolder(node: string): string;
  /** A connection to a node, for the test's own statements. */
  sql(node: string): Server;
  /** Replaces the declaration of the federation, and the schema. */
  declare(federation: string, schema?: string): Promise<void>;
  /** The same files for all applies and plans of `community` from now on, instead of the servers' own folders. */
  deliverBy(files: Files | undefined): void;
  estate(): Promise<Estate>;
  plan(): Promise<Plan>;
  apply(options?: Partial<ApplyOptions>): Promise<ApplyReport>;
  /** Declares the stage, with the schema as it is, and applies it; throws an Error that names the steps that were not done. */
  enter(stage: Stage, keys?: string, options?: Partial<ApplyOptions>): Promise<ApplyReport>;
  /** Rows and digest of the orders on some nodes together. */
  content(nodes?: readonly string[]): Promise<string>;
  restart(node: string): Promise<void>;
  stop(): Promise<void>;
}

export interface FederationOptions {
  readonly clusters?: string;
  readonly schema?: string;
  /** `up` restarts nodes for other processes, too. */
  readonly purpose?: 'command' | 'up';
}

export async function startFederation(options: FederationOptions = {}): Promise<FederationEstate> {
  const folder = await mkdtemp(join(tmpdir(), 'plumbline-federation-'));
  await mkdir(join(folder, 'clusters'));
  await mkdir(join(folder, 'schemas'));
  const { clusters: declaredClusters = CLUSTERS, purpose = 'command' } = options;
  await writeFile(join(folder, 'clusters', 'clusters.yaml'), declaredClusters);
  let { schema = SCHEMA } = options;
  const declare = async (federation: string, declared = SCHEMA): Promise<void> => {
    schema = declared;
    await writeFile(join(folder, 'clusters', 'federation.yaml'), federation);
    await writeFile(join(folder, 'schemas', 'shop.yaml'), declared);
  };
  await declare(federationYaml(), schema);
  const { estate: first, running } = await embed(await loadEstate(folder), folder, purpose);
  const places = new Map(first.clusters.flatMap(({ nodes }) => nodes).map((node) => [node.name, node]));
  const connections = new Map([...places].map(([name, node]) => [name, connect(node)]));
  const own = first.clusters[0]?.files;
  let files = own;
  const estate = async (): Promise<Estate> => {
    const declared = await loadEstate(folder);
    const clusters = declared.clusters.map(({ files: _declared, ...cluster }) => {
      const by = cluster.name === 'community' ? files : own;
      const nodes = cluster.nodes.map((node) => places.get(node.name) ?? node);
      return { ...cluster, ...(by && { files: by }), nodes };
    });
    return { ...declared, clusters };
  };
  const surveying = () => ({
    settled: openSettled(join(folder, '.plumbline', 'settled.json')),
    connectTimeout: 10_000,
    restart: running.restart,
  });
  const sql = (node: string): Server => {
    const server = connections.get(node);
    if (!server) throw new Error(`no node ${node}`);
    return server;
  };
  const apply = async (more: Partial<ApplyOptions> = {}): Promise<ApplyReport> => {
    const declared = await estate();
    const agreed = await survey(declared, surveying());
    return applyPlan(declared, agreed, {
      ...surveying(),
      identity: await newRun(folder),
      allowed: new Set(['destructive', 'rebuild']),
      lockSeconds: 60,
      progress: { started: () => {}, ended: () => {} },
      shouldStop: () => false,
      ...more,
    }).finally(agreed.close);
  };
  return {
    folder,
    nodeFolder: running.folder,
    sql,
    declare,
    deliverBy: (other) => {
      files = other;
    },
    estate,
    async plan() {
      const { plan, close } = await survey(await estate(), surveying());
      await close();
      return plan;
    },
    apply,
    async enter(stage, keys = '', more = {}) {
      await declare(stageYaml(stage, keys), schema);
      const report = await apply(more);
      const left = report.results.filter(({ outcome }) => outcome !== 'done');
      if (left.length > 0)
        throw new Error(left.map(({ outcome, error }) => `${outcome}: ${error}`).join('\n'));
      return report;
    },
    async content(nodes = NODES) {
      const ask = 'SELECT toString(count()), toString(sum(cityHash64(tuple(*)))) FROM shop.orders';
      const found = await Promise.all(nodes.map((node) => sql(node).rows<[string, string]>(ask)));
      return [0, 1]
        .map((at) => found.reduce((sum, [row]) => BigInt.asUintN(64, sum + BigInt(row?.[at] ?? 0)), 0n))
        .join(' ');
    },
    restart: running.restart,
    async stop() {
      await Promise.all([...connections.values()].map((server) => server.close()));
      await running.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
