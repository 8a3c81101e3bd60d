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

export const federationYaml = (keys = ''): string => `kind: Federation
name: federation
members: [community, enterprise]
reads: community
stage: network
tables: shop.*
${keys}`;

export const SCHEMA = `kind: Database
name: shop
on: [community, enterprise]
---
kind: Table
database: shop
name: orders
columns:
  id: { type: UInt64, codec: ZSTD(3) }
  total: { type: Float64, default: "0" }
  note: { type: String, ephemeral: "''" }
order_by: id
`;

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
  restart(node: string): Promise<void>;
  stop(): Promise<void>;
}

export async function startFederation(): Promise<FederationEstate> {
  const folder = await mkdtemp(join(tmpdir(), 'plumbline-federation-'));
  await mkdir(join(folder, 'clusters'));
  await mkdir(join(folder, 'schemas'));
  await writeFile(join(folder, 'clusters', 'clusters.yaml'), CLUSTERS);
  const declare = async (federation: string, schema = SCHEMA): Promise<void> => {
    await writeFile(join(folder, 'clusters', 'federation.yaml'), federation);
    await writeFile(join(folder, 'schemas', 'shop.yaml'), schema);
  };
  await declare(federationYaml());
  const { estate: first, running } = await embed(await loadEstate(folder), folder, 'command');
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
  const options = () => ({
    settled: openSettled(join(folder, '.plumbline', 'settled.json')),
    connectTimeout: 10_000,
    restart: running.restart,
  });
  return {
    folder,
    nodeFolder: running.folder,
    sql(node) {
      const server = connections.get(node);
      if (!server) throw new Error(`no node ${node}`);
      return server;
    },
    declare,
    deliverBy: (other) => {
      files = other;
    },
    estate,
    async plan() {
      const { plan, close } = await survey(await estate(), options());
      await close();
      return plan;
    },
    async apply(more = {}) {
      const declared = await estate();
      const agreed = await survey(declared, options());
      return applyPlan(declared, agreed, {
        ...options(),
        identity: await newRun(folder),
        allowed: new Set(['destructive', 'rebuild']),
        lockSeconds: 60,
        progress: { started: () => {}, ended: () => {} },
        shouldStop: () => false,
        ...more,
      }).finally(agreed.close);
    },
    restart: running.restart,
    async stop() {
      await Promise.all([...connections.values()].map((server) => server.close()));
      await running.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
