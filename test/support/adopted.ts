/** The life of an adoption: what was made by SQL is imported, planned, applied to an empty server, and imported again. */
import { cpSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import { type ImportOptions, importLive } from '../../src/commands/import-live.ts';
import type { Output } from '../../src/commands/output.ts';
import type { Server } from '../../src/live/server.ts';
import { RefusedError } from '../../src/model/errors.ts';
import { planFindings, plannedSteps } from '../../src/model/plan.ts';
import type { TestEstate } from './test-estate.ts';

/** Runs `plumbline import` and returns what it says. */
export async function runImport(estate: TestEstate, options: Partial<ImportOptions> = {}): Promise<string> {
  const said: string[] = [];
  const output: Output = {
    result: (text) => void said.push(text),
    note: (text) => void said.push(text),
    colour: false,
    live: false,
  };
  const code = await importLive(
    { estate: estate.folder, layout: 'database', connectTimeout: 10, ...options },
    output,
  );
  expect(code).toBe(0);
  return said.join('');
}

/** Path → text of every file below a folder. */
export function filesBelow(folder: string): Record<string, string> {
  const paths = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((path) =>
    path.endsWith('.yaml'),
  );
  return Object.fromEntries(paths.sort().map((path) => [path, readFileSync(join(folder, path), 'utf8')]));
}

/** What `system.tables`, `system.columns` and `system.functions` say of everything that is not the server's own. */
export async function catalogue(sql: Server): Promise<unknown> {
  const ours =
    "database NOT IN ('system', 'information_schema', 'INFORMATION_SCHEMA', 'default', 'plumbline') AND NOT match(name, '^[.]')";
  const [databases, tables, columns, functions] = await Promise.all([
    sql.rows(
      "SELECT name, engine_full, comment FROM system.databases WHERE name NOT IN ('plumbline') ORDER BY name",
    ),
    sql.rows(
      `SELECT database, name, engine, create_table_query FROM system.tables WHERE ${ours} ORDER BY ALL`,
    ),
    sql.rows(
      `SELECT database, table, name, type, default_kind, default_expression, compression_codec, comment FROM system.columns
       WHERE ${ours.replace('(name,', '(table,')} ORDER BY database, table, position`,
    ),
    sql.rows("SELECT name, create_query FROM system.functions WHERE origin = 'SQLUserDefined' ORDER BY name"),
  ]);
  return { databases, tables, columns, functions };
}

export async function expectNothingToDo(estate: TestEstate): Promise<void> {
  const plan = await estate.plan();
  expect(plannedSteps(plan).map(({ step }) => [step.action, step.statements])).toEqual([]);
  expect(planFindings(plan)).toEqual([]);
}

/** Gives every secret that the files speak of a value, as whoever applies them must. */
export function giveSecrets(texts: readonly string[]): void {
  for (const [, name = ''] of texts.join('').matchAll(/\bsecret: ?(\w+)/g)) process.env[name] = 'hunter2';
}

/** Declares on `empty` what was imported from `full`, applies it, and imports that. */
export async function adoptElsewhere(full: TestEstate, empty: TestEstate): Promise<void> {
  rmSync(join(empty.folder, 'schemas'), { recursive: true, force: true });
  cpSync(join(full.folder, 'schemas'), join(empty.folder, 'schemas'), { recursive: true });
  giveSecrets(Object.values(filesBelow(join(full.folder, 'schemas'))));
  const { results, remaining } = await empty.apply().catch((error: unknown) => {
    if (error instanceof RefusedError) throw new Error(error.reasons.join('\n'));
    throw error;
  });
  expect(results.filter(({ outcome }) => outcome !== 'done').map(({ error }) => error)).toEqual([]);
  expect(plannedSteps(remaining).map(({ step }) => step.statements)).toEqual([]);
  expect(planFindings(remaining)).toEqual([]);
  const again = join(empty.folder, 'again');
  await runImport(empty, { all: true, out: again });
  expect(filesBelow(join(again, 'schemas'))).toEqual(filesBelow(join(full.folder, 'schemas')));
}
