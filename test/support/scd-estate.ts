/** A server with one table with history and feeds of every mode into it; batches of events go in, the stored versions come out. */
import { loadEstate } from '../../src/commands/estate-options.ts';
import { newRun } from '../../src/commands/identity.ts';
import type { Server } from '../../src/live/server.ts';
import type { Feed } from '../../src/model/feed.ts';
import { OPEN_END, type ScdTable } from '../../src/model/scd.ts';
import { readVerified, type Verified, verifyQuery } from '../../src/scd/invariants.ts';
import { type LoadReport, type LoadRequest, loadFeed } from '../../src/scd/load.ts';
import { literal } from '../../src/sql/quote.ts';
import type { OracleEvent, OracleVersion, Rank } from './scd-oracle.ts';
import { startTestEstate, type TestEstate } from './test-estate.ts';

/** \`kind\` and \`state\` are names that the processor's own SQL might trip over. */
const TABLE = `
kind: Database
name: shop
on: test
---
kind: ScdTable
database: shop
name: customers
tenant: tenant_id
key: [region, id]
ignored: [seen]
columns:
  tenant_id: LowCardinality(String)
  region: LowCardinality(String)
  id: UInt32
  state: Nullable(String)
  row: Int64
  kind: Nullable(Decimal(9, 2))
  seen: String
`;

const feedOf = (name: string, more: string): string => `---
kind: Feed
name: ${name}
table: shop.customers
source: { table: 'inbox.{tenant}' }
mapping: { region: split_region, id: number, state: state_text }
valid_from: since
deleted: op = 'D'
${more}
`;

export const SCD_DECLARATIONS = `${TABLE}${feedOf('changes', 'window: all')}${feedOf('everything', 'mode: full\nmax_closed_share: 100%\nallow_empty: true')}`;

/** The values that events have, by what the oracle calls them: NULL, an empty text and 0 are three. */
export const VALUES: Readonly<Record<string, string>> = {
  null: 'NULL, 0, NULL',
  empty: "'', 0, NULL",
  zero: "'', 0, 0",
  a: "'a', 1, 1.5",
  b: "'b', 1, 1.5",
  c: "'b', -1, 1.5",
};

export const NOTES = ['n0', 'n1', 'n2'] as const;

export interface ScdEstate {
  readonly estate: TestEstate;
  readonly server: Server;
  readonly scd: ScdTable;
  readonly rank: Rank;
  feed(name: string): Feed;
  /** Puts events where the feeds read them. */
  deliver(tenant: string, events: readonly OracleEvent[]): Promise<void>;
  load(tenant: string, options?: Partial<LoadRequest>): Promise<LoadReport>;
  versions(tenant: string): Promise<OracleVersion[]>;
  verify(tenant: string): Promise<Verified>;
}

const COLUMNS =
  'split_region String, number UInt32, state_text Nullable(String), row Int64, kind Nullable(Decimal(9, 2)), seen String';

/** The server's hashes: of what is tracked, and of all values with each note. */
async function hashesOf(server: Server, scd: ScdTable) {
  const tracked = new Map<string, bigint>();
  const whole = new Map<string, bigint>();
  for (const [name, values] of Object.entries(VALUES)) {
    const [state, row, kind] = values.split(', ');
    const rows = await server.rows<[string, string, string]>(
      `SELECT seen, toString(${scd.hash}), toString(cityHash64(tuple(state, row, kind, seen)))
       FROM (SELECT CAST(${state} AS Nullable(String)) AS state, toInt64(${row}) AS row, CAST(${kind} AS Nullable(Decimal(9, 2))) AS kind,
         arrayJoin([${NOTES.map(literal).join(', ')}]) AS seen)`,
    );
    for (const [note, hash, all] of rows) {
      tracked.set(name, BigInt(hash));
      whole.set(`${name} ${note}`, BigInt(all));
    }
  }
  return { tracked, whole };
}

/** The estate must be of one node; it is given its declarations, and they are applied. */
export async function openScdEstate(estate: TestEstate): Promise<ScdEstate> {
  const [server] = estate.sql;
  if (!server) throw new Error('the estate has no server');
  await estate.write({ 'shop.yaml': SCD_DECLARATIONS });
  await estate.apply();
  const { scd: [scd] = [], feeds = [] } = await loadEstate(estate.folder);
  if (!scd) throw new Error('no ScdTable is declared');
  await server.run('CREATE DATABASE IF NOT EXISTS inbox');
  const { tracked, whole } = await hashesOf(server, scd);
  const names = new Map([...tracked].map(([name, hash]) => [String(hash), name]));
  const feed = (name: string): Feed => {
    const found = feeds.find((one) => one.name === name);
    if (!found) throw new Error(`no feed ${name}`);
    return found;
  };
  return {
    estate,
    server,
    scd,
    feed,
    rank: ({ value, note }) => ((tracked.get(value) ?? 0n) << 64n) | (whole.get(`${value} ${note}`) ?? 0n),
    async deliver(tenant, events) {
      await server.run(
        `CREATE OR REPLACE TABLE inbox.\`${tenant}\` (${COLUMNS}, since DateTime64(3), op String) ENGINE = MergeTree ORDER BY ()`,
      );
      if (events.length === 0) return;
      const rows = events.map(({ key, at, deleted, value, note }) => {
        const [region = '', id = ''] = key.split('/');
        return `(${literal(region)}, ${id}, ${VALUES[value] ?? VALUES.null}, ${literal(note)}, fromUnixTimestamp64Milli(toInt64(${at})), '${deleted ? 'D' : 'U'}')`;
      });
      await server.run(`INSERT INTO inbox.\`${tenant}\` VALUES ${rows.join(', ')}`);
    },
    load: async (tenant, options = {}) =>
      loadFeed({
        cluster: 'test',
        server,
        scd,
        feed: feed('changes'),
        tenant,
        identity: await newRun(estate.folder),
        lockSeconds: 60,
        watch: () => {},
        ...options,
      }),
    async versions(tenant) {
      const rows = await server.rows<[string, string, string, string, string]>(
        `SELECT region || '/' || toString(id) AS key, toString(toUnixTimestamp64Milli(effective_date)),
           if(expiry_date = ${OPEN_END}, '', toString(toUnixTimestamp64Milli(expiry_date))), toString(record_hash), seen
         FROM shop.customers FINAL WHERE tenant_id = ${literal(tenant)} ORDER BY key, effective_date`,
      );
      return rows.map(([key, from, to, hash, note]) => ({
        key,
        from: Number(from),
        to: to === '' ? Number.POSITIVE_INFINITY : Number(to),
        value: names.get(hash) ?? hash,
        note,
      }));
    },
    async verify(tenant) {
      const [row = []] = await server.rows<string[]>(verifyQuery(scd, tenant));
      return readVerified(scd, row);
    },
  };
}

export const startScdEstate = async (): Promise<ScdEstate> => openScdEstate(await startTestEstate());
