/** Two servers of which each can read the other, as the sites of a pair: compared, repaired, killed and started again. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pLimit from 'p-limit';
import { compareSites } from '../../src/dr/compare-sites.ts';
import type { PartitionComparison, SiteComparison, TableComparison } from '../../src/dr/comparison.ts';
import { cutShort, idle } from '../../src/dr/cut-short.ts';
import {
  type PlannedRepair,
  planRepairs,
  type RefusedRepair,
  type RepairScope,
} from '../../src/dr/plan-repairs.ts';
import { sideBySide, withinLimits } from '../../src/dr/repair-limits.ts';
import { readLeftStagings, repairPartition } from '../../src/dr/repair-partition.ts';
import { RepairError, type RepairOrder } from '../../src/dr/repair-run.ts';
import { dropStaging } from '../../src/dr/repair-sql.ts';
import { readReplaceable } from '../../src/dr/replaceable.ts';
import { freePorts } from '../../src/embedded/free-ports.ts';
import { type EmbeddedServer, startServer } from '../../src/embedded/server.ts';
import { defaultUsersXml } from '../../src/embedded/server-config.ts';
import { readFacts, readNode } from '../../src/live/read.ts';
import { type Server, ServerError } from '../../src/live/server.ts';
import { openSettled } from '../../src/live/settled.ts';
import { pathKey } from '../../src/model/object.ts';
import { connectLocal } from './connect-local.ts';

export const SITES = ['active', 'passive'] as const;
export type SiteName = (typeof SITES)[number];

/** What a test does to the run of a repair. */
export interface RepairHooks extends Partial<RepairScope> {
  readonly hotSeconds?: number;
  readonly maxBytes?: number;
  readonly maxPartitions?: number;
  /** Partitions that are repaired at the same time; one where it is left out. */
  readonly concurrency?: number;
  /** Bytes per second of all of them together. */
  readonly bandwidth?: number;
  /** Called before each statement of a partition's repair that changes something, counted from 0 over all partitions. */
  readonly before?: (statement: number) => Promise<void>;
  readonly turned?: RepairOrder['turned'];
  readonly shouldStop?: RepairOrder['shouldStop'];
  /** Called when all is compared and planned. */
  readonly planned?: () => Promise<void>;
}

export interface RepairReport {
  /** The tables' verdicts. */
  readonly tables: readonly string[];
  readonly compared: readonly PartitionComparison[];
  readonly done: readonly string[];
  readonly refused: readonly RefusedRepair[];
  /** The reasons of repairs that stopped, by partition. */
  readonly errors: Readonly<Record<string, string>>;
}

export interface Addresses {
  readonly folder: string;
  readonly ports: Readonly<Record<SiteName, readonly [http: number, native: number]>>;
}

const connection = (name: SiteName, [httpPort, nativePort]: readonly [number, number]): Server =>
  connectLocal(httpPort, { name, nativePort });

/** Compares tables and repairs what may be repaired. Throws what is no refusal and no lost server. */
export async function repairTables(
  servers: Readonly<Record<SiteName, Server>>,
  tables: readonly string[],
  hooks: RepairHooks = {},
): Promise<RepairReport> {
  const { active, passive } = servers;
  const [here, there] = await Promise.all(
    [active, passive].map(async (server) => ({
      server,
      state: (await readNode(server, await readFacts(server, 10_000))).state,
    })),
  );
  if (!here || !there) throw new Error('no two sites');
  const paths = tables.map((table) => ['dr', table]);
  const comparison: SiteComparison = await compareSites(here, there, paths, {
    depth: 'digest',
    hotSeconds: hooks.hotSeconds ?? 0,
    proven: openSettled(join(tmpdir(), `plumbline-proven-${process.pid}-none.json`)),
  });
  const scope: RepairScope = {
    ...{ pair: 'test', source: 'active', from: { cluster: 'other' }, wholeTableBytes: 2 ** 40 },
    replaceable: await readReplaceable(passive),
    ...hooks,
  };
  const left = await readLeftStagings(passive);
  const planned: (PlannedRepair | RefusedRepair)[] = [];
  const others: TableComparison[] = [];
  for (const table of comparison.tables) {
    const tree = there.state.get(pathKey(table.path))?.tree();
    if (!tree || table.verdict !== 'compared') continue;
    const cut = await cutShort(passive, table, tree, scope, left);
    planned.push(...planRepairs(table, tree, { ...scope, cutShort: cut }));
    others.push({ ...table, partitions: table.partitions.filter(({ partition }) => !cut.has(partition)) });
  }
  const { maxBytes = 2 ** 50, maxPartitions = 1000 } = hooks;
  const { repairs, refused } = withinLimits(planned, { maxBytes, maxPartitions });
  await hooks.planned?.();
  const used = new Set(repairs.map(({ repair }) => repair.staging));
  for (const name of await idle(passive, others, left))
    if (!used.has(name)) await passive.run(dropStaging(name));
  const [done, errors]: [string[], Record<string, string>] = [[], {}];
  let statements = 0;
  const { concurrency = 1, bandwidth } = hooks;
  const limit = pLimit(concurrency);
  const run = async (one: PlannedRepair, at: number): Promise<void> => {
    const { path, repair } = sideBySide(one, repairs.length, { concurrency, bandwidth });
    try {
      await repairPartition({
        ...{ path, repair, source: active, target: passive, queryId: `plumbline-test-${Date.now()}-${at}-` },
        keepLock: async () => hooks.before?.(statements++),
        turned: hooks.turned ?? (async () => undefined),
        shouldStop: hooks.shouldStop ?? (() => false),
      });
      done.push(repair.partition);
    } catch (error) {
      if (!(error instanceof RepairError || error instanceof ServerError)) throw error;
      errors[repair.partition] = error.message;
    }
  };
  await Promise.all(repairs.map((one, at) => limit(() => run(one, at))));
  const compared = comparison.tables.flatMap(({ partitions }) => partitions);
  return { tables: comparison.tables.map(({ verdict }) => verdict), compared, done, refused, errors };
}

export interface RepairSites extends Readonly<Record<SiteName, Server>> {
  readonly addresses: Addresses;
  /** Runs the statements on both. */
  run(...statements: readonly string[]): Promise<void>;
  repair(tables: readonly string[], hooks?: RepairHooks): Promise<RepairReport>;
  /** Tables in which partitions are put together, on the passive site. */
  stagings(): Promise<readonly string[]>;
  pid(site: SiteName): number;
  /** Ends a server as a power cut would. */
  kill(site: SiteName): void;
  /** Starts those servers again that are gone; waits for those that are about to go. */
  revive(): Promise<void>;
  stop(): Promise<void>;
}

/** The settings of whoever signs in. */
export async function startRepairSites(
  settings: Readonly<Record<string, number>> = {},
): Promise<RepairSites> {
  const folder = await mkdtemp(join(tmpdir(), 'plumbline-repair-'));
  const [a = 0, b = 0, c = 0, d = 0] = await freePorts(4);
  const ports = { active: [a, b], passive: [c, d] } as const;
  const starts = (site: SiteName): Promise<EmbeddedServer> => {
    const other = site === 'active' ? 'passive' : 'active';
    const [httpPort, nativePort] = ports[site];
    const shard = (name: SiteName) => [{ host: '127.0.0.1', port: ports[name][1] }];
    const remoteServers = [
      { name: 'other', shards: [shard(other)] },
      { name: 'both', shards: [shard(site), shard(other)] },
    ];
    const profile = Object.entries(settings).map(([name, value]) => `<${name}>${value}</${name}>`);
    const usersXml = defaultUsersXml.replace(/(?<=<profiles>\s*<default>)/, profile.join(''));
    return startServer({
      name: site,
      folder: join(folder, site),
      httpPort,
      nativePort,
      remoteServers,
      usersXml,
    });
  };
  const [active, passive] = await Promise.all(SITES.map(starts));
  if (!active || !passive) throw new Error('no two sites');
  const running = { active, passive };
  const servers = {
    active: connection('active', ports.active),
    passive: connection('passive', ports.passive),
  };
  const sites: RepairSites = {
    ...servers,
    addresses: { folder, ports },
    async run(...statements) {
      for (const statement of statements)
        await Promise.all(SITES.map((site) => servers[site].run(statement)));
    },
    repair: (tables, hooks) => repairTables(servers, tables, hooks),
    async stagings() {
      const rows = await servers.passive.rows<[string]>(
        `SELECT name FROM system.tables WHERE database = 'plumbline'`,
      );
      return rows.map(([name]) => name);
    },
    pid: (site) => running[site].pid,
    kill: (site) => running[site].kill(),
    async revive() {
      for (const site of SITES) {
        const answers = async (): Promise<boolean> =>
          servers[site].rows('SELECT 1').then(
            () => true,
            () => false,
          );
        if (await answers()) continue;
        running[site].kill();
        await running[site].exited;
        running[site] = await starts(site);
      }
    },
    async stop() {
      await Promise.all(SITES.map((site) => servers[site].close()));
      await Promise.all(SITES.map((site) => running[site].stop()));
      await rm(folder, { recursive: true, force: true });
    },
  };
  await sites.run('CREATE DATABASE dr');
  await Promise.all(
    SITES.map((site) => {
      const other = ports[site === 'active' ? 'passive' : 'active'][1];
      return servers[site].run(
        `CREATE NAMED COLLECTION other_site AS host = '127.0.0.1', port = ${other}, user = 'default', password = ''`,
      );
    }),
  );
  return sites;
}

/** For a process of its own that is told where the servers are. */
export function connectSites({ ports }: Addresses): Readonly<Record<SiteName, Server>> {
  return { active: connection('active', ports.active), passive: connection('passive', ports.passive) };
}
