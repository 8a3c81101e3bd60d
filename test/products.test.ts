/** The schemas of three products that ClickHouse users know, as examples/ declares them: no difference from their own SQL. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { lintDeclared } from '../src/commands/declared-lint.ts';
import { loadEstate } from '../src/commands/estate-options.ts';
import type { Server } from '../src/live/server.ts';
import { type Plan, planFindings, plannedSteps } from '../src/model/plan.ts';
import { startTestEstate, type TestEstate } from './support/test-estate.ts';

const EXAMPLES = join(import.meta.dirname, '../examples');

const PRODUCTS = [
  { product: 'opentelemetry', database: 'otel' },
  { product: 'clickbench', database: 'clickbench' },
  { product: 'product-analytics', database: 'analytics' },
];

let estate: TestEstate;
let sql: Server;
beforeAll(async () => {
  const main = { name: 'main', shards: [[{ host: '127.0.0.1', port: 9000 }]] };
  estate = await startTestEstate(1, { remoteServers: [main] });
  sql = estate.sql[0] as Server;
});
afterAll(() => estate?.stop());

/** The example's schemas, on the cluster of the test. */
function schemasOf(product: string): Record<string, string> {
  const folder = join(EXAMPLES, product, 'schemas');
  return Object.fromEntries(
    readdirSync(folder).map((name) => [
      name,
      readFileSync(join(folder, name), 'utf8').replace('\non: main\n', '\non: test\n'),
    ]),
  );
}

const differences = (plan: Plan): unknown => ({
  steps: plannedSteps(plan).map(({ step }) => ({
    object: step.object.path.join('.'),
    statements: step.statements,
    refusals: step.refusals,
  })),
  findings: planFindings(plan),
});

const NONE = { steps: [], findings: [] };

const stored = (database: string): Promise<string[][]> =>
  sql.rows(`SELECT name, create_table_query FROM system.tables WHERE database = '${database}' ORDER BY name`);

describe.each(PRODUCTS)('$product', ({ product, database }) => {
  it('made by its own SQL is as declared, and made by apply it is the same text', async () => {
    await estate.write(schemasOf(product));
    const statements = readFileSync(join(import.meta.dirname, `products/${product}.sql`), 'utf8');
    for (const statement of statements.split(/;\s*\n/)) if (statement.trim()) await sql.run(statement);
    expect(differences(await estate.plan())).toEqual(NONE);
    const theirs = await stored(database);
    await sql.run(`DROP DATABASE ${database} SYNC`);

    const report = await estate.apply();
    expect(report.results.filter(({ outcome }) => outcome !== 'done')).toEqual([]);
    expect(differences(report.remaining)).toEqual(NONE);
    expect(await stored(database)).toEqual(theirs);
    process.stdout.write(`${product}: ${theirs.length} tables and views are the same both ways\n`);
  });

  it('has nothing that lint finds and nobody gave a reason for', async () => {
    const folder = join(EXAMPLES, product);
    expect(lintDeclared(await loadEstate(folder), folder)).toEqual([]);
  });
});
