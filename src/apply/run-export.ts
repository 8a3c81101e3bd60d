/** Runs a step that brings rows back from a member of a federation that leaves, or writes down a stage, and says what became of it. */
import { type Server, ServerError } from '../live/server.ts';
import { PlumblineError } from '../model/errors.ts';
import type { Estate } from '../model/estate.ts';
import { pathKey } from '../model/object.ts';
import type { Outcome } from '../model/report.ts';
import type { Export, StageRecord } from '../model/stage.ts';
import { attachPartition } from '../stages/attach-partition.ts';
import { copyPartition } from '../stages/copy-partition.ts';
import type { Ordered } from '../stages/export-run.ts';
import { proveExports } from '../stages/prove-exports.ts';
import { readEntered, readSince } from '../stages/record.ts';
import type { ClusterRun } from './execute.ts';
import { isInconclusive } from './settle.ts';

interface Ended {
  readonly outcome: Outcome;
  readonly error?: string;
}

function ended(error: unknown): Ended {
  if (!(error instanceof PlumblineError)) throw error;
  const isLost = error instanceof ServerError && isInconclusive(error);
  return {
    outcome: isLost ? 'unknown' : 'failed',
    error: `${error.message}; the next apply goes on from here`,
  };
}

export async function runExport(
  { plan, servers, exports: memory, keepLock, shouldStop, earlierEnd }: ClusterRun,
  target: Server,
  order: Export,
  path: readonly string[],
  queryId: string,
): Promise<Ended> {
  const steps = plan.nodes.flatMap(({ node, steps }) => (node === target.node.name ? steps : []));
  const orders = steps.flatMap(({ export: one, object }) =>
    one?.act === 'attach' && pathKey(object.path.slice(0, 2)) === pathKey(path) ? [one] : [],
  );
  const ordered = (one: Export): Ordered => {
    const source = servers.get(one.copy.source);
    if (!source) throw new PlumblineError(`nothing was run: ${one.copy.source} is not connected`);
    return { order: one, source };
  };
  try {
    const run = { ...ordered(order), shown: orders.map(ordered), path, target, memory, queryId, keepLock };
    await earlierEnd(order);
    await (order.act === 'copy' ? copyPartition : attachPartition)({ ...run, shouldStop });
    return { outcome: 'done' };
  } catch (error) {
    return ended(error);
  }
}

/** Throws a PlumblineError where something has not come back from members that leave. */
export async function proveStage(
  { federations = [], clusters }: Estate,
  { federation: name }: StageRecord,
  servers: ReadonlyMap<string, Server>,
  first: Server,
  timeout: number,
): Promise<void> {
  const federation = federations.find((one) => one.name === name);
  if (!federation) throw new PlumblineError(`no federation is called ${name}`);
  const leading = (members: (cluster: string) => boolean): Server[] =>
    clusters
      .filter((one) => members(one.name))
      .flatMap(({ nodes }) => nodes.filter(({ replica }) => replica === 1))
      .flatMap(({ name: node }) => servers.get(node) ?? []);
  await proveExports({
    ...{ federation: name, since: readSince(await readEntered(first, name, timeout)) },
    paths: federation.covered.map(({ path }) => path),
    sources: leading((cluster) => cluster !== federation.reads && federation.members.includes(cluster)),
    targets: leading((cluster) => cluster === federation.reads),
  });
}

export async function runRecord(
  run: ClusterRun,
  server: Server,
  record: StageRecord,
  statements: readonly string[],
  queryId: string,
): Promise<Ended> {
  try {
    if (record.proves) await run.provesStage(record, server);
    for (const [at, statement] of statements.entries()) {
      await run.keepLock();
      await server.run(statement, { queryId: `${queryId}${at}` });
    }
    return { outcome: 'done' };
  } catch (error) {
    return ended(error);
  }
}
