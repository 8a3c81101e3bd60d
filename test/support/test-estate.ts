/** An estate for one test file: real servers in a temporary folder, declarations written by the test, the product's own pipeline. */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { type ApplyOptions, applyPlan } from '../../src/apply/apply.ts';
import { type Survey, type SurveyOptions, survey } from '../../src/apply/survey.ts';
import { loadEstate } from '../../src/commands/estate-options.ts';
import { newRun } from '../../src/commands/identity.ts';
import { freePorts } from '../../src/embedded/free-ports.ts';
import { type EmbeddedServer, type ServerOptions, startServer } from '../../src/embedded/server.ts';
import type { Server } from '../../src/live/server.ts';
import { openSettled } from '../../src/live/settled.ts';
import type { Plan } from '../../src/model/plan.ts';
import type { ApplyReport } from '../../src/model/report.ts';
import { allRead } from './all-read.ts';
import { connectLocal } from './connect-local.ts';

export interface TestEstate {
  /** The estate's folder, as `--estate` takes it. */
  readonly folder: string;
  readonly servers: readonly EmbeddedServer[];
  /** A connection to each server, for the test's own statements. */
  readonly sql: readonly Server[];
  /** Replaces schemas/ by these files: name → YAML. */
  write(schemas: Readonly<Record<string, string>>): Promise<void>;
  survey(options?: Partial<SurveyOptions>): Promise<Survey>;
  plan(): Promise<Plan>;
  /** Plans and applies, everything allowed unless said otherwise. */
  apply(options?: Partial<ApplyOptions>): Promise<ApplyReport>;
  stop(): Promise<void>;
}

const SILENT = { started: () => {}, ended: () => {} };

const clusterYaml = (ports: readonly number[]): string => `kind: Cluster
name: test
edition: community
version: "26.7"
shards:
${ports.map((port) => `  - replicas: [{ host: 127.0.0.1, http_port: ${port} }]`).join('\n')}
`;

/** Starts so many servers, which form the cluster `test`. Whoever starts it stops it, also after a failed test. */
export async function startTestEstate(
  nodes = 1,
  configuration: Pick<ServerOptions, 'remoteServers' | 'timezone' | 'usersXml'> = {},
): Promise<TestEstate> {
  const folder = await mkdtemp(join(tmpdir(), 'plumbline-test-'));
  const ports = await freePorts(nodes * 2);
  const starting = Array.from({ length: nodes }, (_, at) =>
    startServer({
      name: `test-${at + 1}`,
      folder: join(folder, 'servers', String(at + 1)),
      httpPort: ports[at * 2] ?? 0,
      nativePort: ports[at * 2 + 1] ?? 0,
      ...configuration,
    }),
  );
  const servers = await Promise.all(starting);
  await mkdir(join(folder, 'clusters'), { recursive: true });
  await writeFile(
    join(folder, 'clusters', 'test.yaml'),
    clusterYaml(servers.map(({ httpPort }) => httpPort)),
  );
  const sql = servers.map(({ name, httpPort }) => connectLocal(httpPort, { name, cluster: 'test' }));
  const surveyed = async (options: Partial<SurveyOptions> = {}): Promise<Survey> =>
    survey(await loadEstate(folder), {
      settled: openSettled(join(folder, '.plumbline', 'settled.json')),
      connectTimeout: 10_000,
      ...options,
    });
  return {
    folder,
    servers,
    sql,
    write: (schemas) => writeSchemas(folder, schemas),
    survey: surveyed,
    async plan() {
      const { plan, close } = await surveyed();
      await close();
      return allRead(plan);
    },
    async apply(options = {}) {
      const agreed = await surveyed({ refreshSecrets: options.refreshSecrets === true });
      return applyPlan(await loadEstate(folder), agreed, {
        settled: openSettled(join(folder, '.plumbline', 'settled.json')),
        connectTimeout: 10_000,
        identity: await newRun(folder),
        allowed: new Set(['destructive', 'rebuild']),
        lockSeconds: 60,
        progress: SILENT,
        shouldStop: () => false,
        ...options,
      }).finally(agreed.close);
    },
    async stop() {
      await Promise.all(sql.map((server) => server.close()));
      await Promise.all(servers.map((server) => server.stop()));
      await rm(folder, { recursive: true, force: true });
    },
  };
}

async function writeSchemas(folder: string, schemas: Readonly<Record<string, string>>): Promise<void> {
  await rm(join(folder, 'schemas'), { recursive: true, force: true });
  await mkdir(join(folder, 'schemas'), { recursive: true });
  for (const [name, text] of Object.entries(schemas)) {
    const file = join(folder, 'schemas', name);
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, text);
  }
}
