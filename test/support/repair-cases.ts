/** Tables in which dropping and inserting again goes wrong; `dr.t` stands for the case's own table, `dr.t_x` for one beside it. */

export interface RepairCase {
  readonly name: string;
  readonly both?: readonly string[];
  readonly active?: readonly string[];
  readonly passive?: readonly string[];
  /** Somebody else's statement on the passive site, before the statement of so great a number that changes something. */
  readonly meanwhile?: readonly [ours: number, naive: number, statement: string];
  /** Ends what keeps the sites from being compared, on both, behind the first run; then the sites must come to be equal. */
  readonly later?: readonly string[];
  /** Must be 1 on the passive site before every statement that changes something. */
  readonly during?: string;
  /** Must be 1 on the passive site in the end; left out, the sites must show the same rows. */
  readonly holds?: string;
  /** The classes, or the words in front of the reason, of what is not repaired; nothing where all is. */
  /** Whether the naive tool gets it right as well. */
  readonly isEasy?: true;
  readonly refuses?: readonly string[];
}

const SAME = `SELECT (SELECT (count(), sum(cityHash64(tuple(*)))) FROM dr.t) = (SELECT (count(), sum(cityHash64(tuple(*)))) FROM cluster('other', 'dr', 't'))`;

export const holdsOf = ({ holds = SAME }: RepairCase): string => holds;

const byP = (columns = 'v UInt32', rest = ''): string =>
  `CREATE TABLE dr.t (k UInt32, p UInt8, ${columns}) ENGINE = MergeTree PARTITION BY p ORDER BY k ${rest}`;
const rows = (select: string): string => `INSERT INTO dr.t SELECT ${select}`;
const FILLED = rows('number, number % 2, 1 FROM numbers(2000)');

export const REPAIR_CASES: readonly RepairCase[] = [
  {
    name: 'equal counts, other content',
    both: [byP()],
    active: [FILLED],
    passive: [rows('number, number % 2, number = 77 ? 2 : 1 FROM numbers(2000)')],
  },
  {
    name: 'rows that are missing, while readers look',
    both: [byP(), FILLED],
    active: [rows('5000 + number, 1, 1 FROM numbers(10)')],
    during: 'SELECT count() IN (2000, 2010) FROM dr.t',
  },
  {
    name: 'a partition that is missing, and one that lacks half of its rows',
    both: [byP()],
    active: [FILLED, rows('number, 2, 1 FROM numbers(1000)')],
    passive: [rows('number, number % 2, 1 FROM numbers(1000)')],
    during: 'SELECT count() >= 1000 FROM dr.t',
  },
  {
    name: 'rows written to the passive site between the copy and the swap',
    both: [byP(), FILLED],
    active: [rows('5000, 1, 1')],
    meanwhile: [5, 0, rows('6000, 1, 1')],
    holds: 'SELECT countIf(k = 6000) = 1 AND count() = 2001 FROM dr.t',
    refuses: ['moved'],
  },
  {
    name: 'a mutation that is pending on the active site',
    both: [byP(), FILLED],
    active: [
      rows('5000, 1, 1'),
      'SYSTEM STOP MERGES dr.t',
      'ALTER TABLE dr.t UPDATE v = 9 WHERE k = 1 SETTINGS mutations_sync = 0',
    ],
    // Whoever waits for a mutation waits for those before it.
    later: ['SYSTEM START MERGES dr.t', 'ALTER TABLE dr.t UPDATE v = v WHERE 0 SETTINGS mutations_sync = 2'],
    refuses: ['pending mutations', 'pending mutations'],
  },
  {
    name: 'a lightweight update that is pending on the passive site',
    both: [
      byP(
        'v UInt32',
        'SETTINGS enable_block_number_column = 1, enable_block_offset_column = 1, cleanup_delay_period = 1, max_cleanup_delay_period = 1',
      ),
      FILLED,
      'SYSTEM STOP MERGES dr.t',
    ],
    active: ["ALTER TABLE dr.t MODIFY COMMENT 'as it was'"],
    passive: ['UPDATE dr.t SET v = 3 WHERE k = 77'],
    later: ['SYSTEM START MERGES dr.t', 'ALTER TABLE dr.t APPLY PATCHES SETTINGS mutations_sync = 2'],
    refuses: ['pending mutations'],
  },
  {
    name: 'a partition whose rows are all deleted on the active site',
    both: [byP(), FILLED],
    active: [
      'DELETE FROM dr.t WHERE p = 1',
      'ALTER TABLE dr.t APPLY DELETED MASK SETTINGS mutations_sync = 2',
    ],
    holds: 'SELECT count() = 2000 FROM dr.t',
    refuses: ['only on passive'],
  },
  {
    name: 'a block that was inserted before',
    both: [byP('v UInt32', 'SETTINGS non_replicated_deduplication_window = 100')],
    active: [
      rows('number, 1, 1 FROM numbers(10)'),
      rows('number + 10, 1, 1 FROM numbers(10) SETTINGS insert_deduplicate = 0'),
    ],
    passive: [
      rows(`* FROM cluster('other', 'dr', 't')`),
      'TRUNCATE TABLE dr.t',
      rows('number, 1, 1 FROM numbers(10)'),
    ],
    isEasy: true,
  },
  {
    name: 'a materialized view on the passive site',
    both: [byP(), FILLED],
    active: [rows('5000, 1, 1')],
    passive: [
      'CREATE TABLE dr.t_seen (k UInt32) ENGINE = MergeTree ORDER BY k',
      'INSERT INTO dr.t_seen SELECT k FROM dr.t',
      'CREATE MATERIALIZED VIEW dr.t_view TO dr.t_seen AS SELECT k FROM dr.t',
    ],
    holds: 'SELECT count() = uniqExact(k) AND (SELECT count() FROM dr.t) = 2001 FROM dr.t_seen',
  },
  {
    name: 'partitions by a tuple and a string',
    both: [
      `CREATE TABLE dr.t (k UInt32, day Date, name String) ENGINE = MergeTree PARTITION BY (day, name) ORDER BY k`,
      rows(`number, '2026-01-01', ['a', 'it\\'s', ''][number % 3 + 1] FROM numbers(300)`),
    ],
    active: [rows(`999, '2026-01-01', 'it\\'s'`)],
  },
  {
    name: 'a table without a partition key',
    both: ['CREATE TABLE dr.t (k UInt32, v UInt32) ENGINE = MergeTree ORDER BY k'],
    active: [rows('number, 1 FROM numbers(100000)'), rows('1000000, 1')],
    passive: [rows('number, number = 500 ? 2 : 1 FROM numbers(100000)')],
    during: 'SELECT count() >= 100000 FROM dr.t',
  },
  {
    name: 'rows that a TTL has removed on one site',
    both: [
      'CREATE TABLE dr.t (k UInt32, at DateTime) ENGINE = MergeTree PARTITION BY k % 2 ORDER BY k TTL at + INTERVAL 1 DAY',
      rows('number, toDateTime(4000000000) FROM numbers(100)'),
    ],
    active: ['SYSTEM STOP TTL MERGES dr.t', rows('number, toDateTime(1000000) FROM numbers(100, 100)')],
    later: ['OPTIMIZE TABLE dr.t FINAL'],
    holds: 'SELECT countIf(k >= 100) = 0 AND count() = 100 FROM dr.t',
  },
  {
    name: 'a partition over max_partition_size_to_drop',
    both: [
      `CREATE TABLE dr.t (k UInt32, v String) ENGINE = MergeTree ORDER BY k`,
      rows('number, randomPrintableASCII(1000, number) FROM numbers(2000)'),
    ],
    active: [rows(`9999, 'x'`)],
    holds: 'SELECT count() = 2000 FROM dr.t',
    refuses: ['too large to replace'],
  },
  {
    name: 'more partitions than one INSERT may have',
    both: ['CREATE TABLE dr.t (k UInt32) ENGINE = MergeTree PARTITION BY k % 7 ORDER BY k'],
    active: [rows('number FROM numbers(700) SETTINGS max_partitions_per_insert_block = 0')],
  },
  {
    name: 'another structure',
    active: [byP('v UInt32, w UInt32'), rows('number, number % 2, 1, 1 FROM numbers(2010)')],
    passive: [byP(), FILLED],
    holds: 'SELECT count() = 2000 FROM dr.t',
    refuses: ['structure differs'],
  },
  {
    name: 'rows that the active site lacks',
    both: [byP(), FILLED],
    active: [rows('5000, 1, 1')],
    passive: [rows('6000, 1, 1 FROM numbers(2)')],
    holds: 'SELECT countIf(k = 6000) = 2 FROM dr.t',
    refuses: ['only on passive'],
  },
  {
    name: 'a partition that the active site lacks',
    both: [byP(), FILLED],
    passive: [rows('6000, 7, 1')],
    holds: 'SELECT countIf(k = 6000) = 1 FROM dr.t',
    refuses: ['only on passive'],
  },
  {
    name: 'zero-copy replication',
    both: [byP('v UInt32', 'SETTINGS allow_remote_fs_zero_copy_replication = 1'), FILLED],
    active: [rows('5000, 1, 1')],
    holds: 'SELECT count() = 2000 FROM dr.t',
    refuses: ['zero-copy replication'],
  },
  {
    name: 'stored values of a MATERIALIZED column that its expression does not give any more',
    both: [
      `CREATE TABLE dr.t (k UInt32, p UInt8, m UInt32 MATERIALIZED k + 1, a UInt32 ALIAS k) ENGINE = MergeTree PARTITION BY p ORDER BY k`,
      `INSERT INTO dr.t (k, p, m) SELECT number, 1, 5 FROM numbers(100) SETTINGS insert_allow_materialized_columns = 1`,
    ],
    active: ['INSERT INTO dr.t (k, p, m) SETTINGS insert_allow_materialized_columns = 1 VALUES (500, 1, 7)'],
    holds: 'SELECT sum(m) = 507 FROM dr.t',
  },
  {
    name: 'versions that are not merged, and a row that deletes another',
    both: [
      'CREATE TABLE dr.t (k UInt32, p UInt8, v UInt8, gone UInt8) ENGINE = ReplacingMergeTree(v, gone) PARTITION BY p ORDER BY k',
      'SYSTEM STOP MERGES dr.t',
      rows('number, 1, 1, 0 FROM numbers(100)'),
    ],
    active: [rows('number, 1, 3, 0 FROM numbers(50)'), rows('200, 1, 1, 0'), rows('200, 1, 4, 1')],
    // The row that deletes came along: an older version that comes late changes nothing.
    later: ['SYSTEM STOP MERGES dr.t', rows('200, 1, 2, 0')],
    holds: 'SELECT count() = 100 AND countIf(v = 3) = 50 FROM dr.t FINAL',
    isEasy: true,
  },
];
