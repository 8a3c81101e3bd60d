/** The example's analytics routes are asked over HTTP: each tenant gets its own numbers, and values stay values whatever they say. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { freePorts } from '../src/embedded/free-ports.ts';
import { defaultUsersXml } from '../src/embedded/server-config.ts';
import { connectTenant, type ParametersOf, TenantError, tenantQuery } from '../src/tenant/tenant.ts';
import { startTestEstate, type TestEstate } from './support/test-estate.ts';

const ROOT = join(import.meta.dirname, '..');
const schema = (name: string): string => readFileSync(join(ROOT, 'schemas', name), 'utf8');

const userXml = (tenant: string): string => `<${tenant}_app><password>of-${tenant}</password>
  <networks><ip>127.0.0.1</ip></networks><profile>tenant</profile><quota>default</quota>
  <grants>${['companies', 'companies_current', 'tickets', 'tickets_current'].map((table) => `<query>GRANT SELECT ON avesa.${table}</query>`).join('')}</grants>
  <databases><avesa>${['companies', 'tickets'].map((table) => `<${table}><filter>tenant_id = '${tenant}'</filter></${table}>`).join('')}</avesa></databases>
</${tenant}_app>`;

/** It has no right but through its roles, of which a connection chooses one. */
const BACKEND = `<backend><password>of-backend</password><networks><ip>127.0.0.1</ip></networks><profile>tenant</profile>
  <quota>default</quota><grants><query>GRANT reads_companies, reads_tickets</query></grants></backend>`;
const ROLES = ['companies', 'tickets'].map(
  (table) =>
    `<reads_${table}><grants><query>GRANT SELECT ON avesa.${table}</query></grants></reads_${table}>`,
);

/** Read-only, so that not even a setting can be changed. */
const USERS = defaultUsersXml
  .replace(
    '</users>',
    `${userXml('acme')}${userXml('globex')}${BACKEND}</users><roles>${ROLES.join('')}</roles>`,
  )
  .replace('</profiles>', '<tenant><readonly>1</readonly></tenant></profiles>');

const MEMBERS = ['acme', 'globex'].map((id) => ({
  ...{ id, token: `token-of-${id}`, user: `${id}_app`, password: `of-${id}` },
}));

/** As the backend of before put its queries together, as a user who may read everything. */
function filtered(query: string, tenant: string): string {
  return query.replace(/where/i, `WHERE tenant_id = '${tenant}' AND`);
}
const naiveCompanies = (tenant: string, from: string, to: string): string =>
  filtered(
    `SELECT count() FROM avesa.companies_current WHERE effective_date >= '${from}' AND effective_date <= '${to}'`,
    tenant,
  );
const naiveTickets = (tenant: string, period: string): string =>
  filtered(
    `SELECT count() FROM avesa.tickets_current WHERE created_date >= now() - INTERVAL ${period} DAY`,
    tenant,
  );

describe('the analytics API', () => {
  let estate: TestEstate;
  let api: ChildProcess;
  let base = '';
  const sql = () => estate.sql[0] as TestEstate['sql'][number];

  beforeAll(async () => {
    estate = await startTestEstate(1, { usersXml: USERS });
    await estate.write({
      'avesa.yaml': 'kind: Database\nname: avesa\non: test\n',
      ...{ 'companies.yaml': schema('companies.yaml'), 'tickets.yaml': schema('tickets.yaml') },
    });
    await estate.apply();
    await sql().run(
      `INSERT INTO avesa.companies (tenant_id, company_id, name, status, number_of_employees, annual_revenue)
       SELECT if(number < 30, 'acme', 'globex'), toString(number), 'c', if(number % 3 = 0, 'Active', 'Lost'), if(number < 30, 10, 1000), 1.25 FROM numbers(100)`,
    );
    await sql().run(
      `INSERT INTO avesa.tickets (tenant_id, ticket_id, status, actual_hours, created_date)
       SELECT if(number < 5, 'acme', 'globex'), toString(number), 'Closed', 1.5, now() FROM numbers(20)`,
    );
    const [port = 0] = await freePorts(1);
    base = `http://127.0.0.1:${port}`;
    api = spawn(process.execPath, ['--import', 'tsx', 'examples/analytics-api/server.ts'], {
      cwd: ROOT,
      env: {
        ...process.env,
        CLICKHOUSE_URL: estate.servers[0]?.url,
        TENANTS: JSON.stringify(MEMBERS),
        PORT: String(port),
      },
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    await once(api.stdout ?? api, 'data');
  });
  afterAll(async () => {
    api?.kill();
    await estate?.stop();
  });

  const ask = async (path: string, token = 'token-of-acme'): Promise<[number, unknown]> => {
    const answer = await fetch(base + path, { headers: { authorization: `Bearer ${token}` } });
    return [answer.status, await answer.json()];
  };
  const tickets = (count: number) => [
    200,
    [expect.objectContaining({ ticket_count: count, closed_count: count, avg_hours: 1.5 })],
  ];

  test('gives each tenant its own numbers', async () => {
    expect(await ask('/companies/analytics/acme')).toEqual([
      200,
      { total_companies: 30, active_companies: 10, avg_employees: 10, total_revenue: '37.5' },
    ]);
    expect(await ask('/companies/analytics/globex', 'token-of-globex')).toEqual([
      200,
      { total_companies: 70, active_companies: 24, avg_employees: 1000, total_revenue: '87.5' },
    ]);
    expect(await ask('/companies/analytics/acme?startDate=2999-01-01')).toEqual([
      200,
      { total_companies: 0, active_companies: 0, avg_employees: null, total_revenue: null },
    ]);
    expect(await ask('/tickets/trends/acme?period=7')).toEqual(tickets(5));
    expect(await ask('/tickets/trends/globex', 'token-of-globex')).toEqual(tickets(15));
  });

  const ATTACKS = {
    tenant: "x' OR 1 = 1 OR tenant_id = 'x",
    date: "1970-01-01' OR tenant_id = 'globex' OR '1' = '0",
    period: '1 DAY OR 1 = 1 OR created_date > now() - INTERVAL 1',
  };

  test('takes nothing for SQL that a backend without bound values takes for it', async () => {
    const { tenant, date, period } = ATTACKS;
    const count = async (query: string): Promise<number> =>
      Number((await sql().rows<[string]>(query))[0]?.[0]);
    expect(await count(naiveCompanies('acme', '1970-01-01', '2299-12-31'))).toBe(30);
    expect(await count(naiveCompanies(tenant, '1970-01-01', '2299-12-31'))).toBe(100);
    expect(await count(naiveCompanies('acme', date, '2299-12-31'))).toBeGreaterThan(30);
    expect(await count(naiveTickets('acme', period))).toBe(20);

    const bad = [400, { error: 'a value is not what it must be' }];
    const nothing = [404, { error: 'there is nothing here' }];
    expect(await ask(`/companies/analytics/${encodeURIComponent(tenant)}`)).toEqual(nothing);
    expect(await ask(`/companies/analytics/acme?startDate=${encodeURIComponent(date)}`)).toEqual(bad);
    expect(await ask(`/companies/analytics/acme?endDate=${encodeURIComponent(date)}`)).toEqual(bad);
    expect(await ask(`/tickets/trends/acme?period=${encodeURIComponent(period)}`)).toEqual(bad);
    expect(await ask('/companies/analytics/globex')).toEqual(nothing);
    expect((await ask('/companies/analytics/acme', 'token'))[0]).toBe(401);
  });

  test('shows a tenant its own rows even where a query forgets to ask for them', async () => {
    const acme = connectTenant({ url: estate.servers[0]?.url ?? '', user: 'acme_app', password: 'of-acme' });
    const all = tenantQuery(
      'SELECT tenant_id, count() AS rows FROM avesa.companies FINAL GROUP BY tenant_id',
      {
        tenant_id: 'text',
        rows: 'bigint',
      },
    );
    expect(await acme.rows(all, {})).toEqual([{ tenant_id: 'acme', rows: 30n }]);
    await acme.close();
  });

  test('has the rights of one role, where it is given one', async () => {
    const url = estate.servers[0]?.url ?? '';
    const backend = (role: string) => connectTenant({ url, user: 'backend', password: 'of-backend', role });
    const companies = tenantQuery('SELECT count() AS rows FROM avesa.companies', { rows: 'number' });
    const outcome = async (role: string): Promise<unknown> => {
      const tenant = backend(role);
      const answer = tenant.rows(companies, {}).catch(({ code }: TenantError) => code);
      return answer.finally(tenant.close);
    };
    expect(await outcome('reads_companies')).toEqual([{ rows: 100 }]);
    expect(await outcome('reads_tickets')).toBe(497);
    expect(await outcome('nobody')).toBe(511);
  });

  test('binds every type of value as it is', async () => {
    const acme = connectTenant({ url: estate.servers[0]?.url ?? '', user: 'acme_app', password: 'of-acme' });
    const echo = tenantQuery(
      `SELECT {text:String} AS text, toString({many:Array(String)}) AS many, {none:Nullable(Int32)} AS none, {big:UInt64} AS big,
         {yes:Bool} AS yes, toUnixTimestamp64Milli({at:DateTime64(3)}) AS at, {amount:Decimal(18, 2)} AS amount`,
      {
        text: 'text',
        many: 'text',
        none: 'number?',
        big: 'bigint',
        yes: 'boolean',
        at: 'number',
        amount: 'text',
      },
    );
    const text = `'; DROP TABLE x -- \\ \t\n {a:String} ü`;
    const at = new Date('2026-01-02T03:04:05.678Z');
    const values = {
      text,
      many: ["a'", 'b\\'],
      none: null,
      big: 2n ** 64n - 1n,
      yes: true,
      at,
      amount: '1.50',
    };
    expect(await acme.rows(echo, values)).toEqual([
      {
        ...{ text, many: "['a\\'','b\\\\']", none: null, big: 2n ** 64n - 1n, yes: true },
        at: Number(at),
        amount: '1.5',
      },
    ]);
    const stray = { ...values, more: 1 } as typeof values;
    await expect(acme.rows(echo, stray)).rejects.toThrow('the query has no parameter more');
    const { big: _big, ...fewer } = values;
    await expect(acme.rows(echo, fewer as typeof values)).rejects.toThrow(TenantError);
    await acme.close();
  });

  test('refuses queries that are put together, when they are compiled', () => {
    const table = String('companies');
    const text = `SELECT 1 FROM ${table}` as const;
    // @ts-expect-error: its text is known only when it runs
    tenantQuery(text, {});
    const numbers = { wrong: 1 };
    const texts: { wrong: ParametersOf<'SELECT {wrong:String}'>['wrong'] } = { wrong: 'a' };
    // @ts-expect-error: a number is no text
    texts.wrong = numbers.wrong;
    expect(() => tenantQuery('SELECT 1 FROM {t:Identifier}', {})).toThrow('would choose what is read');
  });

  test('sends values where no log has them', async () => {
    const acme = connectTenant({ url: estate.servers[0]?.url ?? '', user: 'acme_app', password: 'of-acme' });
    const query = tenantQuery('SELECT {secret:String} AS secret', { secret: 'text' });
    await acme.rows(query, { secret: 'canary-4711' });
    await acme.close();
    const log = readFileSync(join(estate.folder, 'servers/1/server.log'), 'utf8');
    expect(log).not.toContain('canary-4711');
  });
});
