/** A test estate whose servers know each other, are reached through proxies, and come back after a kill. */
import { readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type EmbeddedServer, startServer } from '../../src/embedded/server.ts';
import type { RunIdentity } from '../../src/model/report.ts';
import { type FaultProxy, startProxy } from './faults-proxy.ts';
import { startTestEstate, type TestEstate } from './test-estate.ts';

export interface DeclaredNode {
  readonly port: number;
  readonly user?: string;
  readonly password?: string;
}

export interface FaultEstate extends TestEstate {
  /** One in front of each server. */
  readonly proxies: readonly FaultProxy[];
  /** The ports of the proxies, in the servers' order. */
  readonly ports: readonly number[];
  /** Replaces clusters/ by these: name → one shard per node. */
  declare(clusters: Readonly<Record<string, readonly DeclaredNode[]>>): Promise<void>;
  /** As a power cut would; settles when the process is gone. */
  kill(at: number): Promise<void>;
  /** Starts a server again after a kill or a stop, in its folder and on its ports. */
  start(at: number, options?: { readonly usersXml?: string }): Promise<void>;
}

function clusterYaml(name: string, nodes: readonly DeclaredNode[], secret: string): string {
  const [{ user, password } = { user: undefined, password: undefined }] = nodes;
  const lines = [
    ...['kind: Cluster', `name: ${name}`, 'edition: community', 'version: "26.7"'],
    ...(user === undefined ? [] : [`user: ${user}`]),
    ...(password === undefined ? [] : [`password: { file: ${secret} }`]),
    'shards:',
    ...nodes.map(({ port }) => `  - replicas: [{ host: 127.0.0.1, http_port: ${port} }]`),
  ];
  return `${lines.join('\n')}\n`;
}

/** So many servers, which form the cluster `test` here and in each other's configuration. */
export async function startFaultEstate(nodes: number): Promise<FaultEstate> {
  const base = await startTestEstate(nodes);
  const running: EmbeddedServer[] = [...base.servers];
  const shards = base.servers.map(({ nativePort }) => [{ host: '127.0.0.1', port: nativePort }]);
  const proxies = await Promise.all(base.servers.map(({ httpPort }) => startProxy(httpPort)));
  const ports = proxies.map(({ port }) => port);
  const declare: FaultEstate['declare'] = async (clusters) => {
    const folder = join(base.folder, 'clusters');
    for (const file of await readdir(folder)) await rm(join(folder, file));
    for (const [name, members] of Object.entries(clusters)) {
      const secret = join(base.folder, `password-of-${name}`);
      await writeFile(secret, members[0]?.password ?? '');
      await writeFile(join(folder, `${name}.yaml`), clusterYaml(name, members, secret));
    }
  };
  const start: FaultEstate['start'] = async (at, options = {}) => {
    const { name, httpPort, nativePort } = base.servers[at] as EmbeddedServer;
    running[at] = await startServer({
      ...{ name, httpPort, nativePort, folder: join(base.folder, 'servers', String(at + 1)) },
      remoteServers: [{ name: 'test', shards }],
      ...options,
    });
  };
  await Promise.all(
    base.servers.map(async (server, at) => {
      await server.stop();
      await start(at);
    }),
  );
  await declare({ test: ports.map((port) => ({ port })) });
  return {
    ...base,
    proxies,
    ports,
    declare,
    start,
    async kill(at) {
      running[at]?.kill();
      await running[at]?.exited;
    },
    async stop() {
      await Promise.all(running.map((server) => server.stop()));
      await Promise.all(proxies.map((proxy) => proxy.stop()));
      await base.stop();
    },
  };
}

export interface JournalRow {
  readonly step: number;
  readonly node: string;
  readonly object: string;
  readonly outcome: string;
  readonly error: string;
}

/** What a run wrote down on the server that keeps its journal. */
export async function readJournal(
  { sql }: Pick<TestEstate, 'sql'>,
  { run }: Pick<RunIdentity, 'run'>,
  at = 0,
): Promise<JournalRow[]> {
  const rows =
    (await sql[at]?.rows<[number, string, string, string, string]>(
      `SELECT step, node, object, outcome, error FROM plumbline.journal FINAL WHERE run = '${run}' ORDER BY node, step`,
    )) ?? [];
  return rows.map(([step, node, object, outcome, error]) => ({ step, node, object, outcome, error }));
}
