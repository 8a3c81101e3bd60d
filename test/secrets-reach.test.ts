/** Passwords of clusters, and credentials of feeds: nothing that anybody could read holds them, also where servers can't be reached, refuse or say nothing. */
import { execFile } from 'node:child_process';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { createServer as createHttpServer } from 'node:http';
import { type AddressInfo, createServer, type Server as NetServer } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Server } from '../src/live/server.ts';
import { startTestEstate, type TestEstate } from './support/test-estate.ts';

/** In two halves, so that no query has it whole. */
const HALVES = ['c4nary-', 'of-the-mine-4711'] as const;
const CANARY = HALVES.join('');
const USER = 'default';
/** Also as HTTP says it. */
const FORMS = [CANARY, Buffer.from(`${USER}:${CANARY}`).toString('base64'), encodeURIComponent(`${CANARY}`)];

const SCHEMA = `kind: Database
name: shop
on: test
---
kind: NamedCollection
name: bucket
on: test
values:
  url: URL
  access_key_id: reader
  secret_access_key: { secret: BUCKET_KEY }
---
kind: ScdTable
database: shop
name: customers
tenant: tenant_id
key: id
columns: { tenant_id: String, id: UInt64, name: String }
---
kind: Feed
name: customers
table: shop.customers
source: { s3: { collection: bucket, path: '{tenant}/customers.parquet' } }
format: Parquet
`;

let estate: TestEstate;
let sql: Server;
/** Takes connections and never answers. */
let silent: NetServer;
/** Denies everything, as a bucket does that knows the key id and not the key. */
let bucket: NetServer;

const listen = async <S extends NetServer>(server: S): Promise<number> => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return (server.address() as AddressInfo).port;
};

let silentPort = 0;
beforeAll(async () => {
  silent = createServer(() => {});
  silentPort = await listen(silent);
  bucket = createHttpServer((_request, response) => {
    response.writeHead(403, { 'content-type': 'application/xml' });
    response.end('<Error><Code>AccessDenied</Code><Message>no</Message></Error>');
  });
  const port = await listen(bucket);
  estate = await startTestEstate();
  [sql] = estate.sql as [Server];
  await estate.write({ 'shop.yaml': SCHEMA.replace('url: URL', `url: http://127.0.0.1:${port}/bucket/`) });
  process.env.BUCKET_KEY = CANARY;
  await estate.apply();
});
afterAll(async () => {
  silent?.close();
  bucket?.close();
  await estate?.stop();
});

async function plumbline(...words: string[]): Promise<string> {
  const run = promisify(execFile)('bin/plumbline.js', [...words, '--estate', estate.folder], {
    env: { ...process.env, NO_COLOR: '1' },
  });
  const { stdout, stderr } = await run.catch((error) => error as { stdout: string; stderr: string });
  return stdout + stderr;
}

/** Where it is found: texts, rows of the server's own tables and of ours, the server's logs, what the estate keeps. */
async function hits(...texts: readonly string[]): Promise<string[]> {
  await sql.run('SYSTEM FLUSH LOGS');
  const has = `position(formatRow('TSVRaw', *), concat('${HALVES[0]}', '${HALVES[1]}')) > 0`;
  const tables = await sql.rows<[string]>(
    `SELECT concat(database, '.', name) FROM system.tables
     WHERE database = 'plumbline' AND name NOT LIKE 'lock%' OR database = 'system' AND name IN ('query_log', 'text_log', 'session_log', 'processes')`,
  );
  const rows = await Promise.all(
    tables.map(async ([table = '']) => {
      const found = await sql.rows(`SELECT 1 FROM ${table} WHERE ${has} LIMIT 1`);
      return found.length > 0 ? [table] : [];
    }),
  );
  const folders = [join(estate.folder, 'servers', '1'), join(estate.folder, '.plumbline'), estate.folder];
  const files = await Promise.all(
    folders.map(async (folder) => {
      const names = await readdir(folder).catch(() => []);
      const found = names.map(async (name) => {
        const text = await readFile(join(folder, name), 'utf8').catch(() => '');
        return FORMS.some((form) => text.includes(form)) ? [name] : [];
      });
      return (await Promise.all(found)).flat();
    }),
  );
  const said = texts.flatMap((text, at) => (FORMS.some((form) => text.includes(form)) ? [`text ${at}`] : []));
  return [...rows.flat(), ...files.flat(), ...said];
}

test('a load whose source denies the key says why, and not the key', async () => {
  const output = await plumbline('scd', 'load', '--tenant', 'acme');
  expect(output).toMatch(/403|denied/i);
  expect(await hits(output)).toEqual([]);
});

test('a password that is wrong, or for a server that is not there or says nothing, is in no text and no log', async () => {
  const cluster = join(estate.folder, 'clusters', 'test.yaml');
  const before = await readFile(cluster, 'utf8');
  await writeFile(cluster, `${before}user: ${USER}\npassword: { env: CLUSTER_PASSWORD }\n`);
  process.env.CLUSTER_PASSWORD = CANARY;
  const out = join(estate.folder, 'plan.json');
  const commands = [
    ['plan', '--out', out, '--format', 'json'],
    ['drift', '--url', 'http://127.0.0.1:1', '--format', 'markdown'],
    ['apply', '--yes', '--url', `http://127.0.0.1:${silentPort}`, '--connect-timeout', '0.3'],
  ];
  const outputs = await Promise.all(commands.map((words) => plumbline(...words)));
  await writeFile(cluster, before);
  for (const [at, reason] of [/code 194/, /ECONNREFUSED/, /time|silent|answer/i].entries())
    expect(outputs[at]).toMatch(reason);
  expect(await hits(...outputs)).toEqual([]);
});

test('the search would have found it', async () => {
  await expect(sql.run(`SELECT throwIf(1, '${CANARY}')`)).rejects.toThrow(CANARY);
  expect(await hits(`x ${FORMS[1]}`)).toEqual(
    expect.arrayContaining(['system.query_log', 'server.log', 'text 0']),
  );
});
