/** A table's path and its rebuild go in; every statement of the rebuild comes out, for those who read it and for apply. */
import type { Cut, Rebuild } from '../model/rebuild.ts';
import { identifier, literal, qualified } from '../sql/quote.ts';

/** Rows by the numbers of the blocks with which they were inserted. */
export interface BlockRange {
  /** Of this partition only. */
  readonly partition?: string;
  readonly after: string;
  readonly upto: string;
}

/** What stands for values that are known only when the statements run. */
const ANY_RANGE: Required<BlockRange> = { partition: '{partition}', after: '{after}', upto: '{upto}' };

/** Milliseconds for which inserts wait while the tables are exchanged; doubled for every further try. */
export const HOLD_MS = 2000;

/** Every row as it is, as many parts as it takes, and no block taken for one that was there before. */
const COPY_SETTINGS = [
  ...['max_insert_threads = 2', 'max_threads = 2', 'final = 0', 'optimize_on_insert = 0'],
  ...['async_insert = 0', 'insert_deduplicate = 0', 'max_partitions_per_insert_block = 0'],
  ...['parts_to_delay_insert = 1000000', 'parts_to_throw_insert = 1000000'],
].join(', ');

export interface RebuildSql {
  /** The three tables, quoted. */
  readonly table: string;
  readonly shadow: string;
  readonly late: string;
  create(name: string): string;
  /** Keeps the rows of the old or the new table countable while they are copied. */
  hold(name: string, cut: Cut): string[];
  /** Ends what `hold` and `delay` began; `settings` are the table's own. */
  release(name: string, cut: Cut, settings: Readonly<Record<string, string>>, delayed: boolean): string[];
  /** Without a range: all rows. */
  copy(from: string, to: string, range?: BlockRange): string;
  /** Count and digest of rows of the old table, as they are after the conversion. */
  digestBefore(from: string, range?: BlockRange): string;
  /** Count and digest of copied rows. */
  digestAfter(to: string, range?: BlockRange): string;
  /** Texts for why the copied rows can't stand in the new table; none where nothing is to be asked. */
  prove(): string[];
  /** Makes inserts that begin from now on wait before they write. */
  delay(milliseconds: number): string;
  /** Lets them pass again, as the old table's own settings say; `name` is what it is called now. */
  pass(name: string): string[];
  exchange(): string;
  move(partition: string): string;
  rename(): string;
}

const DELAY_SETTINGS = [
  'parts_to_delay_insert',
  'min_delay_to_insert_ms',
  'max_avg_part_size_for_too_many_parts',
];

/** As they were: set again where the table sets them itself, reset elsewhere. */
function restored(
  name: string,
  borrowed: readonly string[],
  own: Readonly<Record<string, string>>,
): string[] {
  const set = borrowed.filter((setting) => setting in own).map((setting) => `${setting} = ${own[setting]}`);
  const reset = borrowed.filter((setting) => !(setting in own));
  return [
    ...(set.length > 0 ? [`ALTER TABLE ${name} MODIFY SETTING ${set.join(', ')}`] : []),
    ...(reset.length > 0 ? [`ALTER TABLE ${name} RESET SETTING ${reset.join(', ')}`] : []),
  ];
}

export function rebuildSql(path: readonly string[], rebuild: Rebuild): RebuildSql {
  const [database = ''] = path;
  const table = qualified(path);
  const [shadow, late, old] = [rebuild.shadow, rebuild.late, rebuild.old].map((name) =>
    qualified([database, name]),
  );
  const names = rebuild.columns.map(({ name }) => identifier(name)).join(', ');
  const expressions = rebuild.columns.map(({ expression }) => expression).join(', ');
  const where = ({ partition, after, upto }: BlockRange): string => {
    const ofPartition = partition === undefined ? '' : `_partition_id = ${literal(partition)} AND `;
    return ` WHERE ${ofPartition}_block_number > ${after} AND _block_number <= ${upto}`;
  };
  const digest = (columns: string, from: string, range?: BlockRange): string =>
    `SELECT toString(count()), toString(sum(cityHash64(tuple(${columns})))) FROM ${from}${range ? where(range) : ''} SETTINGS final = 0`;
  return {
    table,
    shadow: shadow ?? '',
    late: late ?? '',
    create: (name) => `CREATE TABLE ${name} ${rebuild.definition}`,
    hold(name, cut) {
      if (cut === 'whole') return [];
      if (cut === 'still') return [`SYSTEM STOP MERGES ${name}`];
      return [
        `ALTER TABLE ${name} MODIFY SETTING enable_block_number_column = 1`,
        `SYSTEM STOP TTL MERGES ${name}`,
      ];
    },
    release(name, cut, settings, delayed) {
      if (cut === 'whole') return [];
      const borrowed = [
        ...(cut === 'numbered' ? ['enable_block_number_column'] : []),
        ...(delayed ? DELAY_SETTINGS : []),
      ];
      return [
        ...restored(name, borrowed, settings),
        cut === 'still' ? `SYSTEM START MERGES ${name}` : `SYSTEM START TTL MERGES ${name}`,
      ];
    },
    copy: (from, to, range) =>
      `INSERT INTO ${to} (${names}) SELECT ${expressions} FROM ${from}${range ? where(range) : ''} SETTINGS ${COPY_SETTINGS}`,
    digestBefore: (from, range) => digest(expressions, from, range),
    digestAfter: (to, range) => digest(names, to, range),
    prove: () =>
      rebuild.proof === undefined
        ? []
        : [
            rebuild.proof.replace(/\{(table|live)\}/g, (_, name) =>
              name === 'live' ? table : (shadow ?? ''),
            ),
          ],
    delay: (milliseconds) =>
      `ALTER TABLE ${table} MODIFY SETTING parts_to_delay_insert = 1, min_delay_to_insert_ms = ${milliseconds}, max_avg_part_size_for_too_many_parts = 1000000000000000`,
    pass: (name) => restored(name, DELAY_SETTINGS, rebuild.settings.from),
    exchange: () => `EXCHANGE TABLES ${table} AND ${shadow}`,
    move: (partition) => `ALTER TABLE ${late} MOVE PARTITION ID ${literal(partition)} TO TABLE ${table}`,
    rename: () => `RENAME TABLE ${shadow} TO ${old}`,
  };
}

/** Undoes all that was begun before the exchange. */
export function clearing(path: readonly string[], rebuild: Rebuild): string[] {
  const { table, shadow, late, release } = rebuildSql(path, rebuild);
  return [
    ...release(table, rebuild.from, rebuild.settings.from, true),
    `DROP TABLE IF EXISTS ${shadow} SYNC`,
    `DROP TABLE IF EXISTS ${late} SYNC`,
    ...rebuild.stopped.map((view) => `SYSTEM START VIEW ${view}`),
  ];
}

/** What ends a rebuild when the last rows are copied. */
export function giving(path: readonly string[], rebuild: Rebuild): string[] {
  const { table, shadow, late, release, rename } = rebuildSql(path, rebuild);
  return [
    ...release(table, rebuild.to, rebuild.settings.to, false),
    ...release(shadow, rebuild.from, rebuild.settings.from, true),
    ...(rebuild.from === 'whole' ? [] : [`DROP TABLE IF EXISTS ${late} SYNC`]),
    ...rebuild.stopped.map((view) => `SYSTEM START VIEW ${view}`),
    rename(),
  ];
}

/** What runs behind the exchange. */
export function finishing(path: readonly string[], rebuild: Rebuild): string[] {
  const { shadow, late, create, copy, move } = rebuildSql(path, rebuild);
  const moves = [create(late), copy(shadow, late, ANY_RANGE), move(ANY_RANGE.partition)];
  return [...(rebuild.from === 'whole' ? [] : moves), ...giving(path, rebuild)];
}

/** The statements in the order in which they run, for those who review them. */
export function recipe(path: readonly string[], rebuild: Rebuild): string[] {
  const sql = rebuildSql(path, rebuild);
  const { table, shadow } = sql;
  const { from, to } = rebuild;
  const range = from === 'whole' ? undefined : ANY_RANGE;
  const written = range && { after: range.after, upto: range.upto };
  return [
    ...rebuild.stopped.map((view) => `SYSTEM STOP VIEW ${view}`),
    sql.create(shadow),
    ...sql.hold(shadow, to),
    ...sql.hold(table, from),
    sql.copy(table, shadow, range),
    sql.digestBefore(table, range),
    sql.digestAfter(shadow, written),
    ...sql.prove(),
    ...(from === 'whole' ? [] : [sql.delay(HOLD_MS)]),
    sql.exchange(),
    ...(from === 'whole' ? [] : sql.pass(shadow)),
    ...finishing(path, rebuild),
  ];
}
