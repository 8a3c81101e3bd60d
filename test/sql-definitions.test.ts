/** Tricky but legal definitions, made by SQL on a real server: each is read as the server itself explains it, and written back. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { keyParts } from '../src/kinds/table-engine.ts';
import { readFacts, readNode } from '../src/live/read.ts';
import type { Server } from '../src/live/server.ts';
import { pathKey } from '../src/model/object.ts';
import type { Root, State } from '../src/model/state.ts';
import { missingFromRoundTrip } from '../src/plan/round-trip.ts';
import { identifier, literal } from '../src/sql/quote.ts';
import { startTestEstate, type TestEstate } from './support/test-estate.ts';

let estate: TestEstate;
let server: Server;
let state: State;
const refused = new Map<string, string>();

/** Every place in which a column stands, all columns called by one name. */
const everywhere = (name: string): string => {
  const w = identifier(name);
  return `(
    ${w} UInt64 COMMENT 'COMMENT', \`v\` UInt64 DEFAULT ${w} COMMENT 'x' CODEC(ZSTD(1)),
    \`w\` UInt64 DEFAULT 1 + ${w} TTL \`d\` + INTERVAL 1 DAY, \`d\` DateTime,
    \`m\` UInt64 MATERIALIZED ${w} + 1, \`al\` UInt64 ALIAS ${w}, \`ep\` UInt64 EPHEMERAL ${w}, \`bare\` UInt8 EPHEMERAL COMMENT 'e',
    \`last\` UInt64 DEFAULT ${w} CODEC(NONE) TTL \`d\` + INTERVAL 1 DAY
      SETTINGS (min_compress_block_size = 1024, max_compress_block_size = 2048),
    CONSTRAINT ${w} CHECK ${w} >= 0, CONSTRAINT \`second\` ASSUME 1 = ${w},
    INDEX ${w} ${w} TYPE minmax GRANULARITY 1, INDEX \`i\` (\`v\` + ${w}) TYPE set(10) GRANULARITY 2,
    PROJECTION ${w} (SELECT ${w}, count() GROUP BY ${w})
  ) ENGINE = ReplacingMergeTree(${w}) PARTITION BY ${w} PRIMARY KEY ${w} ORDER BY (${w}, \`v\`) SAMPLE BY ${w}
  TTL \`d\` + INTERVAL 1 DAY DELETE WHERE ${w} = 1, \`d\` + INTERVAL 2 DAY
  SETTINGS index_granularity = 1024, deduplicate_merge_projection_mode = 'drop' COMMENT 'ORDER BY SETTINGS a = 1'`;
};

const alone = (name: string): string => {
  const w = identifier(name);
  return `(${w} DateTime, \`v\` UInt8 TTL ${w} + INTERVAL 1 DAY) ENGINE = MergeTree ORDER BY ${w} TTL ${w} + INTERVAL 1 DAY`;
};

/** Columns with a key that the server itself could not read back are made by nobody. */
const MISREAD = new Set(['NOT', 'TRUE', 'FALSE', 'INF', 'NAN', 'INFINITY']);

// biome-ignore format: a table
const MORE_NAMES = ['a.b', 'a`b', "it's", 'a"b', 'a\\b', '-- x', '/* x', '# x', '$$', '{a:UInt8}', ' ', 'ñ', '1e5', '2024', 'a)', '(a', 'TTL d', "COMMENT 'x'", 'SETTINGS a = 1'];

// biome-ignore format: a table
const TABLES: Readonly<Record<string, string>> = {
  expressions: `(a UInt8, b String, d DateTime, t Tuple(x UInt8, y Tuple(UInt8, String)), arr Array(UInt8), nest Nested(k String, v UInt8),
    c1 UInt8 DEFAULT CASE WHEN a = 1 THEN 2 WHEN b = 'TTL' THEN 3 ELSE 4 END COMMENT 'c', c2 UInt8 DEFAULT t.1 TTL d + INTERVAL 1 DAY,
    c3 String DEFAULT t.y.2 CODEC(LZ4), c4 Array(UInt8) DEFAULT arrayMap((x, y) -> x + y, arr, arr), c5 UInt8 DEFAULT arr[1] + [1, 2, 3][-1],
    c6 Map(String, UInt8) DEFAULT map('a, b', 1, ')', 2) COMMENT ')', c7 UInt8 DEFAULT a BETWEEN 1 AND 2 OR NOT (a IN (1, 2, 3)) COMMENT 'x',
    c8 String DEFAULT $$it's \`TTL\` -- no comment$$ COMMENT $x$/*$x$, c9 UInt8 DEFAULT a ? 1 : 2, c10 Float64 DEFAULT 1., c11 Float64 DEFAULT -1e-5,
    c12 UInt64 DEFAULT 0x1F, c13 UInt64 DEFAULT 1_000, c14 Float64 DEFAULT nan, c15 Bool DEFAULT true, c16 UInt8 DEFAULT a::UInt16::UInt8,
    c17 DateTime DEFAULT now() - INTERVAL 1 WEEK, c18 UInt8 DEFAULT (a AS z) + z, c19 UInt8 DEFAULT a IS NULL, c20 UInt8 DEFAULT a IS NOT DISTINCT FROM 2,
    c21 String DEFAULT b || '/' || toString(a), c22 UInt8 DEFAULT (1, (2, 3)).2.1, c23 UInt8 MATERIALIZED a % 2, c24 String DEFAULT '\\xff\\'', c25 UInt8 DEFAULT CAST(a AS UInt8),
    c26 String DEFAULT CAST('x', 'Enum8(\\'x\\' = 1, \\'y, z = 1\\' = 2)'), c27 String DEFAULT '' TTL d + toIntervalDay(if(a = 1, 1, 2)), c28 UInt8 DEFAULT a <=> 1)
    ENGINE = MergeTree PARTITION BY (toYYYYMM(d), a % 2) ORDER BY (a, cityHash64(b), tuple(a, b)) PRIMARY KEY (a, cityHash64(b))`,
  types: `(a Enum8('a, b' = 1, 'c\\'d' = -2, ') COMMENT' = 3) COMMENT 'e', b LowCardinality(Nullable(FixedString(3))) DEFAULT 'abc', c DateTime64(3, 'Europe/Berlin'),
    d Decimal(38, 10) DEFAULT 1.50, e AggregateFunction(quantilesTiming(0.5, 0.9), UInt64), f SimpleAggregateFunction(sum, UInt64), g Variant(UInt8, Array(String)),
    h JSON(max_dynamic_paths = 8, \`a.b\` UInt32, SKIP \`c d\`, SKIP REGEXP 'x, y'), i Dynamic(max_types = 3), j Tuple(\`DEFAULT\` UInt8, \`a b\` String), k Array(Nested(l UInt8)),
    m IPv6, n Map(LowCardinality(String), Array(Tuple(UInt8, String))), o Point, p Nullable(Bool)) ENGINE = MergeTree ORDER BY tuple() SETTINGS allow_nullable_key = 1`,
  codecs: `(a UInt64 DEFAULT 1 COMMENT 'x' CODEC(Delta(4), ZSTD(3)) TTL d + INTERVAL 1 DAY SETTINGS (min_compress_block_size = 1, max_compress_block_size = 2), d DateTime CODEC(DoubleDelta, LZ4HC(9)),
    s UInt64 STATISTICS(tdigest, uniq) TTL d + INTERVAL 1 DAY, t UInt64 CODEC(T64('bit')) STATISTICS(minmax) SETTINGS (max_compress_block_size = 65536)) ENGINE = MergeTree ORDER BY d`,
  ttls: `(d DateTime, a UInt8, \`SET\` UInt8, \`WHERE\` UInt8, x UInt64) ENGINE = MergeTree ORDER BY (a, d) PARTITION BY a
    TTL d + INTERVAL 1 DAY RECOMPRESS CODEC(ZSTD(17)), d + INTERVAL 2 DAY GROUP BY a, d SET x = max(x), \`SET\` = any(\`SET\`), d + INTERVAL 1 YEAR DELETE WHERE \`WHERE\` IN (1, 2) AND \`SET\` != 3, d + INTERVAL 3 DAY TO DISK 'default'
    SETTINGS merge_with_ttl_timeout = 3600 COMMENT 'TTL'`,
  indexes: `(a UInt8, b String, \`TYPE\` UInt8, \`GRANULARITY\` UInt8, arr Array(String), INDEX i1 (a, \`TYPE\`) TYPE minmax GRANULARITY 4, INDEX \`TYPE\` lower(b) TYPE ngrambf_v1(3, 256, 2, 0), INDEX i3 \`TYPE\` TYPE set(0) GRANULARITY 1,
    INDEX \`GRANULARITY\` \`TYPE\` + \`GRANULARITY\` TYPE minmax, INDEX i5 arrayMap(x -> lower(x), arr) TYPE bloom_filter(0.01) GRANULARITY 1, INDEX i6 b TYPE text(tokenizer = 'splitByNonAlpha'), CONSTRAINT c CHECK a IN (1, 2) OR b LIKE '%, CHECK%', CONSTRAINT \`CHECK\` ASSUME \`TYPE\` = 1,
    PROJECTION p1 (SELECT a, \`TYPE\`, count() AS \`GRANULARITY\` GROUP BY a, \`TYPE\`), PROJECTION p2 (WITH 1 AS x SELECT b, a + x AS y ORDER BY b), PROJECTION \`INDEX\` INDEX b TYPE basic) ENGINE = MergeTree ORDER BY a`,
  settings: `(a UInt8) ENGINE = MergeTree ORDER BY a SETTINGS columns_to_prewarm_mark_cache = 'a, b = 1, c = \\'x\\'', index_granularity = 8192, merge_selector_algorithm = 'Simple', min_bytes_for_wide_part = 0, ratio_of_defaults_for_sparse_serialization = 0.5 COMMENT 'SETTINGS x = \\'1\\''`,
  memory: `(a UInt8, \`COMMENT\` String COMMENT 'COMMENT \\'x\\'') ENGINE = Memory SETTINGS max_rows_to_keep = 10, min_rows_to_keep = 1 COMMENT 'ENGINE = Memory'`,
  nullEngine: "(a UInt8) ENGINE = Null COMMENT ''",
  buffer: "(a UInt8) ENGINE = Buffer('definitions', 'memory', 1, 10, 100, 10000, 1000000, 10000000, 100000000)",
  merge: "(a UInt8) ENGINE = Merge('definitions', '^memory$|`, x')",
  joined: "(a UInt8, b String) ENGINE = Join(ANY, LEFT, a) SETTINGS join_use_nulls = 1",
  collapsing: '(a UInt8, `sign` Int8, `version` UInt8) ENGINE = VersionedCollapsingMergeTree(sign, version) ORDER BY (a, version)',
  summing: '(a UInt8, `b c` UInt8, d UInt8) ENGINE = SummingMergeTree((`b c`, d)) ORDER BY a',
  ordered: '(a UInt8, b String) ENGINE = MergeTree ORDER BY (a DESC, b) SETTINGS allow_experimental_reverse_key = 1',
  'it\'s `-- a` \\ "table"\n.': '(a UInt8) ENGINE = Memory',
};

// biome-ignore format: a table
const VIEWS: Readonly<Record<string, string>> = {
  v1: "VIEW definitions.v1 COMMENT 'AS SELECT 1' AS SELECT 1 AS `AS`, 'AS SELECT' AS `COMMENT`",
  v2: 'VIEW definitions.v2 AS SELECT {a:UInt8} AS x, {b:Array(Tuple(String, UInt8))} AS y WHERE x = {a:UInt8}',
  v3: "VIEW definitions.v3 (`a b` UInt8 COMMENT 'AS SELECT', `AS` String) AS WITH 1 AS x, y AS (SELECT 2 AS z) SELECT toUInt8(x + z) AS `a b`, '`' AS `AS` FROM y",
  v4: "VIEW definitions.v4 AS (SELECT 1 AS a) UNION ALL (SELECT 2 AS a)",
  v5: "VIEW definitions.v5 DEFINER = default SQL SECURITY DEFINER COMMENT 'it''s -- /* # \\\\ `' AS SELECT CASE 1 WHEN 2 THEN $$it's$$ ELSE 'x' END AS c, [1, 2][1] AS d, (1, 2).1 AS e, arrayMap(x -> (x, x), [1]) AS f FROM definitions.memory ARRAY JOIN [1] AS g WHERE a IN (SELECT a FROM definitions.memory) SETTINGS max_threads = 1",
  v6: 'VIEW definitions.v6 SQL SECURITY INVOKER AS SELECT * EXCEPT (`sign`) FROM definitions.`collapsing` AS `FROM` FINAL LIMIT 1 BY a LIMIT 2, 3',
  m1: "MATERIALIZED VIEW definitions.m1 TO definitions.`TO` (`a` UInt8) DEFINER = default SQL SECURITY DEFINER COMMENT 'TO x' AS SELECT a FROM definitions.memory",
  m2: "MATERIALIZED VIEW definitions.m2 (`TTL` DateTime, `COMMENT` UInt8) ENGINE = ReplacingMergeTree(`COMMENT`) PARTITION BY `COMMENT` ORDER BY `TTL` TTL `TTL` + INTERVAL 1 DAY SETTINGS index_granularity = 1 COMMENT 'AS SELECT' AS SELECT now() AS `TTL`, a AS `COMMENT` FROM definitions.memory",
  m3: "MATERIALIZED VIEW definitions.m3 REFRESH EVERY 1 DAY OFFSET 2 HOUR RANDOMIZE FOR 10 MINUTE SETTINGS refresh_retries = 2 APPEND TO definitions.`TO` (`a` UInt8) EMPTY AS SELECT toUInt8(1) AS a",
  m4: "MATERIALIZED VIEW definitions.m4 REFRESH AFTER 1 HOUR DEPENDS ON definitions.m3 TO definitions.`APPEND` (`a` UInt8) EMPTY COMMENT 'REFRESH' AS WITH 2 AS x SELECT toUInt8(x) AS a",
  m5: 'MATERIALIZED VIEW definitions.m5 REFRESH EVERY 1 YEAR (`ENGINE` UInt8) ENGINE = MergeTree ORDER BY `ENGINE` EMPTY AS SELECT toUInt8(1) AS `ENGINE`',
};

beforeAll(async () => {
  estate = await startTestEstate();
  server = estate.sql[0] as Server;
  const settings = {
    enable_json_type: 1,
    allow_experimental_statistics: 1,
    allow_statistics: 1,
    enable_full_text_index: 1,
  } as const;
  const create = async (name: string, statement: string): Promise<void> => {
    await server.run(statement, { settings }).catch((error: Error) => refused.set(name, error.message));
  };
  await server.run('CREATE DATABASE definitions');
  for (const [name, body] of Object.entries(TABLES))
    await create(name, `CREATE TABLE definitions.${identifier(name)} ${body}`);
  for (const name of ['TO', 'APPEND'])
    await create(
      name,
      `CREATE TABLE definitions.${identifier(name)} (a UInt8) ENGINE = MergeTree ORDER BY a`,
    );
  for (const [name, text] of Object.entries(VIEWS)) await create(name, `CREATE ${text}`);
  const keywords = await server.rows<[string]>(
    "SELECT DISTINCT arrayJoin(splitByChar(' ', keyword)) FROM system.keywords WHERE match(keyword, '^[A-Z_ ]+$') ORDER BY 1",
  );
  const names = [...keywords.map(([word]) => word).filter((word) => !MISREAD.has(word)), ...MORE_NAMES];
  await server.run('CREATE DATABASE words');
  for (const name of names) {
    await create(`every ${name}`, `CREATE TABLE words.${identifier(`every ${name}`)} ${everywhere(name)}`);
    await create(`alone ${name}`, `CREATE TABLE words.${identifier(`alone ${name}`)} ${alone(name)}`);
  }
  ({ state } = await readNode(server, await readFacts(server, 10_000)));
});
afterAll(() => estate?.stop());

/** A key as `system.tables` shows it: without the parentheses around it. */
const key = (text: string | undefined): string => keyParts(text).join(', ');

const rootsOf = (database: string): Root[] =>
  [...state.values()].filter(({ id }) => id.path[0] === database && id.path.length > 1);

test('the server took all of them', () => {
  expect([...refused]).toEqual([]);
  expect(
    rootsOf('definitions')
      .map(({ id }) => id.path[1])
      .sort(),
  ).toEqual([...Object.keys(TABLES), ...Object.keys(VIEWS), 'TO', 'APPEND'].sort());
  expect(rootsOf('words').length).toBeGreaterThan(800);
});

test.each(['definitions', 'words'])('each of %s can be written back', (database) => {
  const missing = rootsOf(database).flatMap((root) => {
    const reason = missingFromRoundTrip(root);
    return reason === undefined ? [] : [[root.statement, reason]];
  });
  expect(missing).toEqual([]);
});

describe.each(['definitions', 'words'])('%s is read as the server explains it', (database) => {
  const tables = (): Root[] => rootsOf(database).filter(({ id }) => id.kind === 'table');
  const parts = (root: Root, kind: string) => root.tree().parts.filter(({ id }) => id.kind === kind);

  test('columns', async () => {
    const rows = await server.rows<[string, string, string, string, string, string, string]>(
      `SELECT table, name, type, default_kind, default_expression, comment, compression_codec FROM system.columns WHERE database = ${literal(database)} ORDER BY table, position`,
    );
    const value = (kind: string, expression: string): string | undefined =>
      kind === ''
        ? undefined
        : kind === 'EPHEMERAL' && expression.startsWith('defaultValueOfTypeName')
          ? kind
          : `${kind} ${expression}`;
    for (const root of tables()) {
      const expected = rows
        .filter(([table]) => table === root.id.path[1])
        .map(([, name, type, kind, expression, comment, codec]) => ({
          name,
          // The server writes parameters of a type in two ways.
          type: type.replace(/(\w)=(\w)/g, '$1 = $2'),
          value: value(kind, expression),
          comment,
          codec: codec === '' ? undefined : codec.slice('CODEC('.length, -1),
        }));
      const read = parts(root, 'column').map(({ id, attributes: { type, value, comment, codec } }) => ({
        name: id.path[2],
        type,
        value: value?.toString().replaceAll('\\xff', '\ufffd'),
        comment,
        codec,
      }));
      expect(read).toEqual(expected);
    }
  });

  test('keys, engines and comments', async () => {
    const rows = await server.rows<[string, string, string, string, string, string]>(
      `SELECT name, sorting_key, primary_key, partition_key, sampling_key, comment FROM system.tables WHERE database = ${literal(database)}`,
    );
    const explained = new Map(rows.map(([name, ...rest]) => [name, rest]));
    for (const root of tables()) {
      const { orderBy, primaryKey, partitionBy, sampleBy, comment } = root.tree().root.attributes as Record<
        string,
        string | undefined
      >;
      const read = [
        key(orderBy).replace(' DESC', ''),
        key(primaryKey ?? orderBy).replace(' DESC', ''),
        key(partitionBy),
        sampleBy ?? '',
        comment,
      ];
      const expected = explained.get(root.id.path[1] ?? '') ?? [];
      expect([root.id.path[1], ...read]).toEqual([
        root.id.path[1],
        ...expected.slice(0, 2),
        key(expected[2]),
        ...expected.slice(3),
      ]);
    }
  });

  test('indexes, projections and constraints', async () => {
    const rows = await server.rows<[string, string, string, string, string]>(
      `SELECT table, name, expr, type_full, toString(granularity) FROM system.data_skipping_indices WHERE database = ${literal(database)}`,
    );
    const projections = await server.rows<[string, string]>(
      `SELECT table, name FROM system.projections WHERE database = ${literal(database)}`,
    );
    for (const root of tables()) {
      const [, table] = root.id.path;
      const expected = rows
        .filter(([name]) => name === table)
        .map(([, name, expression, ...rest]) => [name, key(expression), ...rest]);
      const read = parts(root, 'index').map(({ id, attributes: { expression, type, granularity } }) => [
        id.path[2],
        key(String(expression)),
        type,
        granularity ?? '100000000',
      ]);
      expect(new Set(read.map(String))).toEqual(new Set(expected.map(String)));
      const names = parts(root, 'projection').map(({ id }) => id.path[2]);
      expect(new Set(names)).toEqual(
        new Set(projections.filter(([name]) => name === table).map(([, name]) => name)),
      );
    }
    const every = state.get(pathKey(['words', 'every TTL']));
    expect(every && parts(every, 'constraint').map(({ attributes }) => attributes)).toEqual([
      { mode: 'CHECK', expression: 'TTL >= 0' },
      { mode: 'ASSUME', expression: '1 = TTL' },
    ]);
  });

  test('settings and TTL', () => {
    const ttl = state.get(pathKey(['words', 'every SETTINGS']))?.tree().root.attributes.ttl;
    expect(ttl).toBe('d + toIntervalDay(1) WHERE SETTINGS = 1, d + toIntervalDay(2)');
    for (const root of rootsOf('words').filter(({ id }) => id.path[1]?.startsWith('every '))) {
      const { settings } = root.tree().root.attributes;
      expect(settings).toEqual({ index_granularity: '1024', deduplicate_merge_projection_mode: "'drop'" });
      expect(parts(root, 'column').at(-1)?.attributes.settings).toEqual({
        min_compress_block_size: '1024',
        max_compress_block_size: '2048',
      });
    }
  });
});
