/** Pairs of tables of which the rows of parts say one thing and a reader sees another; `dr.t` stands for the case's own table. */

export interface DrCase {
  readonly name: string;
  readonly both?: readonly string[];
  readonly active?: readonly string[];
  readonly passive?: readonly string[];
  /** Of the partitions in order of their ids, or of the table. */
  readonly verdicts: readonly string[];
}

const keyed = (columns: string, rest = 'ENGINE = MergeTree ORDER BY k'): string =>
  `CREATE TABLE dr.t (k UInt32, ${columns}) ${rest}`;
const insert = (select: string): string => `INSERT INTO dr.t SELECT ${select}`;

/** One row, with another value of its second column on either site. */
const cell = (name: string, type: string, active: string, passive: string, more = ''): DrCase => ({
  name,
  both: [keyed(`v ${type}`), insert(`number, ${active} FROM numbers(1, 9)`)],
  active: [insert(`0, ${active}${more}`)],
  passive: [insert(`0, ${passive}${more}`)],
  verdicts: ['different'],
});

const UPDATABLE =
  'ENGINE = MergeTree ORDER BY k SETTINGS enable_block_number_column = 1, enable_block_offset_column = 1';
const EXPIRING = 'ENGINE = MergeTree ORDER BY k TTL at + INTERVAL 1 DAY';

/** Rows of one key in several parts on the active site, merged or written once on the passive one. */
const unmerged = (name: string, table: string, parts: readonly string[], merged: string): DrCase => ({
  name,
  both: [table],
  active: ['SYSTEM STOP MERGES dr.t', ...parts.map(insert)],
  passive: [insert(merged)],
  verdicts: ['equal'],
});

export const CASES: readonly DrCase[] = [
  cell('NULL and an empty string', 'Nullable(String)', 'NULL', `''`),
  cell('NULL and 0', 'Nullable(UInt8)', 'NULL', '0'),
  cell('NULL inside an array', 'Array(Nullable(UInt8))', '[NULL, 1]', '[0, 1]'),
  cell('-0.0 and 0.0', 'Float64', '-0.0', '0.0'),
  cell('the order of a map', 'Map(String, UInt8)', `map('a', 1, 'b', 2)`, `map('b', 2, 'a', 1)`),
  cell('the last digit of a decimal', 'Decimal(38, 10)', `'1.0000000001'`, `'1.0000000002'`),
  cell('milliseconds', 'DateTime64(3)', `'2026-01-01 00:00:00.001'`, `'2026-01-01 00:00:00.002'`),
  cell('a number and a string in JSON', 'JSON', `'{"a":1}'`, `'{"a":"1"}'`),
  cell('types in a Dynamic', 'Dynamic', '1::UInt8::Dynamic', '1::UInt16::Dynamic'),
  cell('bytes of a string', 'String', `'a\\0'`, `'a'`),
  cell('values of a Nested', 'Nested(a UInt8)', '[1]', '[2]'),
  cell('values of a LowCardinality', 'LowCardinality(String)', `'a'`, `'b'`),
  {
    name: 'a difference beside a NULL',
    both: [keyed('n Nullable(UInt8), v String')],
    active: [insert(`1, NULL, 'a'`)],
    passive: [insert(`1, NULL, 'b'`)],
    verdicts: ['different'],
  },
  {
    name: 'cells swapped between two rows',
    both: [keyed('a UInt8, b UInt8')],
    active: [insert('1, 1, 1'), insert('2, 2, 2')],
    passive: [insert('1, 1, 2'), insert('2, 2, 1')],
    verdicts: ['different'],
  },
  {
    name: 'pairs of doubled rows',
    both: [keyed('v String')],
    active: [insert(`1, 'a' FROM numbers(2)`), insert(`2, 'b' FROM numbers(2)`)],
    passive: [insert(`1, 'c' FROM numbers(2)`), insert(`2, 'd' FROM numbers(2)`)],
    verdicts: ['different'],
  },
  {
    name: 'lightweight deletes on one site',
    both: [keyed('v UInt8')],
    active: [insert('number, 1 FROM numbers(1000)'), 'DELETE FROM dr.t WHERE k < 100'],
    passive: [insert('number, 1 FROM numbers(100, 900)')],
    verdicts: ['equal'],
  },
  {
    name: 'lightweight deletes of other rows',
    both: [keyed('v UInt8'), insert('number, 1 FROM numbers(1000)')],
    active: ['DELETE FROM dr.t WHERE k < 100'],
    passive: ['DELETE FROM dr.t WHERE k >= 900'],
    verdicts: ['only on passive'],
  },
  {
    name: 'a partition of which all rows are deleted',
    both: [
      keyed('v UInt8', 'ENGINE = MergeTree PARTITION BY v ORDER BY k'),
      insert('number, 1 FROM numbers(9)'),
    ],
    active: [insert('number, 2 FROM numbers(9)'), 'DELETE FROM dr.t WHERE v = 2'],
    verdicts: ['equal', 'equal'],
  },
  {
    name: 'patch parts on one site, and the same rows',
    both: [keyed('v UInt8', UPDATABLE)],
    active: [insert('number, 1 FROM numbers(100)'), 'UPDATE dr.t SET v = 2 WHERE k < 10'],
    passive: [insert('number, if(number < 10, 2, 1) FROM numbers(100)')],
    verdicts: ['equal'],
  },
  {
    name: 'patch parts with other values',
    both: [keyed('v UInt8', UPDATABLE), insert('number, 1 FROM numbers(100)')],
    active: ['UPDATE dr.t SET v = 2 WHERE k < 10'],
    passive: ['UPDATE dr.t SET v = 3 WHERE k < 10'],
    verdicts: ['pending mutations'],
  },
  unmerged(
    'versions of a ReplacingMergeTree',
    keyed('v UInt8', 'ENGINE = ReplacingMergeTree(v) ORDER BY k'),
    ['number, 1 FROM numbers(100)', 'number, 2 FROM numbers(100)'],
    'number, 2 FROM numbers(100)',
  ),
  unmerged(
    'deleted rows of a ReplacingMergeTree',
    keyed('v UInt8, gone UInt8', 'ENGINE = ReplacingMergeTree(v, gone) ORDER BY k'),
    ['number, 1, 0 FROM numbers(100)', 'number, 2, 1 FROM numbers(50)'],
    'number, 1, 0 FROM numbers(50, 50)',
  ),
  unmerged(
    'rows of a SummingMergeTree',
    keyed('v UInt64', 'ENGINE = SummingMergeTree ORDER BY k'),
    ['number, 1 FROM numbers(100)', 'number, 2 FROM numbers(100)'],
    'number, 3 FROM numbers(100)',
  ),
  unmerged(
    'states of an AggregatingMergeTree',
    keyed(
      's AggregateFunction(sum, UInt64), m SimpleAggregateFunction(max, UInt64), u AggregateFunction(groupUniqArray, UInt64)',
      'ENGINE = AggregatingMergeTree ORDER BY k',
    ),
    ['3', '7', '5'].map(
      (n) =>
        `number % 10, sumState(${n}::UInt64), ${n}, groupUniqArrayState(${n}::UInt64) FROM numbers(10) GROUP BY number`,
    ),
    'number % 10, sumState(arrayJoin([5, 3, 7])::UInt64), 7, groupUniqArrayState(arrayJoin([5, 3, 7])::UInt64) FROM numbers(10) GROUP BY number',
  ),
  unmerged(
    'rows of a CollapsingMergeTree',
    keyed('v UInt8, sign Int8', 'ENGINE = CollapsingMergeTree(sign) ORDER BY k'),
    ['number, 1, 1 FROM numbers(100)', 'number, 1, -1 FROM numbers(50)'],
    'number, 1, 1 FROM numbers(50, 50)',
  ),
  unmerged(
    'rows of a VersionedCollapsingMergeTree',
    keyed('v UInt8, sign Int8', 'ENGINE = VersionedCollapsingMergeTree(sign, v) ORDER BY k'),
    ['number, 1, -1 FROM numbers(50)', 'number, 1, 1 FROM numbers(100)'],
    'number, 1, 1 FROM numbers(50, 50)',
  ),
  unmerged(
    'rows of a CoalescingMergeTree',
    keyed('a Nullable(UInt8), b Nullable(UInt8)', 'ENGINE = CoalescingMergeTree ORDER BY k'),
    ['number, 1, NULL FROM numbers(100)', 'number, NULL, 2 FROM numbers(100)'],
    'number, 1, 2 FROM numbers(100)',
  ),
  {
    name: 'versions of one key in two partitions',
    both: [
      keyed('p UInt8, v UInt8', 'ENGINE = ReplacingMergeTree(v) PARTITION BY p ORDER BY k'),
      'SYSTEM STOP MERGES dr.t',
      insert('1, 1, 2'),
      insert('1, 2, 3'),
    ],
    active: [insert('1, 1, 1')],
    verdicts: ['equal', 'equal'],
  },
  {
    name: 'values that expired, beside a deleted row',
    both: [keyed('at DateTime, v String TTL at + INTERVAL 1 DAY'), 'SYSTEM STOP TTL MERGES dr.t'],
    active: [insert(`number, toDateTime(1000000), 'a' FROM numbers(2)`), 'DELETE FROM dr.t WHERE k = 1'],
    passive: [insert(`0, toDateTime(1000000), ''`)],
    verdicts: ['equal'],
  },
  {
    name: 'another version in a ReplacingMergeTree',
    both: [keyed('v UInt8, w UInt8', 'ENGINE = ReplacingMergeTree(v) ORDER BY k'), 'SYSTEM STOP MERGES dr.t'],
    active: [insert('1, 1, 1'), insert('1, 2, 2')],
    passive: [insert('1, 1, 2'), insert('1, 2, 1')],
    verdicts: ['different'],
  },
  {
    name: 'sums of floating-point numbers whose last digits depend on the order',
    both: [keyed('v Float64', 'ENGINE = SummingMergeTree ORDER BY k'), 'SYSTEM STOP MERGES dr.t'],
    active: [insert('1, 0.1'), insert('1, 0.2'), insert('1, 0.3')],
    passive: [insert('1, 0.3'), insert('1, 0.2'), insert('1, 0.1')],
    verdicts: ['not comparable'],
  },
  {
    name: 'a floating-point number that is not summed, beside one that is',
    both: [keyed('v Float64, w Float64', 'ENGINE = SummingMergeTree((v)) ORDER BY k')],
    active: [insert('1, 0.1, 1')],
    passive: [insert('1, 0.1, 2')],
    verdicts: ['different'],
  },
  {
    name: 'rows that expired, on one site',
    both: [
      keyed('at DateTime', EXPIRING),
      'SYSTEM STOP MERGES dr.t',
      insert('number, toDateTime(4000000000) FROM numbers(9)'),
    ],
    active: [insert('number, now() - 999999 FROM numbers(100, 9)')],
    verdicts: ['equal'],
  },
  {
    name: 'a row that expired beside one that is missing',
    both: [
      keyed('at DateTime', EXPIRING),
      'SYSTEM STOP MERGES dr.t',
      insert('number, toDateTime(4000000000) FROM numbers(9)'),
    ],
    active: [insert('100, now() - 999999')],
    passive: [insert('101, toDateTime(4000000000)')],
    verdicts: ['only on passive'],
  },
  {
    name: 'rows that old ones were merged into',
    both: [
      keyed(
        'at DateTime, v UInt64',
        'ENGINE = MergeTree ORDER BY k TTL at + INTERVAL 1 DAY GROUP BY k SET v = sum(v)',
      ),
      'SYSTEM STOP MERGES dr.t',
    ],
    active: [insert('1, toDateTime(1000000), 1'), insert('1, toDateTime(1000000), 2')],
    passive: [insert('1, toDateTime(1000000), 0'), insert('1, toDateTime(1000000), 3')],
    verdicts: ['not comparable'],
  },
  {
    name: 'a MATERIALIZED column',
    both: [keyed('v UInt8 MATERIALIZED k % 3, w UInt8 ALIAS v + 1')],
    active: ['INSERT INTO dr.t (k, v) SETTINGS insert_allow_materialized_columns = 1 VALUES (1, 1)'],
    passive: ['INSERT INTO dr.t (k, v) SETTINGS insert_allow_materialized_columns = 1 VALUES (1, 2)'],
    verdicts: ['different'],
  },
  {
    name: 'one of the partitions by a tuple',
    both: [
      keyed(`v UInt8, day Date, name String`, 'ENGINE = MergeTree PARTITION BY (day, name) ORDER BY k'),
      insert(`number, 1, '2026-01-01', ['a', 'b', 'c'][number % 3 + 1] FROM numbers(30)`),
    ],
    active: [insert(`99, 1, '2026-01-01', 'b'`)],
    passive: [insert(`99, 2, '2026-01-01', 'b'`)],
    verdicts: ['equal', 'different', 'equal'],
  },
  {
    name: 'a table without a sorting key',
    both: ['CREATE TABLE dr.t (a String, b String) ENGINE = MergeTree ORDER BY tuple()'],
    active: [`INSERT INTO dr.t SELECT toString(number), 'x' FROM numbers(1000)`],
    passive: [`INSERT INTO dr.t SELECT toString(number), if(number = 7, 'y', 'x') FROM numbers(1000)`],
    verdicts: ['different'],
  },
  {
    name: 'a table with a sampling key',
    both: [keyed('v UInt8', 'ENGINE = MergeTree ORDER BY intHash32(k) SAMPLE BY intHash32(k)')],
    active: [insert('number, 1 FROM numbers(1000)')],
    passive: [insert('number, number = 7 ? 2 : 1 FROM numbers(1000)')],
    verdicts: ['different'],
  },
  {
    name: 'a row of the passive site beside one of the active site',
    both: [keyed('v UInt8'), insert('number, 1 FROM numbers(10)')],
    active: [insert('100, 1')],
    passive: [insert('200, 1')],
    verdicts: ['only on passive'],
  },
  {
    name: 'a mutation that is still to run',
    both: [keyed('v UInt8'), insert('number, 1 FROM numbers(10)'), 'SYSTEM STOP MERGES dr.t'],
    active: ['ALTER TABLE dr.t UPDATE v = 2 WHERE k = 1 SETTINGS mutations_sync = 0'],
    verdicts: ['pending mutations'],
  },
  {
    name: 'another structure',
    active: [keyed('v UInt8'), insert('1, 1')],
    passive: [keyed('v UInt16'), insert('1, 1')],
    verdicts: ['structure differs'],
  },
  {
    name: 'a state whose form depends on merges, and whose result is the same',
    both: [keyed('u AggregateFunction(uniq, UInt64)', 'ENGINE = AggregatingMergeTree ORDER BY k')],
    active: [insert('1, uniqState(1::UInt64)')],
    passive: [insert('1, uniqState(2::UInt64)')],
    verdicts: ['not comparable'],
  },
];
