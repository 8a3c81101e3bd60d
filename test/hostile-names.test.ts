/** Names, comments and literals made to break quoting: each reaches a real server as it is and plans empty, or is refused. */
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Server } from '../src/live/server.ts';
import { showId } from '../src/model/object.ts';
import { identifier, literal, qualified } from '../src/sql/quote.ts';
import {
  at,
  type Batch,
  batchDocuments,
  databaseDocument,
  hostileBatch,
  type Stage,
  type TableCase,
  textsIn,
} from './support/hostile-batch.ts';
import { canaryDigest, makeCanary } from './support/hostile-canary.ts';
import {
  applyToTheEnd,
  belowYaml,
  type Declare,
  errorsOf,
  expectEmpty,
  planOf,
  throughYaml,
} from './support/hostile-pipeline.ts';
import { isDeclarable } from './support/hostile-text.ts';
import { size } from './support/size.ts';
import { startTestEstate, type TestEstate } from './support/test-estate.ts';

const SEEDS: Readonly<Record<string, number>> = { 'through YAML': 5171, 'below YAML': 1715 };

let estate: TestEstate;
let server: Server;

beforeAll(async () => {
  estate = await startTestEstate();
  server = estate.sql[0] as Server;
  await makeCanary(server);
});
afterAll(() => estate?.stop());

/** The cases of a batch that the server takes, and the reasons against the others. */
async function accepted(
  batch: Batch,
  declare: Declare,
): Promise<{ batch: Batch; refused: TableCase[]; reasons: string[] }> {
  const reasons: string[] = [];
  const refused: TableCase[] = [];
  let left = batch;
  for (;;) {
    // What the server refuses later counts too: it takes both stages of a case, or the case is out.
    const found = new Set<string>();
    for (const stage of ['now', 'later'] as const) {
      const documents = [databaseDocument(left, stage), ...batchDocuments(left, stage)];
      const messages = errorsOf(await planOf(estate, await declare(estate, documents)));
      for (const message of messages) {
        expect(message).toContain(" can't be created there: ");
        found.add(message);
      }
    }
    if (found.size === 0) return { batch: left, refused, reasons };
    const isRefused = (kind: string, name: string): boolean => {
      const start = `${showId({ kind, path: [batch.database, name] })} can't be created there: `;
      return [...found].some((message) => message.startsWith(start));
    };
    const out = left.tables.filter(
      ({ name, view, materialized }) =>
        isRefused('table', name) ||
        isRefused('view', view.name) ||
        isRefused('materialized view', materialized.name),
    );
    expect(out, [...found].join('\n')).not.toEqual([]);
    reasons.push(...found);
    refused.push(...out);
    left = { ...left, tables: left.tables.filter((one) => !out.includes(one)) };
  }
}

/** Whether the server itself, asked without any of the product's reading, has what was declared. */
async function expectOnServer(batch: Batch, stage: Stage): Promise<void> {
  const database = literal(batch.database);
  const [comment] = await server.rows<[string]>(
    `SELECT comment FROM system.databases WHERE name = ${database}`,
  );
  expect(comment).toEqual([at(stage, batch.comment)]);
  const tables = await server.rows<[string, string]>(
    `SELECT name, comment FROM system.tables WHERE database = ${database} AND NOT startsWith(name, '.inner_id.')`,
  );
  const expected = batch.tables.flatMap(({ name, comment, view, materialized }) =>
    [{ name, comment }, view, materialized].map((one): [string, string] => [
      one.name,
      at(stage, one.comment),
    ]),
  );
  expect(new Map(tables)).toEqual(new Map(expected));
  const columns = await server.rows<[string, string, string]>(
    `SELECT table, name, comment FROM system.columns WHERE database = ${database} ORDER BY table, position`,
  );
  const parts = await server.rows<[string, string]>(
    `SELECT table, name FROM system.data_skipping_indices WHERE database = ${database}
     UNION ALL SELECT table, name FROM system.projections WHERE database = ${database} ORDER BY ALL`,
  );
  for (const one of batch.tables) {
    const order = stage === 'now' ? [0, 1, 2, 3, 4] : [0, 1, 2, 3, 5, 4];
    const declared = order.map((index) => [
      one.columns[index],
      at(stage, one.columnComments[index] ?? ['', '']),
    ]);
    expect(columns.filter(([table]) => table === one.name).map(([, name, text]) => [name, text])).toEqual(
      declared,
    );
    const names = parts.filter(([table]) => table === one.name).map(([, name]) => name);
    expect(new Set(names)).toEqual(new Set([one.index, one.projection]));
  }
}

/** Inserts a row of defaults into every table and finds every literal in it, and in the views. */
async function expectLiterals(batch: Batch, stage: Stage): Promise<void> {
  for (const one of batch.tables) {
    const table = qualified([batch.database, one.name]);
    const [key = '', text = '', choice = '', shown = '', list = ''] = one.columns.map(identifier);
    await server.run(`INSERT INTO ${table} (${key}) VALUES (1)`);
    const value = at(stage, one.text);
    const rows = await server.rows(
      `SELECT ${text}, toString(${choice}), ${shown}, ${list} FROM ${table} WHERE ${text} = ${literal(value)} LIMIT 1`,
    );
    expect(rows).toEqual([[value, one.enumValues[1], `${value}${one.item}`, [one.item]]]);
    const view = qualified([batch.database, one.view.name]);
    const [, second = ''] = one.view.aliases.map(identifier);
    const [seen] = await server.rows(`SELECT ${second} FROM ${view} LIMIT 1`);
    expect(seen).toEqual([at(stage, one.view.text)]);
  }
}

interface Tally {
  cases: number;
  refused: number;
  readonly reasons: string[];
}

async function runBatch(generated: Batch, declare: Declare, tally: Tally): Promise<void> {
  const before = await canaryDigest(server, generated.database);
  const { batch, refused, reasons } = await accepted(generated, declare);
  const documents = (stage: Stage) => [databaseDocument(batch, stage), ...batchDocuments(batch, stage)];
  for (const stage of ['now', 'later'] as const) {
    await applyToTheEnd(estate, await declare(estate, documents(stage)));
    await expectOnServer(batch, stage);
    await expectLiterals(batch, stage);
    expectEmpty(await planOf(estate, await declare(estate, documents(stage))));
    expect(await canaryDigest(server, batch.database)).toBe(before);
  }
  await applyToTheEnd(estate, await declare(estate, [databaseDocument(batch, 'later', true)]));
  const left = await server.rows(
    `SELECT name FROM system.tables WHERE database = ${literal(batch.database)}`,
  );
  expect(left).toEqual([]);
  await server.run(`DROP DATABASE ${identifier(batch.database)} SYNC`);
  expect(await canaryDigest(server, batch.database)).toBe(before);
  tally.cases += textsIn(batch.tables) + textsIn(batch.database) + textsIn(batch.comment);
  tally.refused += textsIn(refused);
  tally.reasons.push(...reasons);
}

const shortReason = (reason: string): string =>
  reason
    .slice(reason.indexOf("can't be created there: "))
    .replace(/`[^`]*`|'[^']*'|\d+/g, '…')
    .slice(24, 150);

function report(name: string, tally: Tally, began: number): void {
  const seconds = ((performance.now() - began) / 1000).toFixed(1);
  const line = `${name}: ${tally.cases} hostile texts, ${tally.refused} in refused tables, seed ${SEEDS[name]}, ${seconds} s\n`;
  const reasons = [...new Set(tally.reasons.map(shortReason))].map((reason) => `  refused: ${reason}\n`);
  process.stdout.write([line, ...reasons].join(''));
}

describe('create, read, plan, alter, prune', () => {
  test.each<[string, Declare, (text: string) => boolean, runs: number, tables: number, atLeast: number]>([
    ['through YAML', throughYaml, isDeclarable, size(1, 150), 13, size(200, 50_000)],
    ['below YAML', belowYaml, () => true, size(1, 100), 6, size(90, 18_000)],
  ])('%s', async (name, declare, usable, numRuns, tables, atLeast) => {
    const tally: Tally = { cases: 0, refused: 0, reasons: [] };
    const began = performance.now();
    await fc.assert(
      fc.asyncProperty(hostileBatch(tables, usable), (batch) => runBatch(batch, declare, tally)),
      { seed: SEEDS[name] ?? 0, numRuns, endOnFailure: true },
    );
    report(name, tally, began);
    expect(tally.cases).toBeGreaterThan(tally.refused);
    expect(tally.cases).toBeGreaterThan(atLeast);
  });
});
