/** The gate: what is not allowed by name, not understood or distributed runs not at all, and nothing else of its plan does. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { isDistributedDdl, objections } from '../src/apply/gate.ts';
import { RefusedError } from '../src/model/errors.ts';
import { type Plan, plannedSteps } from '../src/model/plan.ts';
import type { ApplyReport } from '../src/model/report.ts';
import { planOf } from '../src/plan/digest.ts';
import { startApply, startCli } from './support/kill-cli.ts';
import { startTestEstate, type TestEstate } from './support/test-estate.ts';

let estate: TestEstate;

const DATABASE = 'kind: Database\nname: shop\non: test\nprune: true\n';
const table = (name: string, columns: string, more = ''): string =>
  `---\nkind: Table\ndatabase: shop\nname: ${name}\ncolumns: ${columns}\norder_by: k\n${more}`;
const buffer = (name: string, seconds: number): string =>
  `---\nkind: Table\ndatabase: shop\nname: ${name}\ncolumns: { k: UInt8 }\nengine: Buffer(shop, orders, 1, ${seconds}, 100, 1, 100, 1, 100)\n`;

const BEFORE =
  DATABASE + table('orders', '{ k: UInt8, v: String }') + table('old', '{ k: UInt8 }') + buffer('queue', 10);
/** A create, an alter that loses a column, a rebuild, a drop. */
const AFTER = DATABASE + table('orders', '{ k: UInt8 }') + table('new', '{ k: UInt8 }') + buffer('queue', 20);

const apply = (...allowed: string[]): Promise<ApplyReport> => estate.apply({ allowed: new Set(allowed) });
const statements = async (): Promise<unknown> =>
  estate.sql[0]?.rows("SELECT create_table_query FROM system.tables WHERE database = 'shop' ORDER BY name");

async function reasonsAgainst(applying: Promise<ApplyReport>): Promise<readonly string[]> {
  const error: unknown = await applying.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (!(error instanceof RefusedError)) throw error ?? new Error('it was applied');
  return error.reasons;
}

beforeAll(async () => {
  estate = await startTestEstate();
});
afterAll(() => estate.stop());

describe('what loses data or rebuilds', () => {
  beforeEach(async () => {
    await estate.write({ 'shop.yaml': BEFORE });
    await apply('destructive', 'rebuild');
    await estate.write({ 'shop.yaml': AFTER });
  });

  const DROP =
    'table shop.old on test: drop is destructive and needs `--allow shop.old` or `--allow destructive`';
  const ALTER =
    'table shop.orders on test: alter is destructive and needs `--allow shop.orders` or `--allow destructive`';
  const REBUILD =
    'table shop.queue on test: replace is rebuild and needs `--allow shop.queue` or `--allow rebuild`';

  test.each([
    [[], [DROP, ALTER, REBUILD]],
    [['destructive'], [REBUILD]],
    [['rebuild'], [DROP, ALTER]],
    [['shop.old', 'shop.queue'], [ALTER]],
    [['table shop.orders', 'shop.old'], [REBUILD]],
    [
      ['shop.old.k', 'sho', 'old', 'orders', 'column shop.orders.v', 'view shop.queue', 'mutation', '*', ''],
      [DROP, ALTER, REBUILD],
    ],
  ])('allowed %j: refused, every reason at once, and nothing runs', async (allowed, reasons) => {
    const before = await statements();
    expect([...(await reasonsAgainst(apply(...allowed)))].sort()).toEqual(reasons);
    expect(await statements()).toEqual(before);
  });

  test.each([
    ['by verdict', ['destructive', 'rebuild']],
    ['by object', ['shop.old', 'shop.orders', 'shop.queue']],
    ['by kind and object', ['table shop.old', 'table shop.orders', 'table shop.queue']],
    ['by the database around it', ['shop']],
    ['by all of these', ['destructive', 'shop.queue', 'shop.orders']],
  ])('allowed %s: applied', async (_how, allowed) => {
    const { remaining } = await apply(...allowed);
    expect(plannedSteps(remaining)).toEqual([]);
  });

  test('on the command line: exit code 1 and the reasons, then 0', async () => {
    const plan = startCli(['plan', '--estate', estate.folder]);
    const refused = startCli(['apply', '--yes', '--estate', estate.folder, '--allow', 'rebuild']);
    expect(await plan.ended, plan.output()).toBe(2);
    expect(await refused.ended, refused.output()).toBe(1);
    expect(refused.output()).toContain(DROP);
    expect(refused.output()).toContain('nothing was changed');
    const unasked = startCli(['apply', '--estate', estate.folder, '--allow', 'rebuild', 'shop']);
    expect(await unasked.ended, unasked.output()).toBe(1);
    expect(unasked.output()).toContain('say --yes');
    const applied = startApply(estate.folder);
    expect(await applied.ended, applied.output()).toBe(0);
    const nothing = startApply(estate.folder);
    expect(await nothing.ended, nothing.output()).toBe(0);
  });
});

describe('what nobody can allow', () => {
  beforeEach(async () => {
    await estate.write({ 'shop.yaml': BEFORE });
    await apply('destructive', 'rebuild');
  });

  test.each([
    [
      'a change by hand',
      BEFORE.replace('k: UInt8, v: String', 'k: UInt8, v: "Map(UInt8, UInt8)"'),
      /table shop\.orders on test can't be changed: .*can't convert/,
    ],
    [
      'a declaration that the server refuses',
      BEFORE.replace('v: String', 'v: NoSuchType'),
      /^schemas\/shop\.yaml:\d+:\d+: table shop\.orders can't be created there: .*NoSuchType.* \[test\]$/,
    ],
    [
      'another kind of the same name',
      `${DATABASE}---\nkind: View\ndatabase: shop\nname: old\nquery: SELECT 1 AS k\n`,
      /a table is live where view shop\.old is declared/,
    ],
  ])('%s refuses everything else, too', async (_what, declarations, reason) => {
    await estate.write({ 'shop.yaml': declarations + table('new', '{ k: UInt8 }') });
    const before = await statements();
    const reasons = await reasonsAgainst(apply('destructive', 'rebuild', 'manual', 'shop'));
    expect(reasons).toEqual(expect.arrayContaining([expect.stringMatching(reason)]));
    expect(await statements()).toEqual(before);
  });
});

describe('distributed DDL', () => {
  test.each([
    'CREATE TABLE a ON CLUSTER c (k UInt8) ENGINE = Null',
    'DROP TABLE `a`.`b` on cluster c',
    "ALTER TABLE a ON\n\tCLUSTER '{cluster}' ADD COLUMN b UInt8",
    'DROP VIEW a ON /* really */ CLUSTER c',
    'DROP VIEW a ON -- really\n CLUSTER c',
    'CREATE VIEW a ON CLUSTER c AS SELECT 1 FROM b JOIN d ON cluster = 1',
    'ALTER TABLE `JOIN` ON CLUSTER c ADD COLUMN x UInt8',
    "ALTER TABLE a ON CLUSTER c COMMENT COLUMN b 'JOIN'",
    'OPTIMIZE TABLE a ON CLUSTER `c`',
  ])('%j is', (statement) => expect(isDistributedDdl(statement)).toBe(true));

  test.each([
    "ALTER TABLE a MODIFY COMMENT 'runs ON CLUSTER c'",
    "ALTER TABLE a MODIFY COMMENT 'it\\'s ON CLUSTER c'",
    "ALTER TABLE a MODIFY COMMENT 'it''s ON CLUSTER c'",
    'ALTER TABLE a ADD COLUMN `ON CLUSTER c` UInt8',
    'ALTER TABLE a ADD COLUMN "x ON CLUSTER c" UInt8',
    'DROP TABLE a -- ON CLUSTER c',
    'DROP TABLE a /* ON CLUSTER c */',
    'DROP TABLE `ON`.`CLUSTER`',
    'CREATE VIEW a AS SELECT 1 FROM b JOIN d ON cluster = d.cluster',
    'CREATE VIEW a AS SELECT 1 FROM b JOIN d ON `CLUSTER` = 1',
    'ALTER TABLE a MODIFY QUERY SELECT x FROM b ANY LEFT JOIN d ON cluster = x WHERE cluster',
    'CREATE TABLE on_cluster (k UInt8) ENGINE = Null',
  ])('%j is not', (statement) => expect(isDistributedDdl(statement)).toBe(false));

  test('in any statement of any step refuses the plan', async () => {
    await estate.write({ 'shop.yaml': DATABASE + table('fresh', '{ k: UInt8 }') });
    const plan = await estate.plan();
    const smuggle = (at: number): Plan => {
      let step = 0;
      return planOf(
        plan.clusters.map((cluster) => ({
          ...cluster,
          nodes: cluster.nodes.map((node) => ({
            ...node,
            steps: node.steps.map((one) =>
              step++ === at ? { ...one, statements: [...one.statements, 'DROP TABLE x ON CLUSTER y'] } : one,
            ),
          })),
        })),
      );
    };
    const steps = plannedSteps(plan);
    expect(steps.length).toBeGreaterThan(0);
    for (const at of steps.keys()) {
      expect(objections(smuggle(at), new Set(['destructive', 'rebuild', 'shop']))).toEqual([
        expect.stringContaining('the statement says ON CLUSTER'),
      ]);
    }
  });

  test('the words in comments, strings and names are applied as they are', async () => {
    const hostile =
      DATABASE +
      table(
        'hostile',
        '{ k: UInt8, "x ON CLUSTER y": { type: String, default: "\'ON CLUSTER z\'", comment: is ON CLUSTER } }',
        "comment: it's ON CLUSTER c\n",
      ) +
      table('sites', '{ k: UInt8, cluster: UInt8 }') +
      '---\nkind: View\ndatabase: shop\nname: joined\nquery: SELECT s.k FROM shop.sites AS s INNER JOIN (SELECT 1 AS one) AS o ON cluster = o.one\n';
    await estate.write({ 'shop.yaml': hostile });
    const { results, remaining } = await apply('destructive');
    expect(results.filter(({ outcome }) => outcome !== 'done')).toEqual([]);
    expect(plannedSteps(remaining)).toEqual([]);
  });
});
