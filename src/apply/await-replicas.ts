/** Takes a step that the server carries over to other nodes, waits until they have followed; says which has not, and why. */
import { setTimeout as sleep } from 'node:timers/promises';
import { readReplicas } from '../live/read-replicas.ts';
import { type Server, ServerError } from '../live/server.ts';
import { nameKey, type ObjectId } from '../model/object.ts';
import type { PlannedStep } from '../model/plan.ts';
import { literal } from '../sql/quote.ts';
import { isInconclusive } from './settle.ts';
import { pendingMutations } from './statements.ts';

export interface Following {
  readonly planned: PlannedStep;
  readonly servers: ReadonlyMap<string, Server>;
  /** Milliseconds after which a node that has not followed is given up. */
  readonly patience: number;
  /** Milliseconds after which a node that says nothing counts as unreachable. */
  readonly connectTimeout: number;
}

/** The text that creates the object; undefined where it is not. */
async function statementOf(server: Server, { path: [database = '', name = ''] }: ObjectId) {
  const [row] = await server.rows<[string]>(
    `SELECT create_table_query FROM system.tables WHERE database = ${literal(database)} AND name = ${literal(name)}`,
  );
  return row?.[0];
}

/** `following`: not there yet, but on the way. */
type Progress = 'there' | 'following' | { readonly failed: string };

/** A replica that is read-only can't follow, and is known from the plan. */
async function compare(leader: Server, follower: Server, object: ObjectId): Promise<Progress> {
  const name = nameKey(object);
  const [ahead, behind] = await Promise.all(
    [leader, follower].map(async (server) => (await readReplicas(server, [object])).get(name)),
  );
  if (ahead && behind) {
    if (behind.isReadOnly) return 'there';
    return behind.version >= ahead.version ? 'there' : 'following';
  }
  const [there, here] = await Promise.all([leader, follower].map((server) => statementOf(server, object)));
  return there === here ? 'there' : 'following';
}

async function look(leader: Server, follower: Server, object: ObjectId, timeout: number): Promise<Progress> {
  const progress = await compare(leader, follower, object);
  if (progress !== 'there') return progress;
  const { failure, count } = await pendingMutations(follower, object, timeout);
  return failure === undefined ? (count > 0 ? 'following' : 'there') : { failed: failure };
}

async function awaitOne(leader: Server, follower: Server, following: Following): Promise<string | undefined> {
  const { planned, patience, connectTimeout } = following;
  const { object } = planned.step;
  const deadline = Date.now() + patience;
  for (let pause = 50; ; pause = Math.min(pause * 2, 2000)) {
    let lost: string | undefined;
    try {
      const progress = await look(leader, follower, object, connectTimeout);
      if (progress === 'there') return undefined;
      if (typeof progress === 'object') return `${follower.node.name} can't follow: ${progress.failed}`;
    } catch (error) {
      if (!(error instanceof ServerError) || !isInconclusive(error)) throw error;
      lost = error.message;
    }
    if (Date.now() > deadline) {
      const why =
        lost ?? 'system.replication_queue there says why; the next plan shows whether it has followed';
      return `${follower.node.name} has not followed within ${Math.round(patience / 1000)} s: ${why}`;
    }
    await sleep(pause);
  }
}

/** The first node that has not followed, and why; undefined when all have. Throws a ServerError where a node refuses to say. */
export async function awaitReplicas(following: Following): Promise<string | undefined> {
  const { planned, servers } = following;
  const leader = servers.get(planned.node);
  if (!leader || planned.step.object.path.length !== 2) return undefined;
  for (const name of planned.step.followers ?? []) {
    const follower = servers.get(name);
    const late = follower && (await awaitOne(leader, follower, following));
    if (late !== undefined) return late;
  }
  return undefined;
}
