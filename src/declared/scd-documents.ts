/** A table with history as data and its declaration go in; the documents of the tables and views that it is made of come out. */
import { LANDING, OPEN_END, QUARANTINE, type ScdTable } from '../model/scd.ts';
import { identifier, qualified } from '../sql/quote.ts';
import type { Derived } from './derive.ts';
import type { Path } from './marks.ts';
import { scdProof } from './scd-proof.ts';

/** What the author says of the table with the history itself. */
export interface ScdStorage {
  readonly on?: unknown;
  readonly comment?: string;
  readonly columns: Readonly<Record<string, unknown>>;
  readonly indexes?: unknown;
  readonly constraints?: Readonly<Record<string, unknown>>;
  readonly settings?: unknown;
  readonly lint?: unknown;
}

const TIME = { type: 'DateTime64(3)', codec: 'Delta, ZSTD' };

/** With a time zone, so that all servers cut partitions alike. */
const LOADED = { type: "DateTime64(3, 'UTC')", default: 'now64(3)', codec: 'Delta, ZSTD' };

const list = (names: readonly string[]): string => names.map(identifier).join(', ');

/** What stands beside the table was called after it, unless it has a name of its own. */
function formerly({ database, name, renamedFrom }: ScdTable, own: string): { renamed_from?: object } {
  if (!renamedFrom) return {};
  const [before, old] = renamedFrom;
  const was = own === name || own.startsWith(`${name}_`) ? `${old}${own.slice(name.length)}` : own;
  return before === database && was === own ? {} : { renamed_from: { database: before, name: was } };
}

/** Of the constraints that every row meets. */
const [ORDERED, OPEN] = ['starts_before_it_ends', 'current_until_it_ends'];
export const CONSTRAINTS: readonly string[] = [ORDERED, OPEN];

/** Every name where the author wrote it, and else where the table is declared. */
function origin(own: readonly string[], name: Path): (path: Path) => Path {
  return (path) => {
    const [key = ''] = path;
    if (key === 'name') return name;
    if (key === 'order_by') return ['key'];
    if (key === 'partition_by') return ['tenant'];
    return own.includes(String(key)) ? path : [];
  };
}

/** Columns that only the server or a load writes. */
function validityColumns({ validity, hash }: ScdTable): [string, object][] {
  return [
    [validity.from, { ...TIME, default: 'now64(3)', comment: 'From when on this version of the row holds' }],
    [
      validity.to,
      {
        ...TIME,
        default: OPEN_END,
        comment: 'Until when this version holds; the end of the year 2999 while it is the current one',
      },
    ],
    [validity.current, { type: 'Bool', default: 'true' }],
    [
      validity.hash,
      {
        type: 'UInt64',
        materialized: hash,
        materialize: true,
        comment: 'Digest of the tracked columns, by which a load sees whether a row changed',
      },
    ],
    [
      validity.version,
      {
        type: 'UInt64',
        codec: 'Delta, ZSTD',
        comment: 'Of two rows of one version the higher number counts',
      },
    ],
    [
      validity.retracted,
      {
        type: 'UInt8',
        comment: '1 where the row was not there: deleted at its source, or taken back by a later load',
      },
    ],
  ];
}

function historyOf(scd: ScdTable, { columns, constraints, ...said }: ScdStorage): Derived {
  const { validity } = scd;
  const [from, to, current] = [validity.from, validity.to, validity.current].map(identifier);
  const own = validityColumns(scd);
  const checks = {
    [ORDERED]: { check: `${from} < ${to}` },
    [OPEN]: { check: `${current} = (${to} = ${OPEN_END})` },
  };
  const names = scd.columns.map(({ name }) => name);
  const isDeclared = (path: Path): boolean => path[0] !== 'columns' || names.includes(String(path[1]));
  const written = origin(
    ['database', 'on', 'comment', 'renamed_from', 'columns', 'indexes', 'constraints', 'settings', 'lint'],
    ['name'],
  );
  return {
    kind: 'Table',
    value: {
      database: scd.database,
      name: scd.name,
      ...formerly(scd, scd.name),
      ...said,
      columns: { ...columns, ...Object.fromEntries(own) },
      constraints: { ...constraints, ...checks },
      engine: `ReplacingMergeTree(${list([validity.version, validity.retracted])})`,
      partition_by: identifier(scd.tenant),
      order_by: [scd.tenant, ...scd.key, validity.from].map(identifier),
      proof: scdProof(scd),
    },
    keys: {
      columns: [...names, ...own.map(([name]) => name)],
      constraints: [...Object.keys(constraints ?? {}), ...Object.keys(checks)],
    },
    origin: (path) => (isDeclared(path) ? written(path) : ['validity']),
  };
}

/**
 * A key never leaves its partition, so that the partitions are merged each by itself. INVOKER: the row policies and grants
 * of the reader count, not those of whoever created the view.
 */
function viewOf(scd: ScdTable, said: ScdStorage, slot: 'current' | 'as_of'): Derived {
  const { validity, columns, names, database, name } = scd;
  const [from, to, current] = [validity.from, validity.to, validity.current].map(identifier);
  const all = columns.map((column) => column.name);
  const shown = slot === 'current' ? [...all, validity.from] : [...all, validity.from, validity.to];
  const holds = slot === 'current' ? current : `${from} <= {at:DateTime64(3)} AND ${to} > {at:DateTime64(3)}`;
  const shownAs = slot === 'current' ? names.current : names.asOf;
  const when = slot === 'current' ? 'hold now' : 'held at the moment given as the parameter at';
  return {
    kind: 'View',
    value: {
      database,
      name: shownAs,
      ...formerly(scd, shownAs),
      ...(said.on !== undefined && { on: said.on }),
      comment: `The versions of ${name} that ${when}`,
      query: `SELECT ${list(shown)} FROM ${qualified([database, name])} FINAL WHERE ${holds} SETTINGS do_not_merge_across_partitions_select_final = 1`,
      sql_security: 'invoker',
    },
    unlinted: true,
    origin: origin(['database', 'on', 'renamed_from'], ['names', slot]),
  };
}

/** Its rows are gone a week after a load that was killed; one that ends well drops its batch itself, and a third fewer bytes were written for it. */
function landingOf(scd: ScdTable, said: ScdStorage): Derived {
  const { validity, columns, database, names } = scd;
  const types = columns.map(({ name, type }): [string, object] => {
    const { renamed_from } = said.columns[name] as { readonly renamed_from?: string };
    return [name, { type, codec: 'ZSTD', ...(renamed_from !== undefined && { renamed_from }) }];
  });
  const own: [string, object][] = [
    [LANDING.batch, { type: 'String', comment: 'The load that the row came with' }],
    ...types,
    [validity.from, TIME],
    [LANDING.deleted, { type: 'Bool', comment: 'Whether the row was deleted at its source' }],
    [LANDING.problem, { type: 'LowCardinality(String)', comment: 'Why it is not taken; empty where it is' }],
    [LANDING.row, { type: 'String', codec: 'ZSTD', comment: 'A row that is not taken, as JSON' }],
    [LANDING.landed, LOADED],
  ];
  return {
    kind: 'Table',
    value: {
      database,
      name: names.landing,
      ...formerly(scd, names.landing),
      ...(said.on !== undefined && { on: said.on }),
      comment: `Rows on their way into ${scd.name}`,
      columns: Object.fromEntries(own),
      engine: 'MergeTree',
      replicated: false,
      partition_by: identifier(LANDING.batch),
      order_by: [scd.tenant, ...scd.key, validity.from].map(identifier),
      ttl: `toDateTime(${identifier(LANDING.landed)}) + INTERVAL 7 DAY`,
      settings: { ttl_only_drop_parts: '1' },
    },
    keys: { columns: own.map(([name]) => name) },
    unlinted: true,
    origin: origin(['database', 'on', 'renamed_from'], ['names', 'landing']),
  };
}

/** The tenant is the one that the load was for: the row itself may be another's. */
function quarantineOf(scd: ScdTable, said: ScdStorage): Derived {
  const { columns, database, names } = scd;
  const tenant = columns.find(({ name }) => name === scd.tenant)?.type ?? 'String';
  const own: [string, object][] = [
    [scd.tenant, { type: tenant, comment: 'Whose rows were loaded; the row itself may be of another' }],
    [QUARANTINE.batch, { type: 'String', comment: 'The load that the row came with' }],
    [QUARANTINE.feed, { type: 'LowCardinality(String)' }],
    [QUARANTINE.reason, { type: 'LowCardinality(String)', comment: 'Why it was not taken' }],
    [QUARANTINE.row, { type: 'String', codec: 'ZSTD', comment: 'The row as it came, as JSON' }],
    [QUARANTINE.time, LOADED],
  ];
  return {
    kind: 'Table',
    value: {
      database,
      name: names.quarantine,
      ...formerly(scd, names.quarantine),
      ...(said.on !== undefined && { on: said.on }),
      comment: `Rows that no load could take into ${scd.name}`,
      columns: Object.fromEntries(own),
      engine: 'MergeTree',
      replicated: false,
      partition_by: `toYYYYMM(${identifier(QUARANTINE.time)})`,
      order_by: [scd.tenant, QUARANTINE.time].map(identifier),
      ttl: `toDateTime(${identifier(QUARANTINE.time)}) + INTERVAL 90 DAY`,
      settings: { ttl_only_drop_parts: '1' },
    },
    keys: { columns: own.map(([name]) => name) },
    unlinted: true,
    origin: origin(['database', 'on', 'renamed_from'], ['names', 'quarantine']),
  };
}

/** The table with the history first. */
export function scdDocuments(scd: ScdTable, said: ScdStorage): readonly [Derived, ...Derived[]] {
  return [
    historyOf(scd, said),
    viewOf(scd, said, 'current'),
    viewOf(scd, said, 'as_of'),
    landingOf(scd, said),
    quarantineOf(scd, said),
  ];
}
