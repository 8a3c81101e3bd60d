/** Keeps what checks found on the first node of both sites, in `plumbline.dr_checks`, and reads it back from both. */
import { type Server, ServerError } from '../live/server.ts';
import type { DrPair } from '../model/dr-pair.ts';
import { PlumblineError } from '../model/errors.ts';
import { literal } from '../sql/quote.ts';
import type { PairCheck } from './check-pair.ts';
import type { PartitionVerdict } from './comparison.ts';
import type { Failback, Standing } from './failback.ts';
import { type OpenSites, reasonOf } from './open-sites.ts';

const CREATE = [
  'CREATE DATABASE IF NOT EXISTS `plumbline`',
  `CREATE TABLE IF NOT EXISTS \`plumbline\`.\`dr_checks\` (
  pair LowCardinality(String), time DateTime64(3, 'UTC'), run String, actor String,
  active LowCardinality(String), passive LowCardinality(String), reason String, depth LowCardinality(String),
  tables UInt32, partitions UInt32, verdicts Map(LowCardinality(String), UInt32),
  clean Bool, objections Array(String), digest String, streak UInt32, ready_since Nullable(DateTime64(3, 'UTC'))
) ENGINE = MergeTree ORDER BY (pair, time)
COMMENT 'What plumbline found whenever it compared the sites of a pair'`,
];

const TABLE = '`plumbline`.`dr_checks`';

export interface KeptCheck extends Standing {
  readonly time: string;
  readonly clean: boolean;
  readonly reason: string;
  readonly partitions: number;
  readonly verdicts: Readonly<Record<string, number>>;
  readonly run: string;
}

/** How many partitions have which verdict; those of tables that were not compared count as one of the table's verdict. */
function countVerdicts(check: Pick<PairCheck, 'shards'>): Record<string, number> {
  const counts: Partial<Record<string, number>> = {};
  const count = (verdict: PartitionVerdict | string): void => {
    counts[verdict] = (counts[verdict] ?? 0) + 1;
  };
  for (const { verdict, partitions } of check.shards.flatMap(({ tables }) => tables)) {
    if (verdict !== 'compared') count(verdict);
    for (const one of partitions) count(one.verdict);
  }
  return counts as Record<string, number>;
}

/** UNKNOWN_TABLE, UNKNOWN_DATABASE. */
const isMissing = (code: number | undefined): boolean => code === 60 || code === 81;

async function readFrom(server: Server, pair: string, most: number): Promise<KeptCheck[]> {
  const rows = await server
    .rows<[string, string, boolean, string, number, Record<string, number>, string, number, string | null]>(
      `SELECT toString(time), active, clean, reason, partitions, verdicts, run, streak, toString(ready_since)
       FROM ${TABLE} WHERE pair = ${literal(pair)} ORDER BY time DESC LIMIT ${most}`,
    )
    .catch((error: unknown) => {
      if (error instanceof ServerError && isMissing(error.code)) return [];
      throw error;
    });
  const iso = (time: string): string => `${time.replace(' ', 'T')}Z`;
  return rows.map(([time, active, clean, reason, partitions, verdicts, run, streak, since]) => ({
    time: iso(time),
    active,
    clean,
    reason,
    partitions,
    verdicts,
    run,
    streak,
    ...(since !== null && { readySince: iso(since) }),
  }));
}

/** The newest first, from both sites: one may have been down while the other kept some. A site that can't be read shows none. */
export async function readChecks(sites: OpenSites, pair: DrPair, most: number): Promise<KeptCheck[]> {
  const servers = pair.sites.map((site) => sites.firstOf(site)).filter((server) => server !== undefined);
  const kept = await Promise.all(
    servers.map((server) =>
      readFrom(server, pair.name, most).catch((error: unknown) => {
        if (!(error instanceof PlumblineError)) throw error;
        return [];
      }),
    ),
  );
  const all = new Map(kept.flat().map((check) => [`${check.time} ${check.run}`, check]));
  return [...all.values()].sort((a, b) => (a.time < b.time ? 1 : -1)).slice(0, most);
}

/** A user that may insert, and create nothing, is enough once the table is there. */
async function insert(server: Server, row: string): Promise<void> {
  const write = (): Promise<void> =>
    server.run(`INSERT INTO ${TABLE} FORMAT JSONEachRow ${row}`, {
      settings: { date_time_input_format: 'best_effort', async_insert: 0 },
    });
  try {
    await write();
  } catch (error) {
    if (!(error instanceof ServerError && isMissing(error.code))) throw error;
    for (const statement of CREATE) await server.run(statement);
    await write();
  }
}

/** Writes to both sites, and gives the reasons for which one has no record of the check. */
export async function keepCheck(
  sites: OpenSites,
  pair: DrPair,
  check: PairCheck,
  objections: readonly string[],
  { streak, readySince }: Failback,
  identity: { readonly run: string; readonly actor: string },
): Promise<string[]> {
  const verdicts = countVerdicts(check);
  const tables = new Set(check.shards.flatMap((shard) => shard.tables.map(({ path }) => path.join('.'))));
  const row = JSON.stringify({
    pair: pair.name,
    time: check.time,
    run: identity.run,
    actor: identity.actor,
    active: check.active ?? '',
    passive: check.passive ?? '',
    reason: check.reason,
    depth: check.depth,
    tables: tables.size,
    partitions: check.shards.flatMap((shard) => shard.tables.flatMap((table) => table.partitions)).length,
    verdicts,
    clean: check.clean,
    objections,
    digest: check.digest,
    streak,
    ready_since: readySince ?? null,
  });
  const failures = await Promise.all(
    pair.sites.map(async (site) => {
      const server = sites.firstOf(site);
      if (!server) return [`${site.cluster} has no record of this check: its first node does not answer`];
      try {
        await insert(server, row);
        return [];
      } catch (error) {
        return [`${site.cluster} has no record of this check: ${reasonOf(error)}`];
      }
    }),
  );
  return failures.flat();
}
