/** The demo's tenants go in; files as their systems would write them stand in S3 afterwards, made by the servers themselves. */
import type { Bucket } from '../embedded/bucket.ts';
import type { Server } from '../live/server.ts';
import { literal } from '../sql/quote.ts';

/** Rows of each tenant and feed in the bulk. */
export interface DemoSize {
  readonly rows: number;
}

export const DEMO_TENANTS = ['acme', 'globex', 'initech'] as const;

/** One in a hundred companies changes. */
export const changedOf = ({ rows }: DemoSize): number => Math.ceil(rows / 100);

export async function knowBucket(servers: readonly Server[], { url, key }: Bucket): Promise<void> {
  for (const server of servers) {
    await server.run(
      `CREATE NAMED COLLECTION IF NOT EXISTS avesa_s3 AS url = ${literal(url)}, access_key_id = ${literal(key.id)}, secret_access_key = ${literal(key.secret)}`,
    );
  }
}

async function put(server: Server, path: string, format: string, select: string): Promise<void> {
  await server.run(
    `INSERT INTO FUNCTION s3(avesa_s3, filename = ${literal(path)}, format = ${literal(format)}) ${select}`,
    { settings: { s3_truncate_on_insert: 1 }, timeout: 600_000 },
  );
}

const companies = (tenant: string, since: string, rows: number): string => `
SELECT ${literal(tenant)} AS tenant_id, toString(number) AS company_id, ${literal(tenant)} || ' customer ' || company_id AS name,
  'customer-' || company_id || '.example' AS domain, ['Software', 'Health', 'Retail'][1 + number % 3] AS industry, 'Small' AS size_category,
  if(number % 10 = 0, 'Inactive', 'Active') AS status, if(number % 7 = 0, NULL, toUInt32(10 + number % 90)) AS number_of_employees,
  toDecimal64(number % 1000, 2) AS annual_revenue, toDateTime64('2025-06-01 00:00:00', 3) AS created_at,
  toDateTime64(${literal(since)}, 3) AS updated_at, true AS is_active
FROM numbers(${rows})`;

const tickets = (tenant: string, rows: number): string => `
SELECT ${literal(tenant)} AS tenant_id, toString(number) AS ticket_id, toString(number % 100) AS company_id, NULL::Nullable(String) AS contact_id,
  'Ticket ' || ticket_id AS summary, ['New', 'In Progress', 'Waiting', 'Closed'][1 + number % 4] AS status, 'Medium' AS priority,
  number % 8 / 2 AS actual_hours, toDateTime64(today() - number % 3, 3) AS created_date,
  if(status = 'Closed', created_date + INTERVAL 1 HOUR, NULL) AS closed_date
FROM numbers(${rows})`;

const timeEntries = (tenant: string, rows: number): string => `
SELECT ${literal(tenant)} AS tenant_id, toString(number) AS entry_id, toString(number % 100) AS ticket_id, 'member-' || toString(number % 5) AS member,
  toString(number % 16 / 4) AS hours, number % 2 = 0 AS billable, '' AS notes, toString(today() - number % 30) AS worked_at
FROM numbers(${rows})`;

/** Parquet for companies and tickets, lines of JSON for the times that people booked. */
export async function putBulk(server: Server, { rows }: DemoSize): Promise<void> {
  for (const tenant of DEMO_TENANTS) {
    const path = `${tenant}/canonical`;
    await put(
      server,
      `${path}/companies/1.parquet`,
      'Parquet',
      companies(tenant, '2026-01-01 00:00:00', rows),
    );
    await put(server, `${path}/tickets/1.parquet`, 'Parquet', tickets(tenant, rows));
    await put(server, `${path}/time_entries/1.jsonl`, 'JSONEachRow', timeEntries(tenant, rows));
  }
}

/** Some companies have grown, and a row of globex has come into a file of acme. */
export async function putChanges(server: Server, size: DemoSize): Promise<void> {
  for (const tenant of DEMO_TENANTS) {
    const grown = `SELECT * REPLACE (CAST(100000 AS Nullable(UInt32)) AS number_of_employees) FROM (${companies(tenant, '2026-02-01 00:00:00', changedOf(size))})`;
    const foreign = tenant === 'acme' ? ` UNION ALL ${companies('globex', '2026-02-01 00:00:00', 1)}` : '';
    await put(server, `${tenant}/canonical/companies/2.parquet`, 'Parquet', `${grown}${foreign}`);
  }
}
