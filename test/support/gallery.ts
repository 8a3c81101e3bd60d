/** The estate behind the gallery of comments: three real servers, declared under names of their own, so that plans are the same everywhere. */
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { applyPlan } from '../../src/apply/apply.ts';
import { survey } from '../../src/apply/survey.ts';
import { loadEstate } from '../../src/commands/estate-options.ts';
import type { Server } from '../../src/live/server.ts';
import { atAddresses, type Estate, embeddedAddress } from '../../src/model/estate.ts';
import type { Plan } from '../../src/model/plan.ts';
import type { ReviewContext } from '../../src/model/review.ts';
import { CLUSTERS, type Schemas } from './gallery-declarations.ts';
import { startTestEstate } from './test-estate.ts';

export interface Gallery {
  /** Connections to the servers of analytics-1, analytics-2 and archive. */
  readonly sql: readonly Server[];
  /** Replaces the declarations, and gives what they say. */
  declare(schemas: Schemas, clusters?: Schemas): Promise<Estate>;
  /** The plan as users see it: hosts as declared, and no port, patch version or digest of this run. */
  plan(estate: Estate): Promise<Plan>;
  apply(estate: Estate): Promise<void>;
  stop(): Promise<void>;
}

export const CONTEXT: ReviewContext = {
  serverUrl: 'https://github.com',
  repository: 'example/warehouse',
  commit: '4f2a9c1e07b35d8866f0a1b2c3d4e5f607182930',
  estate: '.',
  runUrl: 'https://github.com/example/warehouse/actions/runs/1234567890',
};

const NODES = ['analytics-1', 'analytics-2', 'archive'];
const SETTLED = { has: () => false, add: () => {}, save: () => {} };
const OPTIONS = { settled: SETTLED, connectTimeout: 10_000 };

async function writeFolder(folder: string, files: Schemas): Promise<void> {
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  for (const [name, text] of Object.entries(files)) await writeFile(join(folder, name), text);
}

export async function startGallery(): Promise<Gallery> {
  const base = await startTestEstate(NODES.length);
  const addresses = new Map(
    base.servers.map(({ httpPort, nativePort }, at) => [
      NODES[at] ?? '',
      embeddedAddress(`http://127.0.0.1:${httpPort}`, nativePort),
    ]),
  );
  const here = (estate: Estate): Estate => {
    // A node that has no server is where nobody listens.
    const away = { host: '127.0.0.1', httpPort: 1, user: { plain: 'default' } };
    const nodes = estate.clusters.flatMap((cluster) => cluster.nodes);
    return atAddresses(estate, new Map(nodes.map(({ name }) => [name, addresses.get(name) ?? away])));
  };
  const stable = (plan: Plan, declared: Estate): Plan => {
    const hosts = new Map(
      declared.clusters.flatMap(({ nodes }) =>
        nodes.map((one) => [one.name, `${one.host}:${one.httpPort}`] as const),
      ),
    );
    const clusters = plan.clusters.map((cluster) => ({
      ...cluster,
      nodes: cluster.nodes.map((node) => {
        const address = hosts.get(node.node) ?? '';
        const version = node.version ?? address;
        const text = JSON.stringify(node)
          .replaceAll(node.address, address)
          .replaceAll(version, node.version ? '26.7.1' : address);
        return JSON.parse(text) as typeof node;
      }),
    }));
    return { ...plan, digest: '5f1d0c8e2a7b96435f1d0c8e2a7b9643', clusters };
  };
  return {
    sql: base.sql,
    async declare(schemas, clusters = CLUSTERS) {
      await writeFolder(join(base.folder, 'schemas'), schemas);
      await writeFolder(join(base.folder, 'clusters'), clusters);
      return loadEstate(base.folder);
    },
    async plan(estate) {
      const { plan, close } = await survey(here(estate), OPTIONS);
      await close();
      return stable(plan, estate);
    },
    async apply(estate) {
      const agreed = await survey(here(estate), OPTIONS);
      const report = await applyPlan(here(estate), agreed, {
        ...OPTIONS,
        identity: { run: 'gallery', actor: 'gallery', commit: '' },
        allowed: new Set(['destructive', 'rebuild']),
        lockSeconds: 60,
        progress: { started: () => {}, ended: () => {} },
        shouldStop: () => false,
      }).finally(agreed.close);
      const failed = report.results.find(({ outcome }) => outcome !== 'done');
      if (failed) throw new Error(`${failed.planned.step.statements.join('; ')}: ${failed.error}`);
    },
    stop: () => base.stop(),
  };
}
