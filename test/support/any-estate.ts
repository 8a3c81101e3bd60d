/** A seed and a number go in; the statements that create an estate of so many objects of mixed kinds come out. */
import fc from 'fast-check';
import { ROOT_KINDS, rootKind } from '../../src/kinds/index.ts';
import { identifier, literal, qualified } from '../../src/sql/quote.ts';
import { anyDefinition, chance, type Draw, pick } from './any-definition.ts';

type Path = readonly [database: string, name: string];

/** Names that files, YAML, SQL and people may take for something else. */
const HOSTILE = [
  ...['Orders', 'orders', 'ORDERS', 'a.b', '.hidden', '..', '/etc/passwd', 'con', 'a b', ' lead', 'trail '],
  ...[
    'null',
    'true',
    '~',
    '- x',
    'x: y',
    '#c',
    "it's",
    '"q"',
    '`t`',
    'back\\slash',
    'größe',
    '数据',
    '🦆',
    '<<',
  ],
  ...[
    '2024',
    '1e3',
    '0x10',
    '%TAG',
    '---',
    '!tag',
    '&a',
    '*a',
    '@x',
    'a/b',
    'AUX.txt',
    'x'.repeat(100),
    '\t',
  ],
];
const COMMENTS = [
  '',
  '',
  'plain',
  "it's “quoted” \\ `x`",
  'two\nlines',
  '# no comment',
  'a: b',
  '- list',
  '{x}',
];

const commentText = (draw: Draw): string => {
  const comment = pick(draw, COMMENTS);
  return comment ? ` COMMENT ${literal(comment)}` : '';
};

function createTable(draw: Draw, [database, name]: Path): string {
  const definition = anyDefinition(draw);
  const value = { database, name, ...definition };
  const kind = rootKind('table');
  const keys = (path: readonly (string | number)[] = []): string[] =>
    Object.keys(Object(Object.entries(value).find(([key]) => key === path[0])?.[1]));
  const draft = kind.create(kind.declare({ value, place: () => undefined, keys }));
  return 'statements' in draft ? (draft.statements[0] ?? '') : '';
}

/** Tables of which the other objects are made. */
function baseStatements(database: string): string[] {
  const columns =
    '(id UInt64, at DateTime, name LowCardinality(String), total Decimal(18, 2), tags Array(String))';
  const table = (name: string): string => qualified([database, name]);
  return [
    `CREATE TABLE ${table('base')} ${columns} ENGINE = MergeTree PRIMARY KEY id ORDER BY (id, at)`,
    `CREATE TABLE ${table('sums')} (name String, day Date, n UInt64) ENGINE = SummingMergeTree ORDER BY (name, day)`,
  ];
}

/** What stands on the base tables of a database. */
const SHAPES: readonly ((draw: Draw, path: Path, base: string, sums: string) => string)[] = [
  (draw, path, base) => `CREATE VIEW ${qualified(path)}${commentText(draw)} AS SELECT * FROM ${base}`,
  (draw, path, base) =>
    `CREATE VIEW ${qualified(path)} AS WITH ${1 + draw(fc.nat, 9)} AS few SELECT name, count() AS n, sum(total) AS \`the total\`, arrayJoin(tags) AS tag FROM ${base} WHERE id > few AND name != ${literal(pick(draw, COMMENTS))} GROUP BY name, tag HAVING n > 1 ORDER BY n DESC LIMIT 10`,
  (_draw, path, base) => `CREATE VIEW ${qualified(path)} AS SELECT * FROM ${base} WHERE id = {key:UInt64}`,
  (_draw, path, base) =>
    `CREATE VIEW ${qualified(path)} (id String, at DateTime) DEFINER = default SQL SECURITY DEFINER AS SELECT id, at FROM ${base}`,
  (draw, path, base, sums) =>
    `CREATE MATERIALIZED VIEW ${qualified(path)} TO ${sums}${commentText(draw)} AS SELECT name, toDate(at) AS day, count() AS n FROM ${base} GROUP BY name, day`,
  (draw, path, base) =>
    `CREATE MATERIALIZED VIEW ${qualified(path)} ENGINE = AggregatingMergeTree ORDER BY name${commentText(draw)} AS SELECT name, uniqState(id) AS ids FROM ${base} GROUP BY name`,
  (draw, path, base, sums) =>
    `CREATE MATERIALIZED VIEW ${qualified(path)} REFRESH EVERY ${1 + draw(fc.nat, 20)} DAY OFFSET 2 HOUR RANDOMIZE FOR 10 MINUTE APPEND TO ${sums} AS SELECT name, toDate(at) AS day, 1 AS n FROM ${base} WHERE 0`,
  (_draw, path, base) =>
    `CREATE MATERIALIZED VIEW ${qualified(path)} REFRESH AFTER 3 DAY ENGINE = MergeTree ORDER BY id EMPTY AS SELECT id FROM ${base}`,
  (_draw, path, base) => `CREATE TABLE ${qualified(path)} AS ${base} ENGINE = Null`,
  (_draw, path, base) => `CREATE TABLE ${qualified(path)} AS ${base}`,
  (_draw, [database, name]) =>
    `CREATE TABLE ${qualified([database, name])} (id UInt64) ENGINE = Merge(${identifier(database)}, '^ba.e$')`,
  (_draw, [database, name]) =>
    `CREATE TABLE ${qualified([database, name])} (id UInt64, at DateTime) ENGINE = Buffer(${identifier(database)}, base, 1, 10, 100, 100, 1000, 10000, 100000)`,
  (draw, path) =>
    `CREATE TABLE ${qualified(path)} (k UInt64, v Nullable(String)) ENGINE = ${pick(draw, ['Log', 'TinyLog', 'StripeLog', 'Memory', 'Set', 'Join(ANY, LEFT, k)'])}${commentText(draw)}`,
  (_draw, path) =>
    `CREATE TABLE ${qualified(path)} (k UInt64) ENGINE = MySQL('db.example:3306', 'shop', 'orders', 'reader', 'hunter2')`,
  (draw, path, base) =>
    `CREATE DICTIONARY ${qualified(path)} (id UInt64, name String DEFAULT '?') PRIMARY KEY id SOURCE(CLICKHOUSE(QUERY 'SELECT id, name FROM ${base.replaceAll(/[\\']/g, '\\$&')}')) LIFETIME(MIN ${draw(fc.nat, 10)} MAX 300) LAYOUT(HASHED())${commentText(draw)}`,
];

const NAMES = Array.from({ length: 2000 }, (_, at) => `o${String(at).padStart(4, '0')}`);

/** The same statements for the same seed; a server may refuse some of them. */
export function anyEstate(seed: number, objects: number): string[] {
  const databases = ['shop', 'Shop', 'a.b', 'it`s', 'größe'];
  const [statements = []] = fc.sample(
    fc.gen().map((draw) => {
      const made = databases.flatMap((database) => [
        `CREATE DATABASE ${identifier(database)}${commentText(draw)}`,
        ...baseStatements(database),
      ]);
      const knowsFunctions = ROOT_KINDS.some(({ name }) => name === 'function');
      for (let at = made.length; at < objects; at++) {
        const database = pick(draw, databases);
        const name = at % 4 === 0 ? `${pick(draw, HOSTILE)}${chance(draw, 30) ? '' : at}` : (NAMES[at] ?? '');
        const [base, sums] = [qualified([database, 'base']), qualified([database, 'sums'])];
        if (chance(draw, 45)) made.push(createTable(draw, [database, name]));
        else if (knowsFunctions && chance(draw, 5))
          made.push(`CREATE FUNCTION ${identifier(name)} AS (x, y) -> if(x > ${draw(fc.nat, 9)}, x, y)`);
        else made.push(pick(draw, SHAPES)(draw, [database, name], base, sums));
      }
      return made;
    }),
    { seed, numRuns: 1 },
  );
  return statements;
}
