/** The demo's chapter about tenants: rows come in from S3, get a history, and each tenant reads its own, as itself. */
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { startBucket } from '../embedded/bucket.ts';
import { connect, type Server } from '../live/server.ts';
import type { Estate, Node } from '../model/estate.ts';
import { firstReplicas, shardOf } from '../scd/tenant-shard.ts';
import { connectTenant, tenantQuery } from '../tenant/tenant.ts';
import { changedOf, DEMO_TENANTS, type DemoSize, knowBucket, putBulk, putChanges } from './demo-sources.ts';
import type { Output } from './output.ts';
import { scdLoad } from './scd.ts';

const FEEDS = ['companies_canonical', 'tickets_canonical', 'time_entries_canonical'];

const COMPANIES = tenantQuery(
  `SELECT count() AS companies, countIf(status = 'Active') AS active, max(number_of_employees) AS largest, countIf(tenant_id = {other:String}) AS of_others
   FROM companies_current`,
  { companies: 'number', active: 'number', largest: 'number?', of_others: 'number' },
);

const BEFORE = tenantQuery(
  `SELECT max(number_of_employees) AS largest FROM companies WHERE effective_date <= {at:DateTime64(3)} AND expiry_date > {at:DateTime64(3)}`,
  { largest: 'number?' },
);

const TICKETS = tenantQuery(
  `SELECT toDate(created_date) AS date, count() AS tickets, countIf(status = 'Closed') AS closed FROM tickets_current GROUP BY date ORDER BY date DESC LIMIT 1`,
  { date: 'text', tickets: 'number', closed: 'number' },
);

const passwordOf = (tenant: string): string => `${tenant.toUpperCase()}_APP_PASSWORD`;

/** Where the environment has none: passwords that nobody is told. */
export function choosePasswords(): void {
  for (const name of DEMO_TENANTS.map(passwordOf))
    process.env[name] ??= randomBytes(18).toString('base64url');
}

export interface Chapter {
  readonly folder: string;
  readonly estate: Estate;
  readonly output: Output;
  say(text: string): void;
  run(line: string, expected: number, command: () => Promise<number>): Promise<void>;
}

const urlOf = ({ host, httpPort }: Node): string => `http://${host}:${httpPort}`;

/** All rows of a tenant are on one shard. */
async function nodeOf(server: Server, { clusters }: Estate, tenant: string): Promise<Node> {
  const community = clusters.find(({ name }) => name === 'community');
  const nodes = community ? firstReplicas(community) : [];
  const node = nodes[await shardOf(server, tenant, nodes.length)];
  if (!node) throw new Error('the estate has no cluster community');
  return node;
}

async function readAs({ estate, output }: Chapter, server: Server): Promise<void> {
  for (const [at, tenant] of DEMO_TENANTS.entries()) {
    const node = await nodeOf(server, estate, tenant);
    const user = `${tenant}_app`;
    const password = process.env[passwordOf(tenant)] ?? '';
    const reader = connectTenant({ url: urlOf(node), database: 'avesa', user, password });
    const other = DEMO_TENANTS[(at + 1) % DEMO_TENANTS.length] ?? '';
    try {
      const [now] = await reader.rows(COMPANIES, { other });
      const [then] = await reader.rows(BEFORE, { at: '2026-01-15 00:00:00' });
      const [today] = await reader.rows(TICKETS, {});
      output.result(
        `${user}@${node.name}> ${now?.companies} companies, ${now?.active} active, the largest has ${now?.largest} employees ` +
          `(${then?.largest} in mid-January), ${now?.of_others} of ${other}; ${today?.tickets} tickets on ${today?.date}, ${today?.closed} closed\n`,
      );
    } finally {
      await reader.close();
    }
  }
}

/** Whether there was an S3 endpoint to load from. */
export async function tellOfTenants(chapter: Chapter, size: DemoSize): Promise<boolean> {
  const { folder, estate, output, say, run } = chapter;
  const bucket = await startBucket(join(folder, 's3'), 'avesa');
  if (!bucket) {
    output.note(
      'The npm package s3rver is not installed: nothing is loaded from S3. Install it with `npm install --include=dev`.',
    );
    return false;
  }
  const nodes = estate.clusters.filter(({ name }) => name !== 'standby').flatMap(({ nodes }) => nodes);
  const servers = nodes.map(connect);
  const [first] = servers;
  if (!first) throw new Error('the estate has no nodes');
  // What loads say goes where the story is told.
  const told: Output = { ...output, live: false, note: (text) => output.result(`${text}\n`) };
  const load = (feeds: readonly string[]) =>
    run(`scd load --feed ${feeds.join(' ')}`, 0, () =>
      scdLoad(
        { estate: folder, embedded: true, connectTimeout: 10, feed: feeds, lockSeconds: 60, format: 'text' },
        told,
      ),
    );
  try {
    await knowBucket(servers, bucket);
    await putBulk(first, size);
    say(
      "5. Three tenants share the tables, each with users, rights and row policies of its own. Their files are in S3; each one's feeds load them.",
    );
    await load(FEEDS);
    await putChanges(first, size);
    say(
      `6. Later ${changedOf(size)} companies of each have grown, and a row of globex has come into a file of acme:`,
    );
    await load(FEEDS.slice(0, 1));
    say('   What their backends read, each as its own user, without a filter by tenant:');
    await readAs(chapter, first);
    return true;
  } finally {
    await Promise.all(servers.map((server) => server.close()));
    await bucket.stop();
  }
}
