/** Waits for statements that an apply which is no more left running on a node: what they change can't be planned yet. */
import { setTimeout as sleep } from 'node:timers/promises';
import { connect, type Server } from '../live/server.ts';
import { PlumblineError } from '../model/errors.ts';
import type { Cluster } from '../model/estate.ts';
import type { Finding } from '../model/finding.ts';
import { type Holder, readHolder } from './lock.ts';
import { queryIdPrefix, type RunningStatement, runningStatements } from './statements.ts';

interface Waiting {
  /** The run that asks, whose own statements are no surprise. */
  readonly run: string | undefined;
  /** Milliseconds: how long a node may say nothing, and how long statements are waited for. */
  readonly connectTimeout: number;
}

/** Undefined also when the node that keeps the lock does not answer. */
async function holderOf({ nodes: [first] }: Cluster): Promise<Holder | undefined> {
  if (!first) return undefined;
  const server = connect(first);
  try {
    return await readHolder(server);
  } catch (error) {
    if (!(error instanceof PlumblineError)) throw error;
    return undefined;
  } finally {
    await server.close();
  }
}

/** Of those that run now, what neither this run nor the lock's holder sent. */
async function leftNow(
  server: Server,
  cluster: Cluster,
  { run, connectTimeout }: Waiting,
): Promise<RunningStatement[]> {
  const running = await runningStatements(server, connectTimeout);
  const foreign = running.filter(
    ({ queryId }) => run === undefined || !queryId.startsWith(queryIdPrefix(run)),
  );
  if (foreign.length === 0) return [];
  const holder = await holderOf(cluster);
  if (!holder || holder.expiresIn <= 0) return foreign;
  return foreign.filter(({ queryId }) => !queryId.startsWith(queryIdPrefix(holder.run)));
}

/** A finding for each statement that a killed run left behind and that does not end in time. */
export async function awaitLeftBehind(
  server: Server,
  cluster: Cluster,
  waiting: Waiting,
): Promise<Finding[]> {
  const deadline = Date.now() + waiting.connectTimeout;
  for (let pause = 50; ; pause = Math.min(pause * 2, 1000)) {
    const left = await leftNow(server, cluster, waiting);
    if (left.length === 0 || Date.now() > deadline) {
      return left.map(({ queryId, seconds }) => ({
        severity: 'error',
        rule: 'left-behind',
        message:
          `a statement of an apply that was killed is still at work after ${Math.round(seconds)} s (query ${queryId}); ` +
          `wait for it to end, or end it: KILL QUERY WHERE query_id = '${queryId}'`,
        node: server.node.name,
      }));
    }
    await sleep(pause);
  }
}
