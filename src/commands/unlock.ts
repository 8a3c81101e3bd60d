/** `plumbline unlock`: removes the lock that a killed apply left behind, and says who held it. */
import { breakLock } from '../apply/lock.ts';
import { connect } from '../live/server.ts';
import { PlumblineError } from '../model/errors.ts';
import type { Cluster } from '../model/estate.ts';
import { type EstateOptions, openDeclaredEstate } from './estate-options.ts';
import type { Output } from './output.ts';

interface Unlocked {
  readonly done: boolean;
  readonly text: string;
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
    const unlocked = await Promise.all(opened.estate.clusters.map((cluster) => unlockCluster(cluster)));
    for (const { text } of unlocked) output.result(`${text}\n`);
    return unlocked.every(({ done }) => done) ? 0 : 1;
  } finally {
    await opened.close();
  }
}
