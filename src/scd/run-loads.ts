/** Loads go in; they run one after the other, and what became of each comes out: one that fails stops no other. */
import { LockedError, readHolder } from '../apply/lock.ts';
import { connect, ServerError } from '../live/server.ts';
import { PlumblineError } from '../model/errors.ts';
import type { RunIdentity } from '../model/report.ts';
import type { LoadJob } from './jobs.ts';
import { type LoadReport, loadFeed, type Watch } from './load.ts';
import { firstReplicas, shardOf } from './tenant-shard.ts';

export type LoadResult = { readonly job: LoadJob } & (
  | { readonly report: LoadReport }
  | { readonly error: string; readonly node: string }
  | { readonly notRun: true }
);

export interface RunLoads {
  /** Asked once for each load. */
  identify(): Promise<RunIdentity>;
  readonly lockSeconds: number;
  /** Milliseconds since 1970; undefined for the servers' clocks. */
  readonly time?: number | undefined;
  watch(job: LoadJob, server: Parameters<typeof loadFeed>[0]['server']): Watch;
  ended(result: LoadResult): void;
  shouldStop(): boolean;
}

async function runJob(job: LoadJob, options: RunLoads): Promise<LoadResult> {
  const { cluster, scd, feed, tenant } = job;
  const nodes = firstReplicas(cluster);
  const [first] = nodes;
  if (!first) return { job, node: cluster.name, error: `Cluster ${cluster.name} has no nodes.` };
  const door = connect(first);
  let node = first;
  try {
    // An apply that rebuilds the table would miss what is loaded meanwhile.
    const holder = await readHolder(door);
    if (holder && holder.expiresIn > 0) throw new LockedError(cluster.name, holder);
    node = nodes[await shardOf(door, tenant, nodes.length)] ?? first;
    const server = node === first ? door : connect(node);
    try {
      const identity = await options.identify();
      const { lockSeconds, time } = options;
      const watch = options.watch(job, server);
      const request = {
        cluster: cluster.name,
        server,
        scd,
        feed,
        tenant,
        identity,
        lockSeconds,
        time,
        watch,
      };
      return { job, report: await loadFeed(request) };
    } finally {
      if (server !== door) await server.close();
    }
  } catch (error) {
    if (!(error instanceof PlumblineError)) throw error;
    return { job, node: node.name, error: error instanceof ServerError ? error.reason : error.message };
  } finally {
    await door.close();
  }
}

export async function runLoads(jobs: readonly LoadJob[], options: RunLoads): Promise<LoadResult[]> {
  const results: LoadResult[] = [];
  for (const job of jobs) {
    const result: LoadResult = options.shouldStop() ? { job, notRun: true } : await runJob(job, options);
    options.ended(result);
    results.push(result);
  }
  return results;
}
