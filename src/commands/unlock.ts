/** `plumbline unlock`: removes the locks that a killed apply or load left behind, and says who held them. */
import { breakLock, heldLocks } from '../apply/lock.ts';
import { connect } from '../live/server.ts';
import { PlumblineError } from '../model/errors.ts';
import type { Cluster } from '../model/estate.ts';
import { type EstateOptions, openDeclaredEstate } from './estate-options.ts';
import type { Output } from './output.ts';

interface Unlocked {
  readonly done: boolean;
  readonly text: string;
}

/** Loads hold theirs on the node that they load into. */
async function unlockLoads({ nodes }: Cluster): Promise<Unlocked[]> {
  const unlocked = await Promise.all(
    nodes.map(async (node): Promise<Unlocked[]> => {
      const server = connect(node);
      try {
        const broken: Unlocked[] = [];
        for (const table of await heldLocks(server)) {
          const holder = await breakLock(server, table);
          const who = holder && `${holder.owner} (run ${holder.run})`;
          if (who)
            broken.push({ done: true, text: `The ${table} on ${node.name}, held by ${who}, is removed.` });
        }
        return broken;
      } catch (error) {
        if (!(error instanceof PlumblineError)) throw error;
        return [{ done: false, text: `The locks of loads could not be removed: ${error.message}` }];
      } finally {
        await server.close();
      }
    }),
  );
  return unlocked.flat();
}

/** A cluster whose first node can't be reached keeps its lock, and keeps nobody else's. */
async function unlockCluster({ name, nodes: [first] }: Cluster): Promise<Unlocked> {
  if (!first) return { done: true, text: `Cluster ${name} has no nodes.` };
  const server = connect(first);
  try {
    const holder = await breakLock(server);
    if (!holder) return { done: true, text: `Cluster ${name} is not locked.` };
    const { owner, run } = holder;
    return { done: true, text: `Cluster ${name} was locked by ${owner} (run ${run}); the lock is removed.` };
  } catch (error) {
    if (!(error instanceof PlumblineError)) throw error;
    return { done: false, text: `Cluster ${name} could not be unlocked: ${error.message}` };
  } finally {
    await server.close();
  }
}

export async function unlock(options: EstateOptions, output: Output): Promise<number> {
  const opened = await openDeclaredEstate(options);
  try {
    const unlocked = await Promise.all(
      opened.estate.clusters.map(async (cluster) => [
        await unlockCluster(cluster),
        ...(await unlockLoads(cluster)),
      ]),
    );
    for (const { text } of unlocked.flat()) output.result(`${text}\n`);
    return unlocked.flat().every(({ done }) => done) ? 0 : 1;
  } finally {
    await opened.close();
  }
}
