/** Pairs of table definitions go in; each is applied as the first, filled, and applied as the second, and what became of it comes out. */
import fc from 'fast-check';
import { expect } from 'vitest';
import { stringify } from 'yaml';
import { applyPlan } from '../../src/apply/apply.ts';
import { loadEstate } from '../../src/commands/estate-options.ts';
import type { Server } from '../../src/live/server.ts';
import { DeclarationError } from '../../src/model/errors.ts';
import { type Plan, planFindings, plannedSteps } from '../../src/model/plan.ts';
import { identifier, literal } from '../../src/sql/quote.ts';
import { anyDefinition, type Definition, isInsertable } from './any-definition.ts';
import { anyEdited } from './any-edit.ts';
import { anyChoices, anyOtherChoices, anyReaders, type Readers } from './any-readers.ts';
import type { TestEstate } from './test-estate.ts';

export interface Pair {
  readonly name: string;
  readonly before: Definition;
  readonly after: Definition;
  /** What reads the table before, and after. */
  readonly readers?: { readonly before: Readers; readonly after: Readers };
}

/** `unusable`: the server refuses the first definition. `stopped`: rows do not fit, which apply finds before it alters. */
export interface Outcome {
  readonly pair: Pair;
  readonly outcome: 'applied' | 'refused' | 'stopped' | 'unusable' | 'fault';
  readonly reason: string;
}

/** The same pairs for the same seed. */
export function anyPairs(seed: number, number: number): Pair[] {
  const pairs = fc.gen().map((draw) => {
    const before = anyDefinition(draw);
    return { before, after: anyEdited(draw, before) };
  });
  return fc.sample(pairs, { seed, numRuns: number }).map((pair, at) => ({ name: `t${at}`, ...pair }));
}

/** Pairs of tables with what reads them; both change together. */
export function anyPairsWithReaders(seed: number, number: number): Pair[] {
  let at = 0;
  const pairs = fc.gen().map((draw): Pair => {
    const name = `t${at++}`;
    const before = anyDefinition(draw);
    const after = anyEdited(draw, before);
    const chosen = anyChoices(draw, before);
    const readers = {
      before: anyReaders(draw, name, before, chosen),
      after: anyReaders(draw, name, after, anyOtherChoices(draw, chosen, after)),
    };
    return { name, before, after, readers };
  });
  return fc.sample(pairs, { seed, numRuns: number });
}

const DATABASE = 'kind: Database\nname: any\non: test\nprune: true\n';

/** A definition, and what reads the table, as documents. */
function documents({ name, readers, ...pair }: Pair, side: 'before' | 'after'): string {
  const parts = Object.entries(pair[side]).filter(
    ([, part]) => part !== undefined && (typeof part !== 'object' || Object.keys(part).length > 0),
  );
  const table = { kind: 'Table', database: 'any', name, ...Object.fromEntries(parts) };
  const others = Object.entries(readers?.[side] ?? {}).map(([other, { kind, ...rest }]) => ({
    ...{ kind, database: 'any', name: other },
    ...rest,
  }));
  return [table, ...others].map((document) => stringify(document)).join('---\n');
}

/** All that it takes to see a fault again. */
function describeOutcome({ pair, reason }: Outcome): string {
  return [reason, 'before:', documents(pair, 'before'), 'after:', documents(pair, 'after')].join('\n');
}

class Fault extends Error {
  readonly names: readonly string[];
  constructor(names: readonly string[], message: string) {
    super(message);
    this.names = names;
  }
}

/** `t1` of the view `t1_v`, and of what a rebuild makes beside the table. */
const ownerOf = ([, name = '']: readonly string[]): string => name.split('_', 1)[0] ?? '';

const tableOf = (file: string | undefined): string => /(\w+)\.yaml$/.exec(file ?? '')?.[1] ?? '';

/** Why tables can't become what is declared, by name. */
function refusals(plan: Plan): Map<string, string> {
  const errors = planFindings(plan)
    .filter(({ severity }) => severity === 'error')
    .map(({ place, message }) => [tableOf(place?.file), message] as const);
  const manual = plannedSteps(plan).flatMap(({ step }) =>
    step.verdict === 'manual'
      ? [[ownerOf(step.object.path), step.refusals.join('; ') || 'NO REASON'] as const]
      : [],
  );
  return new Map([...errors, ...manual]);
}

interface Rows {
  readonly count: string;
  /** Of every column that holds what was inserted, by name. */
  readonly digests: ReadonlyMap<string, string>;
}

const isPlain = (definition: Definition, name: string): boolean => {
  const column = definition.columns[name];
  return column !== undefined && isInsertable(column) && column.default === undefined && !column.ttl;
};

/** The columns that both definitions have, by their name before and after, and that no rule of either changes. */
function keptColumns({ before, after }: Pair): Map<string, string> {
  const kept = new Map<string, string>();
  const merging = [before, after].some(
    ({ engine, ttl }) => ttl || !['MergeTree', 'Memory', 'Log'].includes(engine),
  );
  if (merging) return kept;
  for (const [name, column] of Object.entries(after.columns)) {
    const old = column.renamed_from ?? name;
    if (isPlain(before, old) && isPlain(after, name) && before.columns[old]?.type === column.type)
      kept.set(old, name);
  }
  return kept;
}

async function readRows(sql: Server, name: string, columns: readonly string[]): Promise<Rows> {
  const sums = columns.map((column) => `toString(sum(cityHash64(toString(${identifier(column)}))))`);
  const [row = []] = await sql.rows<string[]>(
    `SELECT ${['toString(count())', ...sums].join(', ')} FROM any.${name}`,
  );
  const [count = '', ...digests] = row;
  return { count, digests: new Map(columns.map((column, at) => [column, digests[at] ?? ''])) };
}

/** Some rows in two parts, where any can be made up. */
async function fill(sql: Server, { name, before }: Pair): Promise<void> {
  const columns = Object.entries(before.columns).filter(([, column]) => isInsertable(column));
  if (columns.length === 0) return;
  const structure = columns.map(([column, { type }]) => `${identifier(column)} ${type}`).join(', ');
  const names = columns.map(([column]) => identifier(column)).join(', ');
  const settings = 'SETTINGS max_partitions_per_insert_block = 0';
  for (const seed of [1, 2]) {
    await sql.run(
      `INSERT INTO any.${name} (${names}) ${settings} SELECT * FROM generateRandom(${literal(structure)}, ${seed}, 8, 3) LIMIT 30`,
    );
  }
}

const SETTLED = { has: () => false, add: () => {}, save: () => {} };

/** Applies the declared definitions. Throws a Fault that names the tables which did not become what they should. */
async function applyAll(estate: TestEstate): Promise<void> {
  const agreed = await estate.survey({ settled: SETTLED });
  try {
    const { results, remaining } = await applyPlan(await loadEstate(estate.folder), agreed, {
      ...{ settled: SETTLED, connectTimeout: 10_000, lockSeconds: 60, shouldStop: () => false },
      identity: { run: 'any', actor: 'any', commit: '' },
      allowed: new Set(['destructive', 'rebuild']),
      progress: { started: () => {}, ended: () => {} },
    });
    const [failed] = results.filter(({ outcome }) => outcome === 'failed' || outcome === 'unknown');
    if (failed) {
      const { object, statements } = failed.planned.step;
      throw new Fault([ownerOf(object.path)], `${failed.error}\n${statements.join('\n')}`);
    }
    const left = plannedSteps(remaining).map(({ step }) => [
      ownerOf(step.object.path),
      JSON.stringify([step.changes, step.statements]),
    ]);
    const found = [...refusals(remaining)];
    const [first] = [...left, ...found];
    if (first) throw new Fault([first[0] ?? ''], `the plan is not empty: ${first[1]}`);
  } finally {
    await agreed.close();
  }
}

/** A statement that reads whether all values fit stands before everything else, or a rebuild finds out before it exchanges. */
const isGuard = (message: string): boolean =>
  (/accurateCast/.test(message) && /\nSELECT sum\(ignore/.test(message)) ||
  (/accurateCast|CANNOT_INSERT_NULL|VIOLATED_CONSTRAINT/.test(message) && / is as it was\n/.test(message));

/** Goes to the declared definitions, leaving out what is refused; gives the reasons. */
async function go(estate: TestEstate, pairs: readonly Pair[], side: 'before' | 'after') {
  const out = new Map<string, Pick<Outcome, 'outcome' | 'reason'>>();
  const write = async (): Promise<void> => {
    const text = (pair: Pair): [string, string][] => {
      if (!out.has(pair.name)) return [[`${pair.name}.yaml`, documents(pair, side)]];
      return side === 'before' ? [] : [[`${pair.name}.yaml`, documents(pair, 'before')]];
    };
    await estate.write({ 'any.yaml': DATABASE, ...Object.fromEntries(pairs.flatMap(text)) });
  };
  await write();
  const { plan, close } = await estate.survey({ settled: SETTLED });
  await close();
  const verdict = side === 'before' ? 'unusable' : 'refused';
  for (const [name, reason] of refusals(plan)) out.set(name, { outcome: verdict, reason });
  await write();
  for (;;) {
    try {
      await applyAll(estate);
      return out;
    } catch (error) {
      const isStopped = error instanceof Fault && side === 'after' && isGuard(error.message);
      if (!isStopped) throw error;
      for (const name of error.names) out.set(name, { outcome: 'stopped', reason: error.message });
      await write();
    }
  }
}

function compareRows({ name, before, after }: Pair, was: Rows, is: Rows): void {
  const counts = [before, after].every(
    ({ engine, ttl }) => !ttl && ['MergeTree', 'Memory', 'Log'].includes(engine),
  );
  if (counts && was.count !== is.count) throw new Fault([name], `${was.count} rows became ${is.count}`);
  const [, digests] = [[...was.digests.values()], [...is.digests.values()]];
  const at = [...was.digests].findIndex(([, digest], index) => digest !== digests[index]);
  if (at >= 0) throw new Fault([name], `column ${[...was.digests.keys()][at]} no longer holds what it did`);
}

/** What reads the table must be able to: views and dictionaries, not those that wait for inserts. */
async function readReaders(sql: Server, { name, readers }: Pair): Promise<void> {
  for (const [reader, { kind }] of Object.entries(readers?.after ?? {})) {
    if (kind === 'MaterializedView') continue;
    await sql.rows(`SELECT * FROM any.${reader} LIMIT 1`).catch((error: Error) => {
      throw new Fault([name], `${reader} can't be read: ${error.message}`);
    });
  }
}

async function runBatch(estate: TestEstate, pairs: readonly Pair[]): Promise<Outcome[]> {
  const [sql] = estate.sql as [Server];
  await sql.run('DROP DATABASE IF EXISTS any SYNC');
  const unusable = await go(estate, pairs, 'before');
  const usable = pairs.filter(({ name }) => !unusable.has(name));
  const rows = new Map<string, Rows>();
  for (const pair of usable) {
    // A constraint or a default may refuse the rows; then the table stays empty.
    await fill(sql, pair).catch(() => undefined);
    rows.set(pair.name, await readRows(sql, pair.name, [...keptColumns(pair).keys()]));
  }
  const out = await go(estate, usable, 'after');
  for (const pair of usable.filter(({ name }) => !out.has(name))) {
    const is = await readRows(sql, pair.name, [...keptColumns(pair).values()]);
    compareRows(pair, rows.get(pair.name) as Rows, is);
    await readReaders(sql, pair);
  }
  return pairs.map((pair) => ({
    pair,
    ...(unusable.get(pair.name) ?? out.get(pair.name) ?? { outcome: 'applied', reason: '' }),
  }));
}

function faultOf(pair: Pair, error: Error): Outcome {
  const mistakes = error instanceof DeclarationError ? error.findings.map(({ message }) => message) : [];
  const reason = error instanceof Fault ? error.message : [error.stack, ...mistakes].join('\n');
  return { pair, outcome: 'fault', reason };
}

/** Many pairs at once; a batch with a fault in it goes on without the table at fault. */
async function runPairs(estate: TestEstate, pairs: readonly Pair[]): Promise<Outcome[]> {
  if (pairs.length === 0) return [];
  try {
    return await runBatch(estate, pairs);
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    const names = error instanceof Fault ? error.names : pairs.length === 1 ? [pairs[0]?.name] : [];
    const faults = pairs.filter(({ name }) => names.includes(name));
    const rest = pairs.filter(({ name }) => !names.includes(name));
    const told = faults.map((pair) => faultOf(pair, error));
    if (faults.length > 0) return [...told, ...(await runPairs(estate, rest))];
    const half = rest.length >> 1;
    return [...(await runPairs(estate, rest.slice(0, half))), ...(await runPairs(estate, rest.slice(half)))];
  }
}

/** Runs the pairs so many at a time: none is a fault, all refusals have reasons, and most get as far as a second definition. */
export async function expectPairsHold(
  estate: TestEstate,
  pairs: readonly Pair[],
  batch: number,
): Promise<void> {
  const outcomes: Outcome[] = [];
  for (let at = 0; at < pairs.length; at += batch)
    outcomes.push(...(await runPairs(estate, pairs.slice(at, at + batch))));
  expect(outcomes.filter(({ outcome }) => outcome === 'fault').map(describeOutcome)).toEqual([]);
  // Most of them must get as far as a second definition that is applied, or nothing is shown.
  const applied = outcomes.filter(({ outcome }) => outcome === 'applied');
  expect(applied.length).toBeGreaterThan(pairs.length / 2);
  expect(outcomes.filter(({ reason }) => reason.includes('NO REASON'))).toEqual([]);
}
