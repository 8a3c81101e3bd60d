/** A stage for rehearsals: embedded servers in a temporary folder for some of an estate's nodes, gone when the work is done. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { rebuildTable } from '../apply/rebuild-table.ts';
import { survey } from '../apply/survey.ts';
import { openEstate } from '../embedded/estate.ts';
import { unreplicated } from '../kinds/replication.ts';
import { PERMISSIVE } from '../live/normalise.ts';
import { connect, type Server, ServerError } from '../live/server.ts';
import { openSettled } from '../live/settled.ts';
import { atAddresses, type Cluster, type Estate, embeddedAddress } from '../model/estate.ts';
import { withoutNetworks } from '../model/federation.ts';
import { isAccess, type ObjectId, showId } from '../model/object.ts';
import type { Plan } from '../model/plan.ts';
import type { Step } from '../model/step.ts';

export interface Stage {
  /** The clusters with the nodes that are on the stage, at their addresses there. */
  readonly clusters: readonly Cluster[];
  /** Plans declarations against the servers on the stage. */
  plan(estate: Estate): Promise<Plan>;
  server(node: string): Server;
}

/** Runs the work on a stage with these nodes. Throws a PlumblineError where the engine does not start. */
export async function onStage<T>(
  estate: Estate,
  names: ReadonlySet<string>,
  work: (stage: Stage) => Promise<T>,
): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), 'plumbline-rehearsal-'));
  const kept = estate.clusters.map(({ files: _files, ...cluster }) => ({
    ...cluster,
    // The engine has no Keeper: what is replicated is played with plain tables.
    engines: { as: 'any' as const },
    nodes: cluster.nodes.filter(({ name }) => names.has(name)),
  }));
  const spanning = (estate.federations ?? []).map(({ name, members }) => ({ name, members }));
  const nodes = kept.flatMap((cluster) => cluster.nodes);
  const running = await openEstate({ folder, nodes, spanning, purpose: 'command' });
  const addresses = new Map(
    running.nodes.map(({ name, url, nativePort }) => [name, embeddedAddress(url, nativePort)]),
  );
  const { clusters } = atAddresses({ ...estate, clusters: kept }, addresses);
  const servers = new Map(
    clusters.flatMap((cluster) => cluster.nodes).map((node) => [node.name, connect(node)]),
  );
  try {
    return await work({
      clusters,
      async plan(declared) {
        const settled = openSettled(join(folder, 'settled.json'));
        const surveyed = await survey(
          { ...declared, clusters, federations: withoutNetworks(declared.federations) },
          { settled, connectTimeout: 10_000 },
        );
        await surveyed.close();
        return surveyed.plan;
      },
      server(node) {
        const server = servers.get(node);
        if (!server) throw new Error(`node ${node} is not on the stage`);
        return server;
      },
    });
  } finally {
    await Promise.all([...servers.values()].map((server) => server.close()));
    await running.stop();
    await rm(folder, { recursive: true, force: true });
  }
}

/** Runs a statement that creates or changes an object; gives the reason where the engine refuses it. */
export async function tryStatement(
  server: Server,
  { path: [database = '', name] }: ObjectId,
  statement: string,
): Promise<string | undefined> {
  try {
    const options = { settings: PERMISSIVE, ...(name !== undefined && { database }) };
    await server.run(unreplicated(statement), options);
    return undefined;
  } catch (error) {
    if (error instanceof ServerError) return error.reason;
    throw error;
  }
}

/** Runs the steps of a node up to the first that fails, and says which that was and why. */
export async function playSteps(server: Server, steps: readonly Step[]): Promise<string | undefined> {
  for (const { object, statements, rebuild, file } of steps) {
    if (rebuild) {
      const { path } = object;
      const order = { server, path, rebuild, queryId: 'plumbline-rehearsal-' };
      const { error } = await rebuildTable({ ...order, keepLock: async () => {}, shouldStop: () => false });
      if (error) return `${showId(object)} on ${server.node.name}: ${error}`;
    }
    // The servers on the stage know all clusters from the start, and can't be given users, roles and their rights.
    if (rebuild || file || isAccess(object)) continue;
    for (const statement of statements) {
      const reason = await tryStatement(server, object, statement);
      if (reason) return `${showId(object)} on ${server.node.name}: ${reason}`;
    }
  }
  return undefined;
}
