/** An estate of two clusters, `west` and `east`, of one server each, and a pair of them whose record points where the test says. */
import { join } from 'node:path';
import { loadEstate } from '../../src/commands/estate-options.ts';
import type { Resolve } from '../../src/dr/direction.ts';
import { type PairStatus, pairStatus } from '../../src/dr/pair-status.ts';
import { freePorts } from '../../src/embedded/free-ports.ts';
import { type EmbeddedServer, startServer } from '../../src/embedded/server.ts';
import type { Server } from '../../src/live/server.ts';
import { openSettled } from '../../src/live/settled.ts';
import type { DrPair } from '../../src/model/dr-pair.ts';
import type { Estate } from '../../src/model/estate.ts';
import { connectLocal } from './connect-local.ts';
import { type Folder, makeFolder } from './folder.ts';

export type SiteName = 'west' | 'east';
const SITES = ['west', 'east'] as const;

export const RECORD = 'failover.example.com';
export const ADDRESS = { west: '192.0.2.1', east: '198.51.100.1' } as const;

export interface DrEstate {
  readonly folder: Folder;
  /** For the test's own statements. */
  readonly sql: Readonly<Record<SiteName, Server>>;
  /** Where the record points; nowhere, where it does not resolve. */
  point(site: SiteName | undefined): void;
  readonly resolve: Resolve;
  load(): Promise<{ readonly estate: Estate; readonly pair: DrPair }>;
  /** Runs the statements on both. */
  run(...statements: readonly string[]): Promise<void>;
  /** Keeps the check unless told otherwise; `change` is what the pair says instead. */
  status(how?: { readonly keep?: boolean; readonly change?: Partial<DrPair> }): Promise<PairStatus>;
  stopSite(site: SiteName): Promise<void>;
  startSite(site: SiteName): Promise<void>;
  stop(): Promise<void>;
}

const clusterYaml = (name: string, port: number): string => `kind: Cluster
name: ${name}
edition: community
version: "26.7"
shards: [{ replicas: [{ host: 127.0.0.1, http_port: ${port} }] }]
---
`;

/** `rest` is the rest of the pair's document. */
export async function startDrEstate(rest: string, schemas: string): Promise<DrEstate> {
  const ports = await freePorts(4);
  const port = { west: ports[0] ?? 0, east: ports[1] ?? 0 };
  const pair = `kind: DrPair
name: shop
sites: [{ cluster: west, address: ${ADDRESS.west} }, { cluster: east, address: ${ADDRESS.east} }]
active: { dns: ${RECORD} }
${rest}`;
  const folder = await makeFolder({
    'clusters/sites.yaml': SITES.map((name) => clusterYaml(name, port[name])).join('') + pair,
    'schemas/shop.yaml': schemas,
  });
  const servers = new Map<SiteName, EmbeddedServer>();
  let pointed: SiteName | undefined = 'west';
  const sqlOf = (name: SiteName): Server => connectLocal(port[name], { name });
  const sql = { west: sqlOf('west'), east: sqlOf('east') };
  const estate: DrEstate = {
    folder,
    sql,
    point: (site) => {
      pointed = site;
    },
    async resolve(name) {
      if (name !== RECORD || !pointed) throw new Error(`getaddrinfo ENOTFOUND ${name}`);
      return [ADDRESS[pointed]];
    },
    async load() {
      const loaded = await loadEstate(folder.path);
      return { estate: loaded, pair: loaded.pairs[0] as DrPair };
    },
    async run(...statements) {
      for (const statement of statements) await Promise.all(SITES.map((name) => sql[name].run(statement)));
    },
    async status({ keep = true, change = {} } = {}) {
      const { estate: loaded, pair: declared } = await estate.load();
      return pairStatus(
        loaded,
        { ...declared, ...change },
        {
          connectTimeout: 10_000,
          resolve: estate.resolve,
          proven: openSettled(join(folder.path, '.plumbline', 'dr-proven.json')),
          keepFor: keep ? { run: 'run-1', actor: 'tester' } : undefined,
        },
      );
    },
    async stopSite(site) {
      await servers.get(site)?.stop();
    },
    async startSite(site) {
      const at = SITES.indexOf(site);
      servers.set(
        site,
        await startServer({
          name: site,
          folder: join(folder.path, 'servers', site),
          httpPort: port[site],
          nativePort: ports[2 + at] ?? 0,
          // Each can read the other under the name of its cluster.
          remoteServers: SITES.map((name, number) => ({
            name,
            shards: [[{ host: '127.0.0.1', port: ports[2 + number] ?? 0 }]],
          })),
        }),
      );
    },
    async stop() {
      await Promise.all(SITES.map((name) => sql[name].close()));
      await Promise.all([...servers.values()].map((server) => server.stop()));
      await folder.remove();
    },
  };
  await Promise.all(SITES.map((name) => estate.startSite(name)));
  return estate;
}
