/** Secrets of declarations: they reach the server, and nothing else that anybody could read. */
import { execFile } from 'node:child_process';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { runWithSecrets } from '../src/apply/secrets.ts';
import { loadEstate } from '../src/commands/estate-options.ts';
import type { Server } from '../src/live/server.ts';
import { DeclarationError, RefusedError } from '../src/model/errors.ts';
import { planFindings, plannedSteps } from '../src/model/plan.ts';
import { renderComment } from '../src/render/comment.ts';
import { renderMarkdown } from '../src/render/markdown.ts';
import { literal } from '../src/sql/quote.ts';
import { startTestEstate, type TestEstate } from './support/test-estate.ts';

/** Quotes and backslashes are what a secret could break a statement with; in two halves, so that no query has it whole. */
const HALVES = ["s3cr'et-", '\\wor$&d-4711'] as const;
const SECRET = HALVES.join('');
const FILED = 'filed-secret-0815';

let estate: TestEstate;
let server: Server;
beforeAll(async () => {
  estate = await startTestEstate();
  server = estate.sql[0] as Server;
  process.env.SHOP_PASSWORD = SECRET;
  await writeFile(join(estate.folder, 'token'), `${FILED}\n`);
  process.env.SHOP_TOKEN_FILE = join(estate.folder, 'token');
});
afterAll(() => estate?.stop());

const OBJECTS = `kind: Database
name: shop
on: test
prune: true
---
kind: NamedCollection
name: shop_source
on: test
values:
  password: { secret: SHOP_PASSWORD }
  url: "https://example.com/?token={secret:SHOP_TOKEN}"
---
kind: Dictionary
database: shop
name: customers
columns: { id: UInt64, name: String }
primary_key: id
source: { mysql: { host: 127.0.0.1, port: 1, user: reader, password: { secret: SHOP_PASSWORD }, db: shop, table: customers } }
layout: hashed
lifetime: 300
---
kind: Table
database: shop
name: orders
columns: { id: UInt64 }
engine: MySQL('127.0.0.1:1', 'shop', 'orders', 'reader', '{secret:SHOP_PASSWORD}')
`;

/** How many rows of the server's own tables speak of a secret; asked in a way that itself does not. */
async function rowsWithSecrets(): Promise<unknown[]> {
  await server.run('SYSTEM FLUSH LOGS');
  const has = (row: string): string =>
    `position(${row}, concat('s3cr', '\\'et-')) + position(${row}, concat('s3cr\\\\', '\\'et-')) + position(${row}, concat('filed-', 'secret')) > 0`;
  return server.rows(
    `SELECT query FROM system.query_log AS l WHERE ${has("formatRow('TSVRaw', query, exception, query_id, formatted_query, log_comment)")}
     UNION ALL SELECT arrayStringConcat(statements) FROM plumbline.journal WHERE ${has('concat(arrayStringConcat(statements), error)')}`,
  );
}

/** The server's own logs, and all that the estate's folder keeps. */
async function filesWithSecrets(): Promise<string[]> {
  const folders = [join(estate.folder, 'servers', '1'), join(estate.folder, '.plumbline')];
  const found: string[] = [];
  for (const folder of folders) {
    for (const name of await readdir(folder)) {
      const text = await readFile(join(folder, name), 'utf8').catch(() => '');
      if (text.includes(HALVES[0]) || text.includes("s3cr\\'et-") || text.includes(FILED)) found.push(name);
    }
  }
  return found;
}

async function plumbline(...words: string[]): Promise<string> {
  const run = promisify(execFile)('bin/plumbline.js', [...words, '--estate', estate.folder], {
    env: { ...process.env, NO_COLOR: '1' },
  });
  const { stdout, stderr } = await run.catch((error) => error as { stdout: string; stderr: string });
  return stdout + stderr;
}

const hidesSecrets = (text: string): void => {
  for (const secret of [SECRET, FILED, HALVES[0]]) expect(text).not.toContain(secret);
};

test('a secret reaches the server, and nothing that anybody could read', async () => {
  await estate.write({ 'shop.yaml': OBJECTS });
  const plan = await estate.plan();
  expect(planFindings(plan)).toEqual([]);
  hidesSecrets(JSON.stringify(plan) + renderMarkdown(plan));
  const output = (await plumbline('plan', '--format', 'json')) + (await plumbline('apply', '--yes'));
  hidesSecrets(output);
  expect(output).toContain('{secret:SHOP_PASSWORD}');

  const stored = join(estate.folder, 'servers', '1', 'data', 'named_collections', 'shop_source.sql');
  const text = await readFile(stored, 'utf8');
  expect(text).toContain(`password = ${literal(SECRET)}`);
  expect(text).toContain(`?token=${FILED}'`);

  const after = await estate.plan();
  expect(plannedSteps(after)).toEqual([]);
  expect(planFindings(after)).toEqual([]);
  expect(await rowsWithSecrets()).toEqual([]);
  expect(await filesWithSecrets()).toEqual([]);
});

test('what differs beside a secret is changed', async () => {
  const changed = OBJECTS.replace('user: reader', 'user: writer').replace('example.com', 'example.org');
  await estate.write({ 'shop.yaml': changed });
  const plan = await estate.plan();
  expect(plannedSteps(plan).map(({ step }) => step.object.path.at(-1))).toEqual(['shop_source', 'customers']);
  hidesSecrets(JSON.stringify(plan));
  hidesSecrets(await plumbline('apply', '--yes'));
  expect(plannedSteps(await estate.plan())).toEqual([]);
  expect(await rowsWithSecrets()).toEqual([]);
});

test('an apply that fails at a statement with a secret tells everything but the secret', async () => {
  const remote = `---
kind: Database
name: remote
on: test
engine: MySQL('127.0.0.1:1', 'shop', 'reader', '{secret:SHOP_PASSWORD}')
`;
  await estate.write({ 'shop.yaml': OBJECTS + remote });
  const plan = await estate.plan();
  expect(plannedSteps(plan).map(({ step }) => step.object.path)).toContainEqual(['remote']);
  const context = { serverUrl: 'https://github.com', repository: 'a/b', estate: '.', commit: '', runUrl: '' };
  const { comment, summary } = renderComment({ plan, context, approvals: [], previous: [] });
  expect(comment).toContain('{secret:SHOP_PASSWORD}');
  hidesSecrets(comment + summary);
  const output = await plumbline('apply', '--yes');
  expect(output).toContain('create database remote on test: failed');
  hidesSecrets(output);
  expect(await rowsWithSecrets()).toEqual([]);
  expect(await filesWithSecrets()).toEqual([]);
});

test('the password of a user is not told, although the server has nowhere to keep the user', async () => {
  const user = `kind: User
name: app
on: test
identified: [{ with: sha256_password, password: { secret: SHOP_PASSWORD } }, { with: scram_sha256_password, password: { secret: SHOP_TOKEN } }]
`;
  await estate.write({ 'user.yaml': user });
  const plan = await estate.plan();
  expect(plannedSteps(plan).map(({ step }) => step.statements)).toEqual([
    [expect.stringContaining("sha256_password BY '{secret:SHOP_PASSWORD}'")],
  ]);
  hidesSecrets(JSON.stringify(plan) + renderMarkdown(plan));
  const output = await plumbline('apply', '--yes');
  expect(output).toMatch(/create user app on test: failed[\s\S]*code 514/);
  hidesSecrets(output);
  const text = "ALTER USER nobody IDENTIFIED WITH bcrypt_password BY '{secret:SHOP_PASSWORD}'";
  await runWithSecrets(server, text, {}).catch((error: Error) =>
    hidesSecrets(`${error.message} ${error.stack}`),
  );
  await expect(runWithSecrets(server, text.replace('IDENTIFIED', 'IDENTIFY'), {})).rejects.toThrow(
    'Syntax error',
  );
  expect(await rowsWithSecrets()).toEqual([]);
  expect(await filesWithSecrets()).toEqual([]);
});

test('a server that says a secret is not repeated', async () => {
  const says = runWithSecrets(server, "SELECT throwIf(1, '{secret:SHOP_PASSWORD}')", {});
  await expect(says).rejects.toThrow('{secret:SHOP_PASSWORD}');
  await says.catch((error: Error) => hidesSecrets(`${error.message} ${error.stack}`));
  // Cut off in the middle of the secret.
  const cut = runWithSecrets(server, "SELECT throwIf(1, substring('{secret:SHOP_PASSWORD}', 1, 9))", {});
  await cut.catch((error: Error) => hidesSecrets(error.message));
});

test('a statement with a mistake never carries a secret', async () => {
  const wrong = runWithSecrets(server, "CREATE NAMED COLLECTION c AS a = '{secret:SHOP_TOKEN}' '", {});
  await expect(wrong).rejects.toThrow(/never closed|Syntax error/);
  const other = runWithSecrets(server, "CREATE NAMED COLLECTION c AS a '{secret:SHOP_TOKEN}'", {});
  await expect(other).rejects.toThrow('Syntax error');
  await server.run('SYSTEM FLUSH LOGS');
  const logged = "position(concat(query, exception), concat('filed-', 'secret')) > 0";
  expect(await server.rows(`SELECT query FROM system.query_log WHERE ${logged}`)).toEqual([]);
});

test('every missing secret is named before anything runs', async () => {
  const missing = OBJECTS.replaceAll('SHOP_PASSWORD', 'NOT_THERE').replaceAll('SHOP_TOKEN', 'NOR_THERE');
  await estate.write({ 'shop.yaml': missing.replaceAll('shop_source', 'another') });
  process.env.NOR_THERE_FILE = '/nowhere';
  process.env.NOT_THERE = '';
  const error = await estate.apply().catch((caught: unknown) => caught);
  expect(error).toBeInstanceOf(RefusedError);
  expect((error as RefusedError).reasons).toEqual([
    "the secret NOR_THERE is missing: the file that NOR_THERE_FILE names can't be read (ENOENT)",
    'the secret NOT_THERE is missing: neither the environment variable NOT_THERE nor NOT_THERE_FILE is set',
  ]);
});

describe('refused', () => {
  const source = (text: string): string =>
    `kind: Dictionary\ndatabase: shop\nname: d\non: test\ncolumns: { id: UInt64, name: String }\nprimary_key: id\nlayout: hashed\nlifetime: 1\nsource: ${text}\n`;

  // biome-ignore format: a table
  test.each<[string, string]>([
    ['in a query', "kind: View\ndatabase: shop\nname: v\non: test\nquery: SELECT '{secret:SHOP_PASSWORD}' AS a\n"],
    ['in a comment', "kind: View\ndatabase: shop\nname: v\non: test\ncomment: '{secret:SHOP_PASSWORD}'\nquery: SELECT 1 AS a\n"],
    ['in a function', "kind: Function\nname: f\non: test\nlambda: x -> '{secret:SHOP_PASSWORD}'\n"],
    ['in a header', source('{ http: { url: "http://a", format: TSV, headers: { header: { name: a, value: { secret: SHOP_PASSWORD } } } } }')],
    ['in an address', source('{ mongodb: { uri: "mongodb://a:{secret:SHOP_PASSWORD}@b/c", collection: c } }')],
  ])('a secret that the server would show: %s', async (_name, document) => {
    await estate.write({ 'shop.yaml': `${OBJECTS}---\n${document}` });
    const plan = await estate.plan();
    const refused = plannedSteps(plan).filter(({ step }) => step.verdict === 'manual');
    expect(refused.map(({ step }) => step.refusals)).toEqual([
      [expect.stringMatching(/does not hide the secret SHOP_PASSWORD in this place/)],
    ]);
    await expect(estate.apply()).rejects.toThrow(RefusedError);
  });

  // biome-ignore format: a table
  test.each<[string, string, string, number]>([
    ['the password of a dictionary', source('{ mysql: { user: a, password: abc } }'), 'literal-secret', 9],
    ['the password of a collection', 'kind: NamedCollection\nname: c\non: test\nvalues:\n  user: a\n  password: abc\n', 'literal-secret', 6],
    ['what a server hides', source("{ mysql: { user: a, password: '[HIDDEN]' } }"), 'hidden-secret', 9],
    ['what a server hides in a collection', "kind: NamedCollection\nname: c\non: test\nvalues:\n  user: '[HIDDEN]'\n", 'hidden-secret', 5],
  ])('%s in plain text', async (_name, document, rule, line) => {
    await estate.write({ 'shop.yaml': document });
    const error = await loadEstate(estate.folder).catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(DeclarationError);
    expect((error as DeclarationError).findings).toMatchObject([{ rule, place: { line } }]);
  });
});

test('the search would have found a secret', async () => {
  await server.run(`SELECT ${literal(SECRET)}`);
  expect(await rowsWithSecrets()).not.toEqual([]);
  expect(await filesWithSecrets()).toEqual(['server.log']);
});
