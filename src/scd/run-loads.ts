/** Loads go in; they run one after the other, and what became of each comes out: one that fails stops no other. */
import { ServerError } from '../live/server.ts';
import { PlumblineError } from '../model/errors.ts';
import type { RunIdentity } from '../model/report.ts';
import type { LoadJob } from './jobs.ts';
import { type LoadReport, loadFeed, type Watch } from './load.ts';
import { atShard, firstReplicas } from './tenant-shard.ts';

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
  const { lockSeconds, time } = options;
  let node = firstReplicas(cluster)[0]?.name ?? cluster.name;
  try {
    return await atShard(cluster, tenant, async (server) => {
      node = server.node.name;
      const identity = await options.identify();
      const watch = options.watch(job, server);
      const what = { cluster: cluster.name, server, scd, feed, tenant };
      return { job, report: await loadFeed({ ...what, identity, lockSeconds, time, watch }) };
    });
  } catch (error) {
    if (!(error instanceof PlumblineError)) throw error;
    return { job, node, error: error instanceof ServerError ? error.reason : error.message };
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
