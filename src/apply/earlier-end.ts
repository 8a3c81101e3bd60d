/** A cluster's plan and its servers go in; what lets rows come back only when the statements have ended that began before comes out. */
import type { Server } from '../live/server.ts';
import { PlumblineError } from '../model/errors.ts';
import type { Estate } from '../model/estate.ts';
import type { ClusterPlan } from '../model/plan.ts';
import type { Export } from '../model/stage.ts';
import { earlierQueries } from '../stages/earlier-queries.ts';

/** Milliseconds; long queries are people's to end. */
const PATIENCE = 600_000;

/** Milliseconds. What is written later is seen when rows are compared. */
const WRITING = 30_000;

/** Before anything is copied, INSERTs end on the members that leave; before it is shown, queries on the nodes that read. Each is waited for once. */
export function earlierEnd(
  plan: ClusterPlan,
  { clusters, federations = [] }: Estate,
  servers: ReadonlyMap<string, Server>,
  patience = PATIENCE,
): (order: Export) => Promise<void> {
  const serversOf = (nodes: readonly string[]): Server[] => nodes.flatMap((node) => servers.get(node) ?? []);
  const waits = new Map<string, Promise<void>>();
  const written = async (federation: string): Promise<void> => {
    const { members = [], reads } = federations.find(({ name }) => name === federation) ?? {};
    const leaving = clusters.filter(({ name }) => name !== reads && members.includes(name));
    const nodes = leaving.flatMap((cluster) => cluster.nodes).map(({ name }) => name);
    await earlierQueries(serversOf(nodes), { only: 'Insert', patience: Math.min(WRITING, patience) });
  };
  const read = async (): Promise<void> => {
    const left = await earlierQueries(serversOf(plan.nodes.map(({ node }) => node)), { patience });
    if (left.length === 0) return;
    throw new PlumblineError(
      `queries that began before the topology changed still run, and would count rows twice: wait for ${left.join(', ')} to end, or KILL QUERY`,
    );
  };
  return ({ act, federation }) => {
    const key = `${act} ${federation}`;
    const begun = waits.get(key) ?? (act === 'copy' ? written(federation) : read());
    waits.set(key, begun);
    return begun;
  };
}
