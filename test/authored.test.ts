/** Every authored row of test/authored/*.tsv, declared in YAML: the server stores what the row says, and nothing differs. */
import { readFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { planFindings, plannedSteps } from '../src/model/plan.ts';
import { startTestEstate, type TestEstate } from './support/test-estate.ts';

const read = (name: string): string => readFileSync(new URL(`authored/${name}`, import.meta.url), 'utf8');

const rowsOf = (name: string): string[][] =>
  read(name)
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => line.split('\t'));

interface Row {
  /** `database.name` on the server; the name alone of what stands beside the databases. */
  readonly name: string;
  readonly authored: string;
  /** What the server must store: the whole statement, or the column `c` of it. */
  readonly stored: string;
}

/** Row 7 of columns.tsv is the column `c` of `columns.c07`. */
const columns = rowsOf('columns.tsv').map(([authored = '', stored = ''], at): Row => {
  const name = `columns.c${String(at + 1).padStart(2, '0')}`;
  return { name, authored, stored: stored.replace(/^CREATE TABLE n\.c24 /, `CREATE TABLE ${name} `) };
});
const statements = rowsOf('statements.tsv').map(
  ([_kind, authored = '', stored = '']): Row => ({
    name: / (shop[._]\w+) /.exec(authored)?.[1] ?? '',
    authored,
    stored,
  }),
);
const isRefused = ({ stored }: Row): boolean => stored.startsWith('ERR ');
const accepted = [...columns, ...statements].filter((row) => !isRefused(row));

let estate: TestEstate;
beforeAll(async () => {
  estate = await startTestEstate();
});
afterAll(() => estate?.stop());

async function expectNothingToDo(): Promise<void> {
  const plan = await estate.plan();
  expect(plannedSteps(plan)).toEqual([]);
  expect(planFindings(plan)).toEqual([]);
}

test('what is declared as authored is stored as the engine stores it, and differs in nothing', async () => {
  await estate.write({ 'columns.yaml': read('columns.yaml'), 'statements.yaml': read('statements.yaml') });
  const report = await estate.apply();
  expect(report.results.filter(({ outcome }) => outcome !== 'done')).toEqual([]);
  expect(plannedSteps(report.remaining)).toEqual([]);
  expect(planFindings(report.remaining)).toEqual([]);

  const live = new Map(
    await estate.sql[0]?.rows<[string, string]>(
      `SELECT database || '.' || name, create_table_query FROM system.tables WHERE database IN ('columns', 'shop')
       UNION ALL SELECT name, create_query FROM system.functions WHERE origin = 'SQLUserDefined'
       UNION ALL SELECT name, create_query FROM system.named_collections`,
    ),
  );
  const equal = accepted.filter(({ name, stored }) => {
    const text = live.get(name) ?? '';
    return stored.startsWith('CREATE ')
      ? text === stored
      : text.includes(`, \`c\` ${stored}) ENGINE = MergeTree ORDER BY k `);
  });
  const others = accepted
    .filter((row) => !equal.includes(row))
    .map(({ name, stored }) => [name, stored, live.get(name)]);
  expect(others).toEqual([]);

  process.stdout.write(`authored rows: ${accepted.length} declared, ${equal.length} stored as told
`);
});

test('the comparison finds no difference without its memory either', async () => {
  await expectNothingToDo();
  await rm(join(estate.folder, '.plumbline', 'settled.json'));
  await expectNothingToDo();
});

test('what the engine refuses becomes a finding at its declaration', async () => {
  const refused = columns.filter(isRefused);
  await estate.write({ 'refused.yaml': read('refused.yaml') });
  const plan = await estate.plan();
  const findings = planFindings(plan);
  expect(plannedSteps(plan).map(({ step }) => step.object.kind)).toEqual([]);
  expect(findings).toHaveLength(refused.length);
  for (const [at, { name, stored }] of refused.entries()) {
    const reason = /DB::Exception: (.*)\. \(/.exec(stored)?.[1];
    expect(findings[at]).toMatchObject({ severity: 'error', rule: 'refused-by-server' });
    expect(findings[at]?.message).toContain(name);
    expect(findings[at]?.message).toContain(reason);
    expect(findings[at]?.place).toMatchObject({ file: 'schemas/refused.yaml', line: 6 });
  }
});
