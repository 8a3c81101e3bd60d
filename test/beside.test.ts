/** Servers that do not show what stands beside the databases: nothing is created that may be there, and the rest is planned. */
import { once } from 'node:events';
import { readFile, writeFile } from 'node:fs/promises';
import { createServer, request, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { planFindings, plannedSteps } from '../src/model/plan.ts';
import { startTestEstate, type TestEstate } from './support/test-estate.ts';

interface Answer {
  readonly status: number;
  readonly code: number;
  readonly body: string;
}

const denied = (table: string): Answer => ({
  status: 403,
  code: 497,
  body: `Code: 497. DB::Exception: planner: Not enough privileges. To execute this query, it's necessary to have the grant SELECT ON ${table}. (ACCESS_DENIED)`,
});
const unknown = (table: string): Answer => ({
  status: 404,
  code: 60,
  body: `Code: 60. DB::Exception: Unknown table expression identifier '${table}'. (UNKNOWN_TABLE)`,
});
const rows = (...list: readonly (readonly string[])[]): Answer => ({
  status: 200,
  code: 0,
  body: list.map((row) => `${JSON.stringify(row)}\n`).join(''),
});

let estate: TestEstate;
let proxy: Server;
/** What is answered in the server's place to a query that has the text, or begins with what follows a `^`. */
const answers = new Map<string, Answer>();

beforeAll(async () => {
  estate = await startTestEstate();
  const target = estate.servers[0]?.httpPort ?? 0;
  proxy = createServer(async (incoming, outgoing) => {
    const body = await buffer(incoming);
    const query = body.toString();
    const isMeant = (text: string): boolean =>
      text.startsWith('^') ? query.startsWith(text.slice(1)) : query.includes(text);
    const [, answer] = [...answers].find(([text]) => isMeant(text)) ?? [];
    if (answer) {
      const headers = answer.code ? { 'X-ClickHouse-Exception-Code': String(answer.code) } : {};
      outgoing.writeHead(answer.status, headers).end(answer.body);
      return;
    }
    const { method, url, headers } = incoming;
    const upstream = request({
      host: '127.0.0.1',
      port: target,
      path: url ?? '',
      headers,
      ...(method && { method }),
    });
    upstream.on('response', (response) => {
      outgoing.writeHead(response.statusCode ?? 500, response.headers);
      response.pipe(outgoing);
    });
    upstream.end(body);
  });
  proxy.listen(0, '127.0.0.1');
  await once(proxy, 'listening');
  const file = join(estate.folder, 'clusters', 'test.yaml');
  const { port } = proxy.address() as AddressInfo;
  await writeFile(file, (await readFile(file, 'utf8')).replace(String(target), String(port)));
});
afterAll(async () => {
  proxy?.closeAllConnections();
  proxy?.close();
  await estate?.stop();
});
beforeEach(() => answers.clear());

const DATABASE = 'kind: Database\nname: shop\non: test\n';
const FUNCTION = '---\nkind: Function\nname: margin\non: test\nlambda: (a, b) -> a - b\n';
const COLLECTION = '---\nkind: NamedCollection\nname: source\non: test\nvalues: { url: "http://a" }\n';

/** The steps and the findings of a plan, as texts. */
async function plan(...documents: readonly string[]) {
  await estate.write({ 'shop.yaml': documents.join('') });
  const { plan: planned, close } = await estate.survey();
  await close();
  return {
    steps: plannedSteps(planned).map(({ step }) => `${step.action} ${step.object.kind}`),
    findings: planFindings(planned).map(({ severity, message }) => `${severity}: ${message}`),
    unreadable: planned.clusters.flatMap(({ nodes }) => nodes.flatMap(({ unreadable }) => unreadable ?? [])),
  };
}

test('a kind that the user may not see is told in one warning, where nothing of it is declared', async () => {
  answers.set('FROM system.workloads', denied('system.workloads'));
  answers.set('FROM system.functions WHERE origin', denied('system.functions'));
  expect(await plan(DATABASE)).toEqual({
    steps: ['create database'],
    findings: [
      'warning: not everything that nobody declared is listed: the user may not read system.workloads: GRANT SELECT ON system.workloads; ' +
        'the user may not read system.functions: GRANT SELECT ON system.functions',
    ],
    unreadable: [],
  });
});

test('what may be there already is not created', async () => {
  answers.set('FROM system.functions WHERE origin', denied('system.functions'));
  expect(await plan(DATABASE, FUNCTION)).toEqual({
    steps: ['create database'],
    findings: [
      "error: function margin can't be compared: the user may not read system.functions: GRANT SELECT ON system.functions",
    ],
    unreadable: [],
  });
});

test('a server that does not know a kind is silent about it, until one is declared', async () => {
  answers.set('FROM system.workloads', unknown('system.workloads'));
  answers.set('FROM system.resources', unknown('system.resources'));
  expect((await plan(DATABASE)).findings).toEqual([]);
  const resource = '---\nkind: Resource\nname: slots\non: test\noperations: QUERY\n';
  expect(await plan(DATABASE, resource)).toMatchObject({
    steps: ['create database'],
    findings: ["error: resource slots can't be compared: the server does not show them in system.resources"],
  });
});

test('named collections that the user may not see stop the plan with the right to grant', async () => {
  answers.set('CHECK GRANT SHOW NAMED COLLECTIONS', { status: 200, code: 0, body: '0\n' });
  expect(await plan(DATABASE, COLLECTION)).toMatchObject({
    steps: [],
    unreadable: [
      'the user may not see the named collection source, so nobody knows what is missing: GRANT SHOW NAMED COLLECTIONS ON `source`',
    ],
  });
});

test("a named collection from the server's configuration is left alone", async () => {
  answers.set('FROM system.named_collections', rows(['source', '']));
  expect((await plan(DATABASE)).findings).toEqual([]);
  expect(await plan(DATABASE, COLLECTION)).toMatchObject({
    steps: ['create database'],
    findings: [
      'error: named collection source is not fully understood and left alone: it comes from the configuration files of the server; change it there',
    ],
  });
});

test('a named collection that is there is compared, and not created', async () => {
  const [sql] = estate.sql;
  await sql?.run("CREATE NAMED COLLECTION source AS url = 'http://a'");
  expect((await plan(DATABASE, COLLECTION)).steps).toEqual(['create database']);
  expect(await sql?.rows('SELECT name FROM system.named_collections')).toEqual([['source']]);
});

test('values that a broken-off apply may have written are written again, and without the journal nobody knows', async () => {
  const other = COLLECTION.replace('http://a', 'http://b');
  await estate.sql[0]?.run('DROP NAMED COLLECTION IF EXISTS source');
  await estate.write({ 'shop.yaml': DATABASE + COLLECTION });
  await estate.apply();
  await estate.write({ 'shop.yaml': DATABASE + other });
  answers.set('^ALTER NAMED COLLECTION', {
    status: 500,
    code: 1000,
    body: 'Code: 1000. DB::Exception: no luck. (POCO_EXCEPTION)',
  });
  const { results } = await estate.apply();
  expect(results.map(({ outcome }) => outcome)).toEqual(['failed']);
  answers.clear();
  // It never got there; nobody knows that.
  expect((await plan(DATABASE, COLLECTION)).steps).toEqual(['alter named collection']);
  expect((await plan(DATABASE, other)).steps).toEqual(['alter named collection']);

  answers.set('FROM plumbline.journal', denied('plumbline.journal'));
  expect(await plan(DATABASE, other)).toEqual({
    steps: [],
    findings: [
      'warning: changed values of named collections are not seen: the user may not read plumbline.journal: GRANT SELECT ON plumbline.journal',
    ],
    unreadable: [],
  });
  expect((await plan(DATABASE)).findings).toEqual([]);
  answers.clear();
  await estate.write({ 'shop.yaml': DATABASE + other });
  const mended = await estate.apply();
  expect(mended.results.map(({ outcome }) => outcome)).toEqual(['done']);
  expect(plannedSteps(mended.remaining)).toEqual([]);
});
