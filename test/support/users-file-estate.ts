/** A cluster of one real server whose users come from its `users.d`: declarations are written by the test, files are delivered. */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type ApplyOptions, applyPlan } from '../../src/apply/apply.ts';
import { type Survey, type SurveyOptions, survey } from '../../src/apply/survey.ts';
import { loadEstate } from '../../src/commands/estate-options.ts';
import { newRun } from '../../src/commands/identity.ts';
import { freePorts } from '../../src/embedded/free-ports.ts';
import { startRestartable } from '../../src/embedded/restartable.ts';
import type { Server } from '../../src/live/server.ts';
import { openSettled } from '../../src/live/settled.ts';
import type { Estate } from '../../src/model/estate.ts';
import type { Plan } from '../../src/model/plan.ts';
import type { ApplyReport } from '../../src/model/report.ts';
import { allRead } from './all-read.ts';
import { connectLocal } from './connect-local.ts';

export interface UsersFileEstate {
  /** The folder of the server's configuration. */
  readonly serverFolder: string;
  /** A connection as the user that may do everything. */
  readonly sql: Server;
  /** A connection as another user, without password or with the one in this environment variable. */
  as(user: string, passwordVariable?: string): Server;
  /** Tenants stay as they are where none are given. */
  declare(schema: string, tenants?: string): Promise<void>;
  /** Replaces all that is declared: paths such as `schemas/a.yaml` → YAML. */
  declareFiles(files: Readonly<Record<string, string>>): Promise<void>;
  declared(): Promise<Estate>;
  plan(): Promise<Plan>;
  /** Plans another estate than the one that is declared. */
  planOf(estate: Estate, options?: Partial<SurveyOptions>): Promise<Plan>;
  apply(options?: Partial<ApplyOptions>): Promise<ApplyReport>;
  restart(): Promise<void>;
  stop(): Promise<void>;
}

const SILENT = { started: () => {}, ended: () => {} };

/** Variables of this process are those of the server, also of one that is started anew. */
export async function startUsersFileEstate(): Promise<UsersFileEstate> {
  const folder = await mkdtemp(join(tmpdir(), 'plumbline-users-'));
  const serverFolder = join(folder, 'server');
  const [httpPort = 0, nativePort = 0] = await freePorts(2);
  const server = await startRestartable({ name: 'test', folder: serverFolder, httpPort, nativePort });
  await mkdir(join(folder, 'clusters'));
  await mkdir(join(folder, 'schemas'));
  await mkdir(join(folder, 'tenants'));
  await writeFile(
    join(folder, 'clusters', 'test.yaml'),
    `kind: Cluster\nname: test\nedition: community\nversion: "26.7"\naccess: users_xml
files: { directory: ${serverFolder} }\nshards: [{ replicas: [{ host: 127.0.0.1, http_port: ${httpPort} }] }]\n`,
  );
  const connections: Server[] = [];
  const as = (user: string, passwordVariable?: string): Server => {
    const connection = connectLocal(httpPort, {
      user: { plain: user },
      ...(passwordVariable && { password: { env: passwordVariable } }),
    });
    connections.push(connection);
    return connection;
  };
  const estate = async (): Promise<Estate> => {
    const declared = await loadEstate(folder);
    const clusters = declared.clusters.map((cluster) => ({
      ...cluster,
      files: { by: { directory: serverFolder }, reload: 'restart' as const },
    }));
    return { ...declared, clusters };
  };
  const options = () => ({
    settled: openSettled(join(folder, '.plumbline', 'settled.json')),
    connectTimeout: 10_000,
  });
  const surveyed = async (more: Partial<ApplyOptions> = {}): Promise<Survey> =>
    survey(await estate(), { ...options(), ...more });
  const planOf = async (declared: Estate, more: Partial<SurveyOptions> = {}): Promise<Plan> => {
    const { plan, close } = await survey(declared, { ...options(), ...more });
    await close();
    return allRead(plan);
  };
  return {
    serverFolder,
    sql: as('default'),
    as,
    async declare(schema, tenants) {
      await writeFile(join(folder, 'schemas', 'access.yaml'), schema);
      if (tenants !== undefined) await writeFile(join(folder, 'tenants', 'tenants.yaml'), tenants);
    },
    async declareFiles(files) {
      for (const name of ['schemas', 'tenants']) {
        await rm(join(folder, name), { recursive: true });
        await mkdir(join(folder, name));
      }
      for (const [path, text] of Object.entries(files)) await writeFile(join(folder, path), text);
    },
    declared: estate,
    plan: async () => planOf(await estate()),
    planOf,
    async apply(more = {}) {
      const agreed = await surveyed(more);
      const report = await applyPlan(await estate(), agreed, {
        ...options(),
        identity: await newRun(folder),
        allowed: new Set(['destructive', 'rebuild']),
        lockSeconds: 60,
        progress: SILENT,
        shouldStop: () => false,
        restart: () => server.restart(),
        ...more,
      }).finally(agreed.close);
      return { ...report, remaining: allRead(report.remaining) };
    },
    restart: () => server.restart(),
    async stop() {
      await Promise.all(connections.map((connection) => connection.close()));
      await server.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
