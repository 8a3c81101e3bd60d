/** Renders hand-made plans of every shape, and checks that no name can forge what a reader sees. */
import { Ajv2020 } from 'ajv/dist/2020.js';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Finding } from '../src/model/finding.ts';
import type { ClusterPlan, NodePlan, Plan } from '../src/model/plan.ts';
import type { AttributeChange, Change, Impact, Step } from '../src/model/step.ts';
import schema from '../src/plan/plan.schema.json' with { type: 'json' };
import { renderDrift } from '../src/render/drift.ts';
import { foldNodes } from '../src/render/fold-nodes.ts';
import { renderJson } from '../src/render/json.ts';
import { renderMarkdown } from '../src/render/markdown.ts';
import { code, fenced, prose } from '../src/render/markdown-escape.ts';
import { brokenSql, sqlLines } from '../src/render/sql-lines.ts';
import { summarize, verdictLine } from '../src/render/summary.ts';
import { renderText } from '../src/render/text.ts';
import { diffLines } from '../src/render/text-diff.ts';
import { formatBytes, formatCount, formatDuration } from '../src/render/units.ts';
import { visible, visiblePath } from '../src/render/visible.ts';
import { identifier, literal, qualified } from '../src/sql/quote.ts';
import { tokenize } from '../src/sql/tokens.ts';

const place = (line: number) => ({ file: 'schemas/shop.yaml', line, column: 3 });
const table = (name: string) => ({ kind: 'table', path: ['shop', name] });

function step(action: Step['action'], name: string, more: Partial<Step> = {}): Step {
  const object = more.object ?? table(name);
  return {
    action,
    object,
    statements: [],
    verdict: 'metadata',
    hazards: [],
    refusals: [],
    changes: [{ action, object, attributes: [] }],
    fingerprint: action === 'create' ? 'absent' : '0123456789abcdef0123456789abcdef',
    ...more,
  };
}

const alters = (name: string, attributes: readonly AttributeChange[]): Change => ({
  action: 'alter',
  object: table(name),
  attributes,
});

function column(action: Change['action'], name: string, attributes: readonly AttributeChange[]): Change {
  return { action, object: { kind: 'column', path: ['shop', 'events', name] }, attributes, place: place(43) };
}

function node(name: string, steps: readonly Step[], more: Partial<NodePlan> = {}): NodePlan {
  return {
    node: name,
    address: `${name}:8123`,
    version: '26.7.1',
    steps,
    unmanaged: [],
    findings: [],
    ...more,
  };
}

const cluster = (name: string, ...nodes: NodePlan[]): ClusterPlan => ({
  cluster: name,
  edition: 'community',
  nodes,
});

const planOf = (...clusters: ClusterPlan[]): Plan => ({
  format: 1,
  digest: '0123456789abcdef0123456789abcdef',
  clusters,
});

const QUERY =
  'SELECT user_id, toStartOfHour(ts) AS hour, count() AS orders, sum(total) AS revenue FROM shop.events ' +
  "WHERE (kind = 'order') AND (total > 0) AND (country IN (SELECT code FROM shop.countries)) GROUP BY user_id, hour";
const NEW_QUERY = QUERY.replace('count() AS orders', 'countIf(total > 10) AS orders');

const CREATE = step('create', 'orders', {
  statements: [
    "CREATE TABLE `shop`.`orders` (`id` UInt64, `total` Decimal(18, 2), `note` String DEFAULT '') " +
      'ENGINE = MergeTree PARTITION BY toYYYYMM(at) ORDER BY (id, at) SETTINGS index_granularity = 8192',
  ],
  place: place(12),
});

const alterEvents = (impact: Impact): Step =>
  step('alter', 'events', {
    statements: [
      'ALTER TABLE `shop`.`events` ADD COLUMN `note` String, MODIFY COLUMN `total` UInt64, DROP COLUMN `old`',
    ],
    verdict: 'destructive',
    hazards: [
      { kind: 'rewrites data', reason: 'converts UInt32 to UInt64 in every part' },
      { kind: 'loses data', reason: 'all values of column old' },
    ],
    changes: [
      alters('events', [{ name: 'orderBy', from: '(id, ts)', to: '(id, ts, note)' }]),
      column('drop', 'old', [{ name: 'type', from: 'UInt8' }]),
      column('create', 'note', [
        { name: 'type', to: 'String' },
        { name: 'value', to: "DEFAULT ''" },
      ]),
      column('alter', 'total', [{ name: 'type', from: 'UInt32', to: 'UInt64' }]),
      column('alter', 'kind', [
        { name: 'codec', to: 'ZSTD(3)' },
        { name: 'comment', from: '', to: "it's a kind" },
        { name: 'position', to: 'after total' },
      ]),
    ],
    impact,
    place: place(40),
  });

const ALTER_VIEW = step('alter', '', {
  object: { kind: 'materialized view', path: ['shop', 'revenue'] },
  statements: [`ALTER TABLE \`shop\`.\`revenue\` MODIFY QUERY ${NEW_QUERY}`],
  changes: [
    {
      action: 'alter',
      object: { kind: 'materialized view', path: ['shop', 'revenue'] },
      attributes: [{ name: 'query', from: QUERY, to: NEW_QUERY }],
    },
  ],
});

const DROP = step('drop', 'sessions', {
  statements: ['DROP TABLE `shop`.`sessions`'],
  verdict: 'destructive',
  hazards: [{ kind: 'loses data', reason: 'all rows of the table' }],
  impact: { rows: 1_200_000, bytes: 1_288_490_189, parts: 14 },
});

const REPLACE = step('replace', 'events_all', {
  statements: [
    'SYSTEM FLUSH DISTRIBUTED `shop`.`events_all`',
    'CREATE OR REPLACE TABLE `shop`.`events_all` (`id` UInt8)',
  ],
  verdict: 'rebuild',
  hazards: [{ kind: 'blocks writes', reason: 'the table is created anew' }],
  changes: [alters('events_all', [{ name: 'engine', from: 'Null', to: 'Memory' }])],
});

const MANUAL = step('alter', 'users', {
  verdict: 'manual',
  refusals: ["ClickHouse can't change the partition key of a table that holds rows"],
  changes: [alters('users', [{ name: 'partitionBy', from: 'toYYYYMM(at)', to: 'toMonday(at)' }])],
});

const ODD: Finding = {
  severity: 'error',
  rule: 'not-understood',
  message: 'table shop.odd is left alone: `STATISTICS` is not known, ask @team about #12',
  place: place(120),
};

const EVERYTHING = planOf(
  cluster(
    'community',
    node(
      'community-1',
      [DROP, CREATE, alterEvents({ rows: 12_000, bytes: 5_000_000, parts: 14 }), ALTER_VIEW],
      {
        unmanaged: Array.from({ length: 12 }, (_, at) => ({ kind: 'table', path: ['scratch', `t${at}`] })),
        findings: [ODD],
      },
    ),
    node(
      'community-2',
      [CREATE, alterEvents({ rows: 11_000, bytes: 5_000_000, parts: 14 }), REPLACE, MANUAL],
      {
        findings: [
          ODD,
          { severity: 'warning', rule: 'old-server', message: 'texts are compared as they are' },
        ],
      },
    ),
  ),
  cluster('quiet', node('quiet', [])),
  cluster('away', node('away-1', []), node('away-2', [], { unreadable: 'ECONNREFUSED\n\x1b[32mall fine' })),
);

describe('units', () => {
  test('sizes, counts and times', () => {
    expect([0, 1023, 1024, 1024 ** 2 - 1, 1_288_490_189, 2 ** 50].map(formatBytes)).toEqual([
      '0 B',
      '1023 B',
      '1.0 KiB',
      '1.0 MiB',
      '1.2 GiB',
      '1.0 PiB',
    ]);
    expect([0, 999, 12_340, 1_200_000].map(formatCount)).toEqual(['0', '999', '12,340', '1,200,000']);
    expect([12.4, 4200, 59_960, 200_000, 7_500_000].map(formatDuration)).toEqual([
      '12 ms',
      '4.2 s',
      '1 min 0 s',
      '3 min 20 s',
      '2 h 5 min',
    ]);
  });
});

describe('folding', () => {
  test('steps that are the same on several nodes are one entry, with what stands behind each', () => {
    const [community] = EVERYTHING.clusters;
    const entries = foldNodes(community ?? cluster('none'));
    expect(
      entries.map((entry) => [entry.step.object.path.at(-1), entry.nodes.length, entry.impacts.length]),
    ).toEqual([
      ['sessions', 1, 1],
      ['orders', 2, 0],
      ['events', 2, 2],
      ['revenue', 1, 0],
      ['events_all', 1, 0],
      ['users', 1, 0],
    ]);
  });

  test('a step that differs between nodes, or that one node has twice, is not folded', () => {
    const other = { ...CREATE, statements: ['CREATE TABLE `shop`.`orders` (`id` UInt8) ENGINE = Memory'] };
    expect(foldNodes(cluster('c', node('a', [CREATE]), node('b', [other])))).toHaveLength(2);
    expect(foldNodes(cluster('c', node('a', [CREATE, CREATE])))).toHaveLength(2);
  });
});

describe('verdict line', () => {
  test('counts objects once per cluster and names what stands in the way', () => {
    expect(verdictLine(EVERYTHING)).toBe(
      '1 to create · 2 to alter · 1 to replace · 1 to drop · 1 by hand on 2 nodes · ' +
        '1 node unreadable (away-2) · 1 error · 1 warning',
    );
    const other = { ...CREATE, statements: ['CREATE DATABASE `x`'] };
    expect(verdictLine(planOf(cluster('c', node('a', [CREATE]), node('b', [other]))))).toBe(
      '1 to create on 2 nodes',
    );
    expect(summarize(EVERYTHING)).toMatchObject({
      unmanaged: 12,
      nodes: 5,
      verdicts: { destructive: 2, rebuild: 1 },
    });
  });

  test('nothing to do, and nothing known', () => {
    const gone = node('b', [], { unreadable: 'timeout' });
    expect(verdictLine(planOf(cluster('c', node('a', []))))).toBe('No changes.');
    expect(verdictLine(planOf(cluster('c', node('a', []), gone)))).toBe(
      'No changes on 1 node · 1 node unreadable (b)',
    );
    expect(verdictLine(planOf(cluster('c', gone)))).toBe('1 node unreadable (b)');
    expect(verdictLine(planOf(cluster('c', node('a', [], { findings: [ODD] }))))).toBe(
      'No changes · 1 error',
    );
  });
});

describe('terminal', () => {
  test('every shape', () => {
    expect(renderText(EVERYTHING, { colour: false, width: 90 })).toMatchInlineSnapshot(`
      "community  2 nodes · community · 26.7.1

        ✗ error not-understood  on all 2 nodes  schemas/shop.yaml:120
            table shop.odd is left alone: \`STATISTICS\` is not known, ask @team about #12

        ! warning old-server  on community-2
            texts are compared as they are

        - table shop.sessions  destructive  on community-1
            ! loses data: all rows of the table (1,200,000 rows, 1.2 GiB in 14 parts)

            DROP TABLE \`shop\`.\`sessions\`;

        + table shop.orders  on all 2 nodes  schemas/shop.yaml:12
            CREATE TABLE \`shop\`.\`orders\` (
                \`id\` UInt64,
                \`total\` Decimal(18, 2),
                \`note\` String DEFAULT ''
            )
            ENGINE = MergeTree
            PARTITION BY toYYYYMM(at)
            ORDER BY (id, at)
            SETTINGS index_granularity = 8192;

        ~ table shop.events  destructive  on all 2 nodes  schemas/shop.yaml:40
            ~ order by: (id, ts) → (id, ts, note)
            - column old  UInt8
            + column note  String DEFAULT ''  schemas/shop.yaml:43
            ~ column total  type: UInt32 → UInt64
            ~ column kind
                codec: (none) → ZSTD(3)
                comment: '' → 'it\\'s a kind'
                position: after total
            ! rewrites data: converts UInt32 to UInt64 in every part (11,000 to 12,000 rows, 4.8
              MiB in 14 parts on each node)
            ! loses data: all values of column old (11,000 to 12,000 rows, 4.8 MiB in 14 parts
              on each node)

            ALTER TABLE \`shop\`.\`events\`
                ADD COLUMN \`note\` String,
                MODIFY COLUMN \`total\` UInt64,
                DROP COLUMN \`old\`;

        ~ materialized view shop.revenue  on community-1
            ~ query
                  SELECT
                      user_id,
                      toStartOfHour(ts) AS hour,
                -     count() AS orders,
                +     countIf(total > 10) AS orders,
                      sum(total) AS revenue
                  FROM shop.events
                  WHERE (kind = 'order')
                … 3 lines

            ALTER TABLE \`shop\`.\`revenue\`
                MODIFY QUERY
                SELECT
                    user_id,
                    toStartOfHour(ts) AS hour,
                    countIf(total > 10) AS orders,
                    sum(total) AS revenue
                FROM shop.events
                WHERE (kind = 'order')
                    AND (total > 0)
                    AND (country IN (SELECT code FROM shop.countries))
                GROUP BY user_id, hour;

        ± table shop.events_all  rebuild  on community-2
            ~ engine: Null → Memory
            ! blocks writes: the table is created anew

            SYSTEM FLUSH DISTRIBUTED \`shop\`.\`events_all\`;
            CREATE OR REPLACE TABLE \`shop\`.\`events_all\` (\`id\` UInt8);

        ! table shop.users  by hand  on community-2
            ~ partition by: toYYYYMM(at) → toMonday(at)
            ! can't be done by Plumbline: ClickHouse can't change the partition key of a table
              that holds rows

        12 unmanaged objects: table scratch.t0, table scratch.t1, table scratch.t2, table
          scratch.t3, table scratch.t4, table scratch.t5, table scratch.t6, table scratch.t7,
          table scratch.t8, table scratch.t9 and 2 more

      quiet  1 node · community · 26.7.1
        No changes.

      away  2 nodes · community · 26.7.1

        ✗ away-2 could not be read  away-2:8123
            ECONNREFUSED\\u{a}\\u{1b}[32mall fine
            Nobody knows what it needs.

      1 to create · 2 to alter · 1 to replace · 1 to drop · 1 by hand on 2 nodes · 1 node unreadable (away-2) · 1 error · 1 warning
      "
    `);
  });

  test('colour only where it is asked for', () => {
    const coloured = renderText(EVERYTHING, { colour: true, width: 90 });
    expect(coloured).toContain('\x1b[32m+\x1b[39m table \x1b[1mshop.orders');
    // biome-ignore lint/suspicious/noControlCharactersInRegex: colour is made of them
    expect(coloured.replace(/\x1b\[\d+m/g, '')).toBe(renderText(EVERYTHING, { colour: false, width: 90 }));
  });

  test('stays within its width', () => {
    for (const width of [80, 120]) {
      const lines = renderText(EVERYTHING, { colour: false, width }).trimEnd().split('\n').slice(0, -1);
      expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(width);
    }
  });
});

test('drift', () => {
  expect(renderDrift(EVERYTHING, { colour: false })).toMatchInlineSnapshot(`
    "community  2 nodes · community · 26.7.1

      ✗ error not-understood  on all 2 nodes  schemas/shop.yaml:120
          table shop.odd is left alone: \`STATISTICS\` is not known, ask @team about #12

      ! warning old-server  on community-2
          texts are compared as they are

      table shop.sessions  not declared  on community-1

      table shop.orders  missing  on all 2 nodes  schemas/shop.yaml:12

      table shop.events  differs  on all 2 nodes  schemas/shop.yaml:40
          order by: live (id, ts), declared (id, ts, note)
          column old is not declared  UInt8
          column note is missing  String DEFAULT ''
          column total  type: live UInt32, declared UInt64
          column kind
              codec: live (none), declared ZSTD(3)
              comment: live '', declared 'it\\'s a kind'
              position: declared after total

      materialized view shop.revenue  differs  on community-1
          query  (- live, + declared)
              SELECT
                  user_id,
                  toStartOfHour(ts) AS hour,
            -     count() AS orders,
            +     countIf(total > 10) AS orders,
                  sum(total) AS revenue
              FROM shop.events
              WHERE (kind = 'order')
            … 3 lines

      table shop.events_all  differs  on community-2
          engine: live Null, declared Memory

      table shop.users  differs  on community-2
          partition by: live toYYYYMM(at), declared toMonday(at)

      12 unmanaged objects: table scratch.t0, table scratch.t1, table scratch.t2, table scratch.t3,
        table scratch.t4, table scratch.t5, table scratch.t6, table scratch.t7, table scratch.t8, table
        scratch.t9 and 2 more

    quiet  1 node · community · 26.7.1
      No drift.

    away  2 nodes · community · 26.7.1

      ✗ away-2 could not be read  away-2:8123
          ECONNREFUSED\\u{a}\\u{1b}[32mall fine
          Nobody knows what it needs.

    Drift: 1 missing · 4 differ · 1 not declared on 2 nodes · 1 node unreadable (away-2) · 1 error · 1 warning
    "
  `);
  expect(renderDrift(planOf(cluster('c', node('a', []))), { colour: false })).toMatch(/\nNo drift\.\n$/);
});

describe('Markdown', () => {
  test('every shape', () => {
    expect(renderMarkdown(EVERYTHING)).toMatchInlineSnapshot(`
      "## Plumbline plan

      **1 to create · 2 to alter · 1 to replace · 1 to drop · 1 by hand on 2 nodes · 1 node unreadable (away-2) · 1 error · 1 warning**

      > [!CAUTION]
      > Node \`away-2\` (\`away-2:8123\`) could not be read: \`ECONNREFUSED\\u{a}\\u{1b}[32mall fine\`
      > Nobody knows what it needs.

      - **error** \`not-understood\` on all 2 nodes of \`community\` · \`schemas/shop.yaml:120\`: table shop.odd is left alone: \\\`STATISTICS\\\` is not known, ask @&zwj;team about #&zwj;12
      - **warning** \`old-server\` on \`community-2\`: texts are compared as they are

      ### Cluster \`community\`

      2 nodes · community · 26.7.1

      #### Drop table \`shop.sessions\`: destructive

      on \`community-1\`

      - **loses data**: all rows of the table (1,200,000 rows, 1.2 GiB in 14 parts)

      \`\`\`sql
      DROP TABLE \`shop\`.\`sessions\`;
      \`\`\`

      #### Alter table \`shop.events\`: destructive

      on all 2 nodes · \`schemas/shop.yaml:40\`

      - **rewrites data**: converts UInt32 to UInt64 in every part (11,000 to 12,000 rows, 4.8 MiB in 14 parts on each node)
      - **loses data**: all values of column old (11,000 to 12,000 rows, 4.8 MiB in 14 parts on each node)

      \`\`\`diff
      - order by: (id, ts)
      + order by: (id, ts, note)
      - column old  UInt8
      + column note  String DEFAULT ''
        column total
      -     type: UInt32
      +     type: UInt64
        column kind
      +     codec: ZSTD(3)
      -     comment: ''
      +     comment: 'it\\'s a kind'
      !     position: after total
      \`\`\`

      \`\`\`sql
      ALTER TABLE \`shop\`.\`events\`
          ADD COLUMN \`note\` String,
          MODIFY COLUMN \`total\` UInt64,
          DROP COLUMN \`old\`;
      \`\`\`

      #### Replace table \`shop.events_all\`: rebuild

      on \`community-2\`

      - **blocks writes**: the table is created anew

      \`\`\`diff
      - engine: Null
      + engine: Memory
      \`\`\`

      \`\`\`sql
      SYSTEM FLUSH DISTRIBUTED \`shop\`.\`events_all\`;
      CREATE OR REPLACE TABLE \`shop\`.\`events_all\` (\`id\` UInt8);
      \`\`\`

      #### Alter table \`shop.users\`: by hand

      on \`community-2\`

      - **can't be done by Plumbline**: ClickHouse can't change the partition key of a table that holds rows

      \`\`\`diff
      - partition by: toYYYYMM(at)
      + partition by: toMonday(at)
      \`\`\`

      <details><summary>Create table <code>shop.orders</code> · on all 2 nodes · <code>schemas/shop.yaml:12</code></summary>

      \`\`\`sql
      CREATE TABLE \`shop\`.\`orders\` (
          \`id\` UInt64,
          \`total\` Decimal(18, 2),
          \`note\` String DEFAULT ''
      )
      ENGINE = MergeTree
      PARTITION BY toYYYYMM(at)
      ORDER BY (id, at)
      SETTINGS index_granularity = 8192;
      \`\`\`

      </details>

      <details><summary>Alter materialized view <code>shop.revenue</code> · on <code>community-1</code></summary>

      \`\`\`diff
        query:
        SELECT
            user_id,
            toStartOfHour(ts) AS hour,
      -     count() AS orders,
      +     countIf(total > 10) AS orders,
            sum(total) AS revenue
        FROM shop.events
        WHERE (kind = 'order')
      @@ 3 lines @@
      \`\`\`

      \`\`\`sql
      ALTER TABLE \`shop\`.\`revenue\`
          MODIFY QUERY
          SELECT
              user_id,
              toStartOfHour(ts) AS hour,
              countIf(total > 10) AS orders,
              sum(total) AS revenue
          FROM shop.events
          WHERE (kind = 'order') AND (total > 0) AND (country IN (SELECT code FROM shop.countries))
          GROUP BY user_id, hour;
      \`\`\`

      </details>

      12 unmanaged objects: \`table scratch.t0\`, \`table scratch.t1\`, \`table scratch.t2\`, \`table scratch.t3\`, \`table scratch.t4\`, \`table scratch.t5\`, \`table scratch.t6\`, \`table scratch.t7\`, \`table scratch.t8\`, \`table scratch.t9\` and 2 more

      ### Cluster \`quiet\`

      1 node · community · 26.7.1

      No changes.

      ### Cluster \`away\`

      2 nodes · community · 26.7.1
      "
    `);
  });

  test('what loses data is never folded away, whatever its verdict', () => {
    const loses = step('alter', 't', {
      verdict: 'mutation',
      hazards: [{ kind: 'loses data', reason: 'expired rows' }],
    });
    expect(renderMarkdown(planOf(cluster('c', node('a', [loses]))))).not.toContain('<details>');
  });

  test('words stay words', () => {
    expect(prose('@team <b> #12 https://x www.x GH-3 a|b `c` &amp;')).toBe(
      '@&zwj;team \\<b\\> #&zwj;12 https:&zwj;//x www&zwj;.x GH-&zwj;3 a\\|b \\`c\\` &amp;amp;',
    );
    expect(code('a`b')).toBe('``a`b``');
    expect(code('`a``')).toBe('``` `a`` ```');
    expect(fenced('sql', ['```'])[0]).toBe('````sql');
  });
});

describe('text diff', () => {
  test('one column of a long query is one line, with a little around it', () => {
    const marks = { same: ' ', removed: '-', added: '+', cut: '…' };
    expect(diffLines(QUERY, NEW_QUERY).map(({ kind, text }) => `${marks[kind]} ${text}`)).toEqual([
      '  SELECT',
      '      user_id,',
      '      toStartOfHour(ts) AS hour,',
      '-     count() AS orders,',
      '+     countIf(total > 10) AS orders,',
      '      sum(total) AS revenue',
      '  FROM shop.events',
      "  WHERE (kind = 'order')",
      '… 3 lines',
    ]);
  });

  test('a column at the end does not touch the line before it', () => {
    const longer = QUERY.replace('AS revenue', 'AS revenue, max(total) AS top');
    expect(diffLines(QUERY, longer).filter(({ kind }) => kind === 'removed')).toEqual([]);
  });

  test('white space that makes the only difference is shown', () => {
    expect(diffLines('SELECT  1', 'SELECT 1').map(({ kind }) => kind)).toEqual(['removed', 'added']);
  });

  test('two long texts without a common line are given up on, not searched', () => {
    const long = (word: string): string =>
      `SELECT ${Array.from({ length: 5000 }, (_, at) => `${word}${at}`).join(', ')} FROM t`;
    expect(diffLines(long('a'), long('b')).filter(({ kind }) => kind === 'same')).toEqual([]);
  });
});

const texts = (sql: string): string[] => tokenize(sql).map(({ text }) => text);

describe('SQL lines', () => {
  test('clauses, columns, conditions and subqueries stand on their own lines', () => {
    const sql =
      'ALTER TABLE `d`.`v` MODIFY QUERY WITH 1 AS one SELECT a.id, sumIf(x, (k = 1) AND (x BETWEEN 1 AND 2)) AS s ' +
      'FROM (SELECT id, limit FROM d.t WHERE ok) AS a LEFT JOIN d.u AS u ON a.id = u.id WHERE (a.x > 1) AND (a.y IN ' +
      "(SELECT y FROM d.y WHERE y != 'FROM')) GROUP BY a.id WITH TOTALS UNION ALL SELECT 1, 2";
    expect(`\n${sqlLines(sql, 60).join('\n')}\n`).toMatchInlineSnapshot(`
      "
      ALTER TABLE \`d\`.\`v\`
          MODIFY QUERY
          WITH 1 AS one
          SELECT
              a.id,
              sumIf(x, (k = 1) AND (x BETWEEN 1 AND 2)) AS s
          FROM (SELECT id, limit FROM d.t WHERE ok) AS a
          LEFT JOIN d.u AS u ON a.id = u.id
          WHERE (a.x > 1)
              AND (a.y IN (SELECT y FROM d.y WHERE y != 'FROM'))
          GROUP BY a.id WITH TOTALS
          UNION ALL
          SELECT
              1,
              2
      "
    `);
  });

  test('breaking never changes a token', () => {
    const word = fc.constantFrom(
      ...'SELECT FROM WHERE AND OR BETWEEN WITH AS ( ) [ ] { } , . * + ALTER TABLE ADD MODIFY QUERY JOIN LEFT ON'.split(
        ' ',
      ),
      ...[
        'CREATE',
        'ENGINE',
        'ORDER BY',
        'COMMENT',
        "'a\n, b'",
        '`x\ny`',
        '1.5',
        'UNION ALL',
        'GROUP BY',
        'a',
        'f(',
      ],
    );
    fc.assert(
      fc.property(fc.array(word, { maxLength: 60 }), fc.integer({ min: 1, max: 60 }), (words, width) => {
        const sql = words.join(' ');
        expect(texts(brokenSql(sql, width).join('\n'))).toEqual(texts(sql));
        expect(texts(sqlLines(sql, width).join('\n'))).toEqual(texts(sql));
      }),
    );
  });

  test('a text with comments or an open quote keeps its lines', () => {
    expect(sqlLines('SELECT 1, -- one\n  2', 10)).toEqual(['SELECT 1, -- one', '  2']);
    expect(sqlLines("SELECT 'never closed, at all", 10)).toEqual(["SELECT 'never closed, at all"]);
  });

  test('deep brackets do not end the program', () => {
    expect(() => brokenSql(`SELECT ${'('.repeat(5000)}${')'.repeat(5000)}`, 20)).not.toThrow();
  });
});

describe('the plan file', () => {
  const isPlan = new Ajv2020().compile(schema);

  test('is a plan by its schema, the same bytes every time, and shows no unseen character', () => {
    const text = renderJson(EVERYTHING);
    expect(isPlan(JSON.parse(text))).toBe(true);
    expect(JSON.parse(text)).toEqual(EVERYTHING);
    const shuffled = JSON.parse(JSON.stringify(EVERYTHING), (_key, value) =>
      value && !Array.isArray(value) && typeof value === 'object'
        ? Object.fromEntries(Object.entries(value).reverse())
        : value,
    ) as Plan;
    expect(renderJson(shuffled)).toBe(text);
    expect(text.endsWith('}\n')).toBe(true);
    const hidden = planOf(cluster('a\x9b\u202e\u{e0041}', node('b', [])));
    expect(renderJson(hidden)).toContain('"a\\u009b\\u202e\\udb40\\udc41"');
    expect(JSON.parse(renderJson(hidden))).toEqual(hidden);
  });

  test('refuses another format, unknown keys, and a manual step that would run', () => {
    expect(isPlan({ ...EVERYTHING, format: 2 })).toBe(false);
    expect(isPlan({ ...EVERYTHING, more: 1 })).toBe(false);
    expect(isPlan(planOf(cluster('c', node('a', [{ ...MANUAL, statements: ['DROP TABLE x'] }]))))).toBe(
      false,
    );
    expect(isPlan(planOf(cluster('c', node('a', [CREATE], { unreadable: 'gone' }))))).toBe(false);
  });
});

/** A plan in which one name stands everywhere a name, a comment or an error can stand. */
function planWith(name: string): Plan {
  const object = { kind: 'table', path: [name, name] };
  const hostile = step('alter', '', {
    object,
    statements: [
      `ALTER TABLE ${qualified(object.path)} MODIFY COMMENT ${literal(name)}, DROP COLUMN ${identifier(name)}`,
    ],
    verdict: 'destructive',
    hazards: [{ kind: 'loses data', reason: `all values of column ${name}` }],
    changes: [
      {
        action: 'alter',
        object,
        attributes: [
          { name: 'comment', from: name, to: 'x' },
          { name: 'ttl', to: name },
        ],
      },
      {
        action: 'drop',
        object: { kind: 'column', path: [name, name, name] },
        attributes: [{ name: 'type', from: name }],
      },
    ],
    place: { file: name, line: 1, column: 1 },
  });
  const create = step('create', '', { object, statements: [`CREATE DATABASE ${identifier(name)}`] });
  const manual = { ...hostile, statements: [], verdict: 'manual', refusals: [name] } as const;
  return planOf(
    cluster(
      name,
      node(name, [hostile, create, manual], {
        version: name,
        unmanaged: [object],
        findings: [
          { severity: 'error', rule: name, message: name, place: { file: name, line: 1, column: 1 } },
        ],
      }),
      node(`${name}2`, [], { unreadable: name, address: name }),
    ),
  );
}

const NASTY = [
  '\n',
  '\r',
  '\x1b[2K',
  '\x9b',
  '\u2028',
  '\u202e',
  '\u200b',
  '`',
  '```',
  '\n```\n',
  '</details>',
  '|',
  '\t',
];
const nasty = fc
  .array(
    fc.oneof(
      fc.constantFrom(...NASTY, '\n  - table a', '@x', '<b>', "'", '"', '\\', ' '),
      fc.string({ unit: 'binary' }),
    ),
    {
      minLength: 1,
      maxLength: 6,
    },
  )
  .map((pieces) => pieces.join(''))
  .filter((name) => name.trim() !== '');

/** A line without its code spans and without what a backslash takes the meaning from. */
const bare = (line: string): string => line.replace(/\\[!-/:-@[-`{-~]|(?<!`)(`+)(?!`).*?(?<!`)\1(?!`)/g, '');

/** Counts what opens and closes outside of fences, as a reader of Markdown does. */
function structure(markdown: string): { fences: number; open: boolean; tags: string[]; marks: number } {
  let fence: string | undefined;
  const found = { fences: 0, tags: [] as string[], marks: 0 };
  for (const line of markdown.split('\n')) {
    const mark = /^(`{3,})([^`]*)$/.exec(line);
    if (fence !== undefined) {
      if (mark?.[2]?.trim() === '' && (mark[1]?.length ?? 0) >= fence.length) fence = undefined;
    } else if (mark?.[1]) {
      fence = mark[1];
      found.fences++;
    } else {
      const words = bare(line.replace(/<code>[^<]*<\/code>/g, ''));
      found.tags.push(...(words.match(/<[^>]*>/g) ?? []));
      found.marks += words.match(/[`|]|@\w/g)?.length ?? 0;
    }
  }
  return { ...found, open: fence !== undefined };
}

/** Lines that begin a block: indented by no more than two columns. */
const starts = (text: string): number => text.split('\n').filter((line) => /^ {0,2}\S/.test(line)).length;

describe('hostile names', () => {
  test('are shown, and add no line to a terminal report', () => {
    const width = 1_000_000;
    const benign = renderText(planWith('x'), { colour: false, width }).split('\n').length;
    const drift = starts(renderDrift(planWith('x'), { colour: false }));
    fc.assert(
      fc.property(nasty, (name) => {
        const text = renderText(planWith(name), { colour: false, width });
        expect(text.split('\n')).toHaveLength(benign);
        expect(visible(text.replaceAll('\n', ''))).toBe(text.replaceAll('\n', ''));
        expect(starts(renderDrift(planWith(name), { colour: false }))).toBe(drift);
      }),
      { numRuns: 300 },
    );
  });

  test('break out of nothing in Markdown', () => {
    const benign = structure(renderMarkdown(planWith('x')));
    fc.assert(
      fc.property(nasty, (name) => {
        const markdown = renderMarkdown(planWith(name));
        expect(structure(markdown)).toEqual(benign);
      }),
      { numRuns: 300 },
    );
  });

  test('are one name each', () => {
    expect(visiblePath(['a.b', 'c'])).toBe('`a.b`.c');
    expect(visiblePath(['x on all 2 nodes', 'a`b\\'])).toBe('`x on all 2 nodes`.`a\\`b\\\\`');
    expect(visible('a\x1b[31m\u202e\u200b\r\nb')).toBe('a\\u{1b}[31m\\u{202e}\\u{200b}\\u{d}\\u{a}b');
  });
});
