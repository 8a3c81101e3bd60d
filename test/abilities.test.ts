/** What is said of servers that lack something, proven on a real one behind a proxy that hides rows of its system tables. */

import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { createServer, type Server as HttpServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createServer as createTcpServer, type Server as TcpServer } from 'node:net';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { callsOf } from '../src/live/calls-of.ts';
import { planFindings, plannedSteps } from '../src/model/plan.ts';
import { startTestEstate, type TestEstate } from './support/test-estate.ts';

/** Rewrites what is asked, so that the server answers as an older one would. */
let older: (query: string) => string = (query) => query;
const asked: string[] = [];

let estate: TestEstate;
let proxy: HttpServer;

beforeAll(async () => {
  estate = await startTestEstate();
  proxy = createServer(async (incoming, outgoing) => {
    const body = older((await buffer(incoming)).toString());
    asked.push(body);
    const { method, url: path, headers } = incoming;
    const { 'content-length': _length, ...rest } = headers;
    const target = { host: '127.0.0.1', port: estate.servers[0]?.httpPort, method, path, headers: rest };
    const upstream = request(target, (answer) =>
      answer.pipe(outgoing.writeHead(answer.statusCode ?? 500, answer.headers)),
    );
    upstream.end(body);
  }).listen(0, '127.0.0.1');
  await once(proxy, 'listening');
  const { port } = proxy.address() as AddressInfo;
  const cluster = `kind: Cluster\nname: test\nedition: community\nversion: "26.7"\nshards: [{ replicas: [{ host: 127.0.0.1, http_port: ${port} }] }]\n`;
  await writeFile(join(estate.folder, 'clusters', 'test.yaml'), cluster);
});

afterAll(async () => {
  proxy?.closeAllConnections();
  proxy?.close();
  await estate?.stop();
});

beforeEach(() => {
  older = (query) => query;
});

const DATABASE = 'kind: Database\nname: abilities\non: test\n';
const table = (name: string, rest: string): string =>
  `---\nkind: Table\ndatabase: abilities\nname: ${name}\ncolumns: { k: UInt64 }\n${rest}\n`;
const view = (name: string, query: string): string =>
  `---\nkind: View\ndatabase: abilities\nname: ${name}\nquery: ${query}\n`;

/** A server without the row `name` in a table of `system`. */
const without =
  (system: string, name: string) =>
  (query: string): string =>
    query.replaceAll(
      new RegExp(`FROM system\\.${system}\\b`, 'g'),
      `FROM (SELECT * FROM system.${system} WHERE name != '${name}') AS ${system}`,
    );

async function findingsOf(...documents: string[]): Promise<string[]> {
  await estate.write({ 'a.yaml': [DATABASE, ...documents].join('') });
  const plan = await estate.plan();
  return planFindings(plan).map(({ rule, message, place }) => `${place?.line} ${rule}: ${message}`);
}

test('an engine that the server does not have', async () => {
  const kafka = table('a', "engine: Kafkaa('b:1', 't', 'g', 'CSV')");
  expect(await findingsOf(kafka)).toEqual([
    "5 refused-by-server: table abilities.a can't be created there: the server has no table engine `Kafkaa`; did you mean `Kafka`?",
  ]);
  older = without('table_engines', 'Kafka');
  expect(await findingsOf(table('a', "engine: Kafka('b:1', 't', 'g', 'CSV')"))).toEqual([
    "5 refused-by-server: table abilities.a can't be created there: the server has no table engine `Kafka`",
  ]);
});

test('a database engine that the server does not have', async () => {
  expect(await findingsOf('---\nkind: Database\nname: other\non: test\nengine: Lazy(10)\n')).toEqual([
    "5 refused-by-server: database other can't be created there: the server has no database engine `Lazy`",
  ]);
});

test('an engine that is not switched on', async () => {
  expect(await findingsOf('---\nkind: Table\ndatabase: abilities\nname: a\nengine: TimeSeries\n')).toEqual([
    "5 refused-by-server: table abilities.a can't be created there: the engine `TimeSeries` needs the setting allow_experimental_time_series_table in the profile of the user who applies",
  ]);
});

test('a function in a view', async () => {
  expect(await findingsOf(view('v', 'SELECT toStartOfHuor(now()) AS h'))).toEqual([
    "5 refused-by-server: view abilities.v can't be created there: the server has no function `toStartOfHuor`; did you mean `toStartOfHour`?",
  ]);
  older = without('functions', 'toStartOfHour');
  const materialized =
    '---\nkind: MaterializedView\ndatabase: abilities\nname: m\nquery: SELECT toStartOfHour(now()) AS h\norder_by: h\n';
  expect(await findingsOf(materialized)).toEqual([
    "5 refused-by-server: materialized view abilities.m can't be created there: the server has no function `toStartOfHour`",
  ]);
});

test('a function that the server has itself', async () => {
  const declared = (name: string): string => `---\nkind: Function\nname: ${name}\non: test\nlambda: x -> x\n`;
  expect(await findingsOf(declared('lower'), declared('sum'), declared('LOWER'), declared('sumIf'))).toEqual([
    "5 refused-by-server: function lower can't be created there: the server has a function `lower` of its own; give this one another name",
    "10 refused-by-server: function sum can't be created there: the server has a function `sum` of its own; give this one another name",
  ]);
});

test('no function is missed where there is none', async () => {
  const query = `WITH x -> x + 1 AS twice, recent AS (SELECT number FROM numbers(3))
    SELECT twice(number), sumIfOrNull(number, number > 1), quantilesTDigestArrayIf(0.5, 0.9)([number], 1), CAST(number AS Decimal(10, 2)),
      EXTRACT(YEAR FROM now()), trim(BOTH 'x' FROM 'xax'), row_number() OVER w, COLUMNS('n') APPLY(toString),
      untuple(tuple(1, 2)), arrayMap((a, b) -> a + b, [1], [2]), substring('abc' FROM 1), date_add(DAY, 1, now())
    FROM recent AS r JOIN numbers(2) AS n USING (number) WHERE number IN (SELECT 1) AND (1) GROUP BY ALL
    WINDOW w AS (PARTITION BY number)`;
  const declared = view('v', JSON.stringify(query.replaceAll(/\s+/g, ' ')));
  expect(await findingsOf(declared)).toEqual([]);
  expect(callsOf(query)).toContain('quantilesTDigestArrayIf');
});

test('a server without formatQuerySingleLine or temporary views: one finding says what is left alone', async () => {
  const documents = [
    view('v', 'SELECT 1 AS a'),
    table('t', 'order_by: k'),
    table('d', "engine: Dictionary('x.y')"),
  ];
  older = without('functions', 'formatQuerySingleLine');
  expect(await findingsOf(...documents)).toEqual([
    'undefined too-old: the server has no function formatQuerySingleLine, so nobody can compare table abilities.d, view abilities.v',
  ]);
  await estate.sql[0]?.run('CREATE DATABASE abilities');
  older = (query) => query.replace("privilege = 'CREATE TEMPORARY VIEW'", 'false');
  expect(await findingsOf(...documents)).toEqual([
    'undefined too-old: the server has no temporary views, so nobody can compare view abilities.v',
  ]);
  await estate.sql[0]?.run('DROP DATABASE abilities');
});

test('a server that shows none of its lists has the last word itself', async () => {
  older = (query) => (query.includes("'table engine', name") ? 'SELECT 1 FROM system.no_such_table' : query);
  expect(await findingsOf(table('t', 'order_by: k'))).toEqual([]);
});

test('what is in the database of another server is not looked at, and not declared', async () => {
  let calls = 0;
  const hole: TcpServer = createTcpServer((socket) => {
    calls++;
    socket.destroy();
  }).listen(0, '127.0.0.1');
  await once(hole, 'listening');
  const { port } = hole.address() as AddressInfo;
  await estate.sql[0]?.run(`CREATE DATABASE abroad ENGINE = PostgreSQL('127.0.0.1:${port}', 'd', 'u', '')`);
  // The engine looks for tables that are gone by itself, once a minute.
  const failures =
    "SELECT toString(sum(value)) FROM system.errors WHERE name = 'POSTGRESQL_CONNECTION_FAILURE'";
  while ((await estate.sql[0]?.rows<[string]>(failures))?.[0]?.[0] === '0') await sleep(20);
  calls = 0;
  const foreign =
    '---\nkind: Table\ndatabase: abroad\nname: t\non: test\ncolumns: { k: UInt8 }\norder_by: k\n';
  asked.length = 0;
  expect(await findingsOf(foreign)).toEqual([
    "5 refused-by-server: table abroad.t can't be created there: what is in abroad belongs to the server behind its engine PostgreSQL",
  ]);
  expect(calls, asked.join('\n')).toBe(0);
  await estate.sql[0]?.run('DROP DATABASE abroad');
  hole.close();
});

test('nothing is asked about abilities where nothing has to be compared', async () => {
  await estate.write({ 'a.yaml': DATABASE + table('t', 'order_by: k') });
  await estate.apply();
  asked.length = 0;
  expect(plannedSteps(await estate.plan())).toEqual([]);
  expect(asked.filter((query) => query.includes('system.table_engines'))).toEqual([]);
});
