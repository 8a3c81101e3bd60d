/**
 * Two analytics routes over HTTP: `GET /companies/analytics/:tenantId?startDate&endDate` and `GET /tickets/trends/:tenantId?period`.
 * The environment says who may ask: `TENANTS` is JSON, `[{ "id", "token", "user", "password" }]`.
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { connectTenant, type Tenant, TenantError } from 'plumbline/tenant';
import { companyAnalytics, ticketTrends } from './queries.ts';

interface Member {
  readonly id: string;
  /** What its users send as `Authorization: Bearer …`; a real service asks its identity provider. */
  readonly token: string;
  readonly user: string;
  readonly password: string;
}

const { CLICKHOUSE_URL = '', TENANTS = '[]', PORT = '3000' } = process.env;

/** A connection for each tenant, signed in as that tenant. */
const tenants = new Map(
  (JSON.parse(TENANTS) as Member[]).map(({ id, token, user, password }) => [
    token,
    { id, rows: connectTenant({ url: CLICKHOUSE_URL, database: 'avesa', user, password }) },
  ]),
);

const ROUTES: Readonly<Record<string, (tenant: Tenant, asked: URLSearchParams) => Promise<unknown>>> = {
  '/companies/analytics': async (tenant, asked) => {
    const [row] = await tenant.rows(companyAnalytics, {
      from: asked.get('startDate') ?? '1970-01-01',
      to: asked.get('endDate') ?? '2299-12-31',
    });
    return row;
  },
  '/tickets/trends': (tenant, asked) =>
    tenant.rows(ticketTrends, { days: Number(asked.get('period') ?? '30') }),
};

async function answer(request: IncomingMessage): Promise<readonly [status: number, body: unknown]> {
  const member = tenants.get(request.headers.authorization?.replace(/^Bearer /, '') ?? '');
  if (!member) return [401, { error: 'sign in first' }];
  const { pathname, searchParams } = new URL(request.url ?? '/', 'http://localhost');
  const [, route = '', id = ''] = /^(\/.+)\/([^/]+)$/.exec(pathname) ?? [];
  const run = ROUTES[route];
  if (!run || id !== encodeURIComponent(member.id)) return [404, { error: 'there is nothing here' }];
  return [200, await run(member.rows, searchParams)];
}

/** What the server says of a query is for the log alone. */
function failure(error: unknown): readonly [status: number, body: unknown] {
  if (error instanceof TenantError && error.badValue)
    return [400, { error: 'a value is not what it must be' }];
  process.stderr.write(`${String(error)}\n`);
  return [500, { error: 'this could not be answered' }];
}

function reply(response: ServerResponse, [status, body]: readonly [status: number, body: unknown]): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}

const server = createServer((request, response) => {
  answer(request)
    .catch(failure)
    .then((result) => reply(response, result));
});
server.listen(Number(PORT), '127.0.0.1', () => process.stdout.write(`listening on ${PORT}\n`));
