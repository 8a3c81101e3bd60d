/** Tenants that keep versions for a while only go in; what ended before that comes out, and is removed where that is wanted. */
import { type Server, ServerError } from '../live/server.ts';
import { PlumblineError } from '../model/errors.ts';
import type { Cluster, Estate } from '../model/estate.ts';
import type { RunIdentity } from '../model/report.ts';
import type { ScdTable } from '../model/scd.ts';
import { type Expired, mergeStatement, readExpired, removeStatement } from './expired.ts';
import { chosenTables, chosenTenants, type Wanted } from './jobs.ts';
import { clockOf, type LoadRecord, openLedger, writeRecord } from './ledger.ts';
import { lockLoad } from './load-lock.ts';
import { atShard, firstReplicas } from './tenant-shard.ts';

export interface ExpireJob {
  readonly cluster: Cluster;
  readonly scd: ScdTable;
  /** As it stands in the tenant column. */
  readonly tenant: string;
  /** `INTERVAL 3 YEAR` */
  readonly retention: string;
}

export type ExpireResult = { readonly job: ExpireJob; readonly node: string } & (
  | {
      readonly expired: Expired;
      /** Milliseconds since 1970: what ended before goes. */
      readonly limit: number;
      readonly removed: boolean;
    }
  | { readonly error: string }
);

/** Throws a PlumblineError for a name that is not declared, and where no tenant has a `retention`. */
export function expireJobs(estate: Estate, wanted: Pick<Wanted, 'tenants' | 'tables'>): readonly ExpireJob[] {
  const tables = chosenTables(estate, wanted.tables);
  const ids = new Set(chosenTenants(estate, wanted.tenants).map(({ id }) => id));
  const jobs = (estate.tenants ?? []).flatMap(({ id, retention, clusters }) =>
    retention === undefined || !ids.has(id)
      ? []
      : tables.flatMap((scd) =>
          estate.clusters
            .filter(({ name }) => scd.clusters.has(name) && clusters.has(name))
            .map((cluster): ExpireJob => ({ cluster, scd, tenant: id, retention })),
        ),
  );
  if (jobs.length > 0) return jobs;
  throw new PlumblineError('No tenant that is meant has a `retention`, so that all versions stay.');
}

const HOUR = 3_600_000;

async function limitOf(server: Server, retention: string): Promise<number> {
  const [row] = await server.rows<[string]>(
    `SELECT toString(toUnixTimestamp64Milli(now64(3, 'UTC') - ${retention}))`,
  );
  return Number(row?.[0]);
}

function recordOf({ scd, tenant, retention }: ExpireJob, identity: RunIdentity, now: number): LoadRecord {
  const { run: batch, actor, commit } = identity;
  const what = { batch, database: scd.database, table: scd.name, tenant, feed: '', mode: 'expire' };
  const counts = { read: 0, bad: 0, written: 0, opened: 0, closed: 0, deleted: 0, retracted: 0 };
  const times = { started: now, time: now, ended: 0 };
  return {
    ...{ ...what, ...counts, ...times, source: retention, columns: '{}', actor, commit },
    ...{ version: '0', digest: '0', outcome: 'failed', error: 'killed, or still at work' },
  };
}

/** A version's earlier row must never outlive the one that ended it: then the version would hold again. */
async function merged(server: Server, job: ExpireJob, limit: number, queryId: string): Promise<Expired> {
  const { scd, tenant } = job;
  const before = await readExpired(server, scd, tenant, limit);
  if (before.shadowing === 0 || before.partition === undefined) return before;
  await server.run(mergeStatement(scd, before.partition), {
    queryId,
    timeout: HOUR,
    settings: { optimize_throw_if_noop: 1, alter_sync: '2' },
  });
  const after = await readExpired(server, scd, tenant, limit);
  if (after.shadowing === 0) return after;
  throw new PlumblineError(
    `${after.shadowing} ended versions still have a row without that end, which would hold again; try again once the server has merged them.`,
  );
}

async function remove(
  server: Server,
  job: ExpireJob,
  limit: number,
  identity: RunIdentity,
  lockSeconds: number,
): Promise<Expired> {
  const { scd, tenant } = job;
  await openLedger(server);
  const { lock, statements, release } = await lockLoad(
    { server, scd, tenant, identity, lockSeconds },
    'removing versions from',
  );
  try {
    const begun = recordOf(job, identity, await clockOf(server));
    await writeRecord(server, begun);
    await lock.check();
    const expired = await merged(server, job, limit, statements.id());
    if (expired.partition === undefined || expired.rows === 0) return expired;
    await lock.check();
    await server.run(removeStatement(scd, tenant, limit, expired.partition), {
      queryId: statements.id(),
      timeout: HOUR,
      settings: { mutations_sync: '2' },
    });
    const after = await readExpired(server, scd, tenant, limit);
    if (after.versions > 0 || after.kept < expired.kept) {
      throw new PlumblineError(
        `${after.versions} versions that ended are still there, and ${after.kept} of ${expired.kept} others; somebody else changed the table meanwhile.`,
      );
    }
    const { versions: deleted, rows: read } = expired;
    const ended = await clockOf(server);
    await writeRecord(server, { ...begun, read, deleted, ended, outcome: 'done', error: '' });
    return expired;
  } finally {
    await release();
  }
}

export interface ExpireOptions {
  /** Only shows what would go where it is left out. Asked once for each removal. */
  readonly identify?: () => Promise<RunIdentity>;
  readonly lockSeconds: number;
}

/** One that fails stops no other. */
export async function expireVersions(
  jobs: readonly ExpireJob[],
  { identify, lockSeconds }: ExpireOptions,
): Promise<ExpireResult[]> {
  const results: ExpireResult[] = [];
  for (const job of jobs) {
    let node = firstReplicas(job.cluster)[0]?.name ?? job.cluster.name;
    try {
      const result = await atShard(job.cluster, job.tenant, async (server): Promise<ExpireResult> => {
        node = server.node.name;
        const limit = await limitOf(server, job.retention);
        const expired = await readExpired(server, job.scd, job.tenant, limit);
        if (expired.versions === 0 || !identify) return { job, node, expired, limit, removed: false };
        const removed = await remove(server, job, limit, await identify(), lockSeconds);
        return { job, node, expired: removed, limit, removed: true };
      });
      results.push(result);
    } catch (error) {
      if (!(error instanceof PlumblineError)) throw error;
      results.push({ job, node, error: error instanceof ServerError ? error.reason : error.message });
    }
  }
  return results;
}
