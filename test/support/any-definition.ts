/** Random choices go in; the definition of a table comes out, as a declaration would say it: most of them a server takes. */
import fc from 'fast-check';
import { identifier } from '../../src/sql/quote.ts';

/** What `fc.gen()` gives: draws from an arbitrary. */
export type Draw = fc.GeneratorValue;

export interface Column {
  type?: string;
  default?: string;
  materialized?: string;
  alias?: string;
  ephemeral?: string;
  codec?: string;
  ttl?: string;
  comment?: string;
  statistics?: string[];
  settings?: Record<string, string>;
  renamed_from?: string;
}

/** A Table document without `kind`, `database` and `name`. */
export interface Definition {
  columns: Record<string, Column>;
  indexes: Record<string, { expression: string; type: string; granularity?: number }>;
  projections: Record<string, string>;
  constraints: Record<string, { check: string } | { assume: string }>;
  engine: string;
  order_by?: string[] | undefined;
  primary_key?: string[] | undefined;
  partition_by?: string | undefined;
  sample_by?: string | undefined;
  ttl?: string[] | undefined;
  settings: Record<string, string>;
  comment?: string | undefined;
}

const NAMES = 'a|b|c|d|e|f|g|id|ts|select|a b|größe|key|A|x.y|1st'.split('|');

const INTEGERS = 'UInt8 UInt16 UInt32 UInt64 Int8 Int16 Int32 Int64 Int128 UInt256 BIGINT INT'.split(' ');
const NUMBERS = [...INTEGERS, 'Float32', 'Float64', 'Decimal(9,2)', 'Decimal(38, 10)', 'Bool', 'double'];
const TEXTS = ['String', 'VARCHAR(10)', 'LowCardinality(String)', 'FixedString(8)'];
const DATES = ['Date', 'DateTime', "DateTime('UTC')", 'timestamp'];
const TIMES = [...DATES, 'Date32', 'DateTime64(3)', "DateTime64(6, 'Europe/Berlin')"];
const ENUMS = ["Enum8('a' = 1, 'b' = 2)", "Enum('a', 'b', 'c')", "Enum16('a' = 1, 'b' = 300)"];
const PLAIN = [...NUMBERS, ...TEXTS, ...TIMES, ...ENUMS, 'UUID', 'IPv4', 'IPv6'];
const COMPOUND = [
  ...['Nullable(UInt32)', 'Nullable(String)', 'Nullable(DateTime)', 'Nullable(UInt64)', 'Nullable(Int8)'],
  ...['LowCardinality(Nullable(String))', 'Array(UInt32)', 'Array(String)', 'Array(Nullable(Int8))'],
  ...['Map(String, UInt64)', 'Map(LowCardinality(String), String)', 'Array(Tuple(x UInt8, y String))'],
  ...['Tuple(a UInt8, b String)', 'Tuple(UInt8, String)', 'Tuple(a UInt64, b String)', 'Point'],
];
/** `generateRandom` makes up no values for these. */
const BARE = [
  ...['JSON', 'JSON(a.b UInt32, SKIP c)', 'Variant(String, UInt64)', 'Dynamic', 'Nested(k String, v UInt32)'],
  ...['AggregateFunction(sum, UInt64)', 'SimpleAggregateFunction(sum, UInt64)'],
  ...['SimpleAggregateFunction(max, UInt32)', 'Nested(k UInt64)'],
];
const TYPES = [...PLAIN, ...PLAIN, ...COMPOUND, ...BARE];

export const FORMS = ['default', 'materialized', 'alias', 'ephemeral'] as const;

const isStored = ({ alias, ephemeral }: Column): boolean => alias === undefined && ephemeral === undefined;
const isOf = (types: readonly string[], column: Column): boolean =>
  isStored(column) && types.includes(column.type ?? '');

/** Whether rows can be made up for the column. */
export function isInsertable(column: Column): boolean {
  return (
    isStored(column) && !('materialized' in column) && [...PLAIN, ...COMPOUND].includes(column.type ?? '')
  );
}

export function pick<T>(draw: Draw, values: readonly T[]): T {
  return values[draw(fc.nat, { max: values.length - 1 })] as T;
}

/** True `percent` times of a hundred. */
export function chance(draw: Draw, percent: number): boolean {
  return draw(fc.nat, { max: 99 }) < percent;
}

export function count(draw: Draw, most: number): number {
  return draw(fc.nat, { max: most });
}

/** The names of the columns for which it holds. */
export function names(
  { columns }: Pick<Definition, 'columns'>,
  test: (column: Column) => boolean = () => true,
): string[] {
  return Object.entries(columns).flatMap(([name, column]) => (test(column) ? [name] : []));
}

export function freshName(draw: Draw, taken: object): string {
  const free = NAMES.filter((name) => !(name in taken));
  return pick(draw, free.length > 0 ? free : [`c${Object.keys(taken).length}`]);
}

/** Names that expressions can be made of: those of columns that stand on no other. */
const simple = (definition: Pick<Definition, 'columns'>, types: readonly string[] = PLAIN): string[] =>
  names(definition, (column) => isOf(types, column) && FORMS.every((form) => !(form in column)));

/** A value for a column of the type, made of another column or of none. */
export function anyValue(draw: Draw, type: string, others: Pick<Definition, 'columns'>): string | undefined {
  const [other] = simple(others)
    .sort(() => (chance(draw, 50) ? 1 : -1))
    .map(identifier);
  const made = other !== undefined && chance(draw, 50);
  if (NUMBERS.includes(type))
    return made ? `length(toString(${other})) % 100` : pick(draw, ['1', '0', 'toUInt8(3)']);
  if (TEXTS.includes(type))
    return made ? `substring(toString(${other}), 1, 8)` : pick(draw, ["'a'", "'it''s'", "lower('A')"]);
  if (DATES.includes(type))
    return pick(draw, ['now()', "toDateTime('2020-01-01 00:00:00', 'UTC')", 'today()']);
  if (ENUMS.includes(type)) return "'a'";
  if (type.startsWith('Nullable')) return pick(draw, ['NULL', '1']);
  if (type.startsWith('Array')) return '[]';
  return undefined;
}

const CODECS = [
  'ZSTD',
  'ZSTD(3)',
  'LZ4',
  'LZ4HC(9)',
  'NONE',
  'Delta, ZSTD',
  'T64, LZ4',
  'DoubleDelta',
  'Default',
];
const COMMENTS = ['the key', "it's", '', 'x', 'COMMENT'];

/** Everything a column can say besides its type, each only now and then. */
export function anyColumn(draw: Draw, others: Pick<Definition, 'columns'>): Column {
  const type = pick(draw, TYPES);
  const column: Column = { type };
  if (type.startsWith('Nested')) return column;
  const value = chance(draw, 35) ? anyValue(draw, type, others) : undefined;
  const form = pick(draw, ['default', 'default', 'materialized', 'alias', 'ephemeral'] as const);
  if (value !== undefined) column[form] = value;
  if (value !== undefined && !/NULL|\[\]/.test(value) && chance(draw, 10)) delete column.type;
  const stored = isStored(column) && column.type !== undefined;
  if (stored && chance(draw, 20))
    column.codec = pick(draw, INTEGERS.includes(type) ? CODECS : CODECS.slice(0, 5));
  if (chance(draw, 20)) column.comment = pick(draw, COMMENTS);
  const [time] = simple(others, DATES);
  if (stored && time && chance(draw, 8)) column.ttl = `toDateTime(${identifier(time)}) + INTERVAL 60 YEAR`;
  if (stored && NUMBERS.includes(type) && chance(draw, 10))
    column.statistics = pick(draw, [['tdigest'], ['uniq'], ['minmax', 'tdigest']]);
  if (stored && chance(draw, 5))
    column.settings = { min_compress_block_size: pick(draw, ['65536', '16384']) };
  return column;
}

const ENGINES = 'ReplacingMergeTree SummingMergeTree CollapsingMergeTree CoalescingMergeTree'.split(' ');
const SMALL = 'Memory Log TinyLog StripeLog Null'.split(' ');

export const isMergeTree = ({ engine }: Definition): boolean => engine.includes('MergeTree');

export function anyEngine(draw: Draw, definition: Definition): string {
  if (chance(draw, 65)) return 'MergeTree';
  if (chance(draw, 15)) return pick(draw, SMALL);
  const engine = pick(draw, ENGINES);
  const columns = (types: string[]): string[] => simple(definition, types).map(identifier);
  const [version] = columns(['UInt8', 'UInt32', 'UInt64', 'DateTime', 'Date']);
  const [sign] = columns(['Int8']);
  const [deleted] = columns(['UInt8']);
  if (engine === 'CollapsingMergeTree') return sign === undefined ? 'MergeTree' : `${engine}(${sign})`;
  if (engine !== 'ReplacingMergeTree' || version === undefined || chance(draw, 50)) return engine;
  const both = deleted !== undefined && deleted !== version && chance(draw, 50);
  return both ? `${engine}(${version}, ${deleted})` : `${engine}(${version})`;
}

export function anyKey(draw: Draw, definition: Definition): string[] {
  const keyable = names(
    definition,
    (column) => isOf(PLAIN, column) && !column.ttl && !/Float|double/.test(column.type ?? ''),
  );
  const key = new Set(Array.from({ length: count(draw, 3) }, () => pick(draw, [...keyable, undefined])));
  return [...key].flatMap((name) => {
    if (name === undefined) return [];
    const column = identifier(name);
    const isText = TEXTS.includes(definition.columns[name]?.type ?? '');
    return chance(draw, 20) ? [isText ? `lower(${column})` : `toString(${column})`] : [column];
  });
}

export function anyPartition(draw: Draw, definition: Definition): string | undefined {
  const [time] = simple(definition, DATES);
  const [name] = simple(definition);
  if (name === undefined || chance(draw, 60)) return undefined;
  const few = `cityHash64(${identifier(name)}) % 3`;
  return pick(draw, [
    few,
    time ? `toYear(${identifier(time)}) % 4` : few,
    `(${few}, length(toString(${identifier(name)})) % 2)`,
  ]);
}

export function anyTtl(draw: Draw, definition: Definition): string[] | undefined {
  const [time] = simple(definition, DATES);
  if (time === undefined || chance(draw, 80)) return undefined;
  const expires = `toDateTime(${identifier(time)}) + INTERVAL ${pick(draw, ['60 YEAR', '720 MONTH', '61 YEAR'])}`;
  const [number] = simple(definition, INTEGERS);
  return pick(draw, [
    [expires],
    [`${expires} DELETE`],
    [`${expires} RECOMPRESS CODEC(ZSTD(9))`, `${expires} DELETE`],
    number ? [`${expires} DELETE WHERE ${identifier(number)} = 1`] : [expires],
  ]);
}

export function anySettings(draw: Draw): Record<string, string> {
  const all: [string, string[]][] = [
    ['merge_with_ttl_timeout', ['3600', '7200']],
    ['min_bytes_for_wide_part', ['0', '1000']],
    ['ttl_only_drop_parts', ['1', '0']],
    ['min_age_to_force_merge_seconds', ['0', '100000']],
    ['storage_policy', ['default']],
    ['parts_to_throw_insert', ['3000']],
    ['ratio_of_defaults_for_sparse_serialization', ['1', '0.95', '1.0']],
    ['index_granularity', ['8192', '1024']],
    ['deduplicate_merge_projection_mode', ['drop', 'rebuild']],
  ];
  const most = chance(draw, 50) ? 0 : 2;
  return Object.fromEntries(
    Array.from({ length: count(draw, most) }, () => {
      const [name, values] = pick(draw, all);
      return [name, pick(draw, values)];
    }),
  );
}

export function anyIndex(draw: Draw, definition: Definition): Definition['indexes'][string] | undefined {
  const [text, plain] = [simple(definition, ['String', 'VARCHAR(10)']), simple(definition)];
  const granularity = pick(draw, [undefined, 1, 4]);
  const of = (expression: string, type: string) => ({
    expression,
    type,
    ...(granularity && { granularity }),
  });
  if (text.length > 0 && chance(draw, 50)) {
    const name = identifier(pick(draw, text));
    return pick(draw, [
      of(name, 'ngrambf_v1(3, 256, 2, 0)'),
      of(`lower(${name})`, 'tokenbf_v1(256, 2, 0)'),
      of(name, 'bloom_filter(0.01)'),
      of(name, 'set(100)'),
    ]);
  }
  if (plain.length === 0) return undefined;
  const [name, other] = [identifier(pick(draw, plain)), identifier(pick(draw, plain))];
  return pick(draw, [
    of(name, 'minmax'),
    of(name, 'set(0)'),
    of(name === other ? name : `(${name}, ${other})`, 'minmax'),
    of(`length(toString(${name}))`, 'minmax'),
  ]);
}

export function anyProjection(draw: Draw, definition: Definition): string | undefined {
  const plain = simple(definition);
  if (plain.length === 0) return undefined;
  const [name, other] = [identifier(pick(draw, plain)), identifier(pick(draw, plain))];
  return pick(draw, [
    `SELECT ${name}, count() GROUP BY ${name}`,
    `SELECT ${name}, max(${other}) AS m GROUP BY ${name}`,
    `SELECT ${[...new Set([name, other])].join(', ')} ORDER BY ${other}`,
    `SELECT * ORDER BY ${name}`,
  ]);
}

export function anyConstraint(
  draw: Draw,
  definition: Definition,
): Definition['constraints'][string] | undefined {
  const plain = simple(definition);
  if (plain.length === 0) return undefined;
  const name = identifier(pick(draw, plain));
  return pick(draw, [
    { check: `length(toString(${name})) >= 0` },
    { assume: `notEmpty(toString(${name}))` },
    { check: `(toString(${name}) != 'no') OR (1 = 1)` },
  ]);
}

/** Some parts under names of their own. */
function some<P>(draw: Draw, most: number, prefix: string, part: () => P | undefined): Record<string, P> {
  const parts: Record<string, P> = {};
  for (let left = count(draw, most); left > 0; left--) {
    const made = part();
    if (made !== undefined) parts[`${prefix}${left}`] = made;
  }
  return parts;
}

/** What stands beside the columns, made of them. */
export function anyStorage(draw: Draw, definition: Definition): Partial<Definition> {
  if (!isMergeTree(definition)) return chance(draw, 20) ? { comment: pick(draw, COMMENTS) } : {};
  const key = anyKey(draw, definition);
  const shorter = key.length > 1 && chance(draw, 20) ? key.slice(0, -1) : undefined;
  const projections = some(draw, 1, 'p', () => anyProjection(draw, definition));
  const needsMode = definition.engine !== 'MergeTree' && Object.keys(projections).length > 0;
  return {
    ...(key.length > 0 && { order_by: key }),
    ...(shorter && { primary_key: shorter }),
    partition_by: anyPartition(draw, definition),
    ttl: anyTtl(draw, definition),
    settings: { ...anySettings(draw), ...(needsMode && { deduplicate_merge_projection_mode: 'rebuild' }) },
    indexes: some(draw, 2, 'i', () => anyIndex(draw, definition)),
    projections,
    constraints: some(draw, 1, 'k', () => anyConstraint(draw, definition)),
    ...(chance(draw, 20) && { comment: pick(draw, COMMENTS) }),
  };
}

/** Any table that is made of these columns. */
export function anyOf(draw: Draw, columns: Definition['columns']): Definition {
  const bare: Definition = {
    columns,
    indexes: {},
    projections: {},
    constraints: {},
    engine: 'MergeTree',
    settings: {},
  };
  const definition = { ...bare, engine: anyEngine(draw, bare) };
  return { ...definition, ...anyStorage(draw, definition) };
}

export function anyDefinition(draw: Draw): Definition {
  const columns: Record<string, Column> = {};
  for (let left = 2 + count(draw, 6); left > 0; left--) {
    columns[freshName(draw, columns)] = anyColumn(draw, { columns });
  }
  return anyOf(draw, columns);
}
