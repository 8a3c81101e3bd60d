/** Each sort of source that a feed names is read by a real server, once, and the same load again finds nothing new. */
import { mkdir, writeFile } from 'node:fs/promises';
import { createServer, type Server as HttpServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { scdLoad } from '../src/commands/scd.ts';
import { type Bucket, startBucket } from '../src/embedded/bucket.ts';
import { freePorts } from '../src/embedded/free-ports.ts';
import { type EmbeddedServer, startServer } from '../src/embedded/server.ts';
import type { Server } from '../src/live/server.ts';
import { connectLocal } from './support/connect-local.ts';
import { startTestEstate, type TestEstate } from './support/test-estate.ts';

const LINES = [1, 2, 3].map((id) => `{"id":${id},"name":"n${id}","since":"2026-01-01 00:00:00"}\n`).join('');
const TOKEN = 'a-token-of-the-source';

const feed = (name: string, source: string, format?: string): string => `---
kind: Feed
name: ${name}
table: shop.of_${name}
source: ${source}
valid_from: since
${format ? `format: ${format}\n` : ''}`;

const table = (name: string): string => `---
kind: ScdTable
database: shop
name: of_${name}
tenant: tenant_id
key: id
columns: { tenant_id: LowCardinality(String), id: UInt32, name: String }
`;

let http: HttpServer;
let asked: string[] = [];
let bucket: Bucket | undefined;
let west: EmbeddedServer;
let estate: TestEstate;
let server: Server;
let sources: Record<string, readonly [source: string, format?: string]>;

beforeAll(async () => {
  http = createServer((request, response) => {
    asked.push(`${request.url} ${request.headers['x-token'] ?? ''}`);
    const isLetIn = request.url?.startsWith('/open/') || request.headers['x-token'] === TOKEN;
    response.writeHead(isLetIn ? 200 : 403).end(isLetIn ? LINES : '');
  });
  await new Promise<void>((listening) => http.listen(0, '127.0.0.1', listening));
  const address = `http://127.0.0.1:${(http.address() as AddressInfo).port}`;
  const [httpPort = 0, nativePort = 0] = await freePorts(2);
  estate = await startTestEstate(1, {
    remoteServers: [{ name: 'west', shards: [[{ host: '127.0.0.1', port: nativePort }]] }],
  });
  west = await startServer({ name: 'west', folder: join(estate.folder, 'west'), httpPort, nativePort });
  bucket = await startBucket(join(estate.folder, 's3'), 'lake');
  if (!bucket || !estate.sql[0]) throw new Error('something did not start');
  [server] = estate.sql;
  sources = {
    open: [`{ url: '${address}/open/{tenant}.jsonl' }`, 'JSONEachRow'],
    closed: [
      `{ url: { collection: behind_token, path: '${address}/closed/{tenant}.jsonl' } }`,
      'JSONEachRow',
    ],
    storage: [`{ gcs: { collection: lake, path: '{tenant}/*.jsonl' } }`, 'JSONEachRow'],
    folder: [`{ file: 'feeds/{tenant}.jsonl' }`, 'JSONEachRow'],
    neighbour: [`{ cluster: west, table: 'outbox.{tenant}' }`],
  };
  await server.run(
    `CREATE NAMED COLLECTION behind_token AS url = '${address}/', headers.header.name = 'X-Token', headers.header.value = '${TOKEN}'`,
  );
  const { url, key } = bucket;
  await server.run(
    `CREATE NAMED COLLECTION lake AS url = '${url}', access_key_id = '${key.id}', secret_access_key = '${key.secret}'`,
  );
  await server.run(
    `INSERT INTO FUNCTION s3(lake, filename = 'acme/1.jsonl', format = 'LineAsString') VALUES ('${LINES.trim().split('\n').join("'), ('")}')`,
  );
  const sql = connectLocal(httpPort);
  await sql.run('CREATE DATABASE outbox');
  await sql.run('CREATE TABLE outbox.acme (id UInt32, name String, since DateTime) ORDER BY id');
  await sql.run(`INSERT INTO outbox.acme FORMAT JSONEachRow ${LINES}`);
  await sql.close();
  // The engine from npm looks for files where it runs, as clickhouse-local does, instead of below `user_files_path`.
  const files = join(estate.folder, 'servers', '1', 'feeds');
  await mkdir(files);
  await writeFile(join(files, 'acme.jsonl'), LINES);
  const declared = Object.entries(sources).map(
    ([name, [source, format]]) => table(name) + feed(name, source, format),
  );
  await estate.write({ 'shop.yaml': `kind: Database\nname: shop\non: test\n${declared.join('')}` });
  await estate.apply();
});
afterAll(async () => {
  await Promise.all([west?.stop(), bucket?.stop()]);
  await estate?.stop();
  http?.close();
});

async function load(name: string): Promise<string> {
  let said = '';
  const add = (text: string): void => {
    said += text;
  };
  const options = {
    estate: estate.folder,
    connectTimeout: 10,
    tenant: ['acme'],
    feed: [name],
    lockSeconds: 60,
  };
  const output = { result: add, note: add, colour: false, live: false };
  const code = await scdLoad({ ...options, format: 'text' }, output);
  return `${code} ${said}`;
}

test.each(['open', 'closed', 'storage', 'folder', 'neighbour'])('%s', async (name) => {
  expect(await load(name)).toMatch(/^0 .*3 rows read, 3 opened/s);
  expect(await server.rows(`SELECT tenant_id, id, name FROM shop.of_${name}_current ORDER BY id`)).toEqual(
    [1, 2, 3].map((id) => ['acme', id, `n${id}`]),
  );
  expect(await load(name)).toContain('nothing new');
});

test('a source that lets nobody in fails the load, and the token stands in no log', async () => {
  expect(asked.some((one) => one.startsWith('/closed/acme.jsonl '))).toBe(true);
  asked = [];
  await server.run(`ALTER NAMED COLLECTION behind_token SET headers.header.value = 'another'`);
  expect(await load('closed')).toMatch(/^1 .*403/s);
  expect(asked).not.toEqual([]);
  await server.run('SYSTEM FLUSH LOGS');
  const [row] = await server.rows<[string]>(
    `SELECT toString(count()) FROM system.query_log WHERE query LIKE concat('%', 'a-token-of', '-the-source', '%')`,
  );
  expect(row).toEqual(['0']);
});
