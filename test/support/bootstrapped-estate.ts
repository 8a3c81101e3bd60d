/** The example estate on real servers that let in nobody but the users whom `plumbline bootstrap` asks for, and one for the test's own statements. */
import { createHash } from 'node:crypto';
import { cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type ApplyOptions, applyPlan } from '../../src/apply/apply.ts';
import { survey } from '../../src/apply/survey.ts';
import { bootstrap } from '../../src/commands/bootstrap.ts';
import { loadEstate } from '../../src/commands/estate-options.ts';
import { newRun } from '../../src/commands/identity.ts';
import { freePorts } from '../../src/embedded/free-ports.ts';
import { startRestartable } from '../../src/embedded/restartable.ts';
import { connect, type Server } from '../../src/live/server.ts';
import { openSettled } from '../../src/live/settled.ts';
import { atAddresses, type Estate, embeddedAddress, type Node } from '../../src/model/estate.ts';
import type { ApplyReport } from '../../src/model/report.ts';

const ROOT = join(import.meta.dirname, '../..');

export type Who = 'plumbline_planner' | 'plumbline_applier';
const PASSWORD = 'correct horse battery staple';

export interface BootstrappedEstate {
  readonly folder: string;
  /** `--url` of every node. */
  readonly urls: readonly string[];
  /** Lets commands sign in as this user from now on. */
  signIn(who: Who): void;
  /** A connection to a node as this user, or as the one that may do everything. */
  as(who: Who | 'default', node: string): Server;
  estate(): Promise<Estate>;
  apply(options?: Partial<ApplyOptions>): Promise<ApplyReport>;
  stop(): Promise<void>;
}

async function printed(folder: string, cluster: string): Promise<string> {
  let text = '';
  const output = { result: (more: string) => (text += more), note: () => {}, colour: false, live: false };
  const names = { planner: 'plumbline_planner', applier: 'plumbline_applier' };
  await bootstrap({ estate: folder, cluster: [cluster], format: 'users_xml', ...names }, output);
  return text;
}

/** `more` is declared beside the example's own schemas. Whoever starts it stops it. */
export async function startBootstrapped(more: Readonly<Record<string, string>>): Promise<BootstrappedEstate> {
  const folder = await mkdtemp(join(tmpdir(), 'plumbline-bootstrap-'));
  for (const part of ['clusters', 'schemas'])
    await cp(join(ROOT, part), join(folder, part), { recursive: true });
  for (const [file, text] of Object.entries(more)) await writeFile(join(folder, file), text);
  const sha256 = createHash('sha256').update(PASSWORD).digest('hex');
  process.env.PLUMBLINE_PLANNER_SHA256 = sha256;
  process.env.PLUMBLINE_APPLIER_SHA256 = sha256;
  process.env.FEDERATION_USER = 'default';
  process.env.FEDERATION_PASSWORD = '';
  const { clusters } = await loadEstate(folder);
  const nodes = clusters.flatMap((cluster) => cluster.nodes);
  const ports = await freePorts(nodes.length * 2);
  const places = new Map(
    nodes.map(({ name }, at) => [name, { http: ports[at * 2] ?? 0, native: ports[at * 2 + 1] ?? 0 }]),
  );
  const placeOf = (name: string) => places.get(name) ?? { http: 0, native: 0 };
  const remoteServers = clusters.map((cluster) => ({
    name: cluster.name,
    shards: cluster.nodes.map(({ name }) => [{ host: '127.0.0.1', port: placeOf(name).native }]),
  }));
  const servers = await Promise.all(
    nodes.map(async ({ name, cluster }) => {
      const server = join(folder, 'servers', name);
      await mkdir(join(server, 'users.d'), { recursive: true });
      await writeFile(join(server, 'users.d', 'plumbline-users.xml'), await printed(folder, cluster));
      const { http, native } = placeOf(name);
      const configuration = { name, folder: server, httpPort: http, nativePort: native, remoteServers };
      return [name, await startRestartable(configuration)] as const;
    }),
  );
  const byName = new Map(servers);
  const connections: Server[] = [];
  let now: Who = 'plumbline_applier';
  const signIn = (who: Who): void => {
    now = who;
    for (const { name } of clusters) {
      process.env[`${name.toUpperCase()}_USER`] = who;
      process.env[`${name.toUpperCase()}_PASSWORD`] = PASSWORD;
    }
  };
  signIn(now);
  const addressOf = (name: string): Partial<Node> => {
    const { http, native } = placeOf(name);
    return embeddedAddress(`http://127.0.0.1:${http}`, native);
  };
  const estate = async (): Promise<Estate> => {
    const declared = await loadEstate(folder);
    const password = { plain: PASSWORD };
    const here = new Map(
      nodes.map(({ name }) => [name, { ...addressOf(name), user: { plain: now }, password }]),
    );
    const by = { directory: join(folder, 'servers', '{node}') };
    const moved = atAddresses(declared, here);
    const files = { by, reload: 'restart' } as const;
    return { ...moved, clusters: moved.clusters.map((one) => (one.files ? { ...one, files } : one)) };
  };
  return {
    folder,
    urls: nodes.map(({ name }) => `${name}=http://127.0.0.1:${placeOf(name).http}`),
    signIn,
    as(who, name) {
      const node = nodes.find((one) => one.name === name);
      if (!node) throw new Error(`no node ${name}`);
      const user = { user: { plain: who }, ...(who !== 'default' && { password: { plain: PASSWORD } }) };
      const connection = connect({ ...node, ...addressOf(name), ...user });
      connections.push(connection);
      return connection;
    },
    estate,
    async apply(options = {}) {
      const declared = await estate();
      const settled = openSettled(join(folder, '.plumbline', 'settled.json'));
      const agreed = await survey(declared, { settled, connectTimeout: 10_000, ...options });
      return applyPlan(declared, agreed, {
        settled,
        connectTimeout: 10_000,
        identity: await newRun(folder),
        allowed: new Set(['destructive', 'rebuild']),
        lockSeconds: 60,
        progress: { started: () => {}, ended: () => {} },
        shouldStop: () => false,
        restart: async (node) => byName.get(node)?.restart(),
        ...options,
      }).finally(agreed.close);
    },
    async stop() {
      await Promise.all(connections.map((connection) => connection.close()));
      await Promise.all(servers.map(([, server]) => server.stop()));
      await rm(folder, { recursive: true, force: true });
    },
  };
}
