/** Tables: declared with structured columns, read from `create_table_query`, altered in place where ClickHouse can. */
import { keyOf, type ObjectId, type Tree } from '../model/object.ts';
import type { Draft, Hazard } from '../model/step.ts';
import { Cursor } from '../sql/cursor.ts';
import { literal, qualified } from '../sql/quote.ts';
import { columnsOf } from './column-keys.ts';
import { clause, greedyClause, hazard, RANK, statement } from './drafts.ts';
import {
  type Action,
  type Around,
  type Declared,
  type Normaliser,
  type RootKind,
  unlessDeclared,
} from './kind.ts';
import { mentions } from './mentions.ts';
import {
  declareStorage,
  readStorage,
  type Storage,
  type StorageDeclaration,
  settingsText,
  writeStorage,
} from './storage.ts';
import { declareBody, readBody, writeBody } from './table-body.ts';
import {
  engineOf,
  HIDDEN,
  holdsRows,
  isMergeTree,
  keyParts,
  sameEngine,
  sameKey,
  sameSettings,
} from './table-engine.ts';

export type Table = Storage & Readonly<{ comment: string }>;

type TableDeclaration = StorageDeclaration &
  Parameters<typeof declareBody>[0] & { database: string; name: string; comment?: string };

const attributesOf = (tree: Tree): Table => tree.root.attributes as Table;

/**
 * Engines that a temporary table can't have, or that would start to consume with it; their columns are normalised in a
 * stand-in, their clause by formatting.
 */
const NOT_TEMPORARY = new Set(
  'Distributed Kafka RabbitMQ NATS S3Queue AzureQueue FileLog MaterializedPostgreSQL'.split(' '),
);

/** `CREATE … name (…) ENGINE = …`, for real and temporary tables alike. */
function createText(start: string, tree: Tree): string {
  const { comment } = attributesOf(tree);
  const end = comment ? ` COMMENT ${literal(comment)}` : '';
  return `${start} (${writeBody(tree.parts)}) ${writeStorage(attributesOf(tree))}${end}`;
}

function readTable(text: string, id: ObjectId): Tree {
  const cursor = new Cursor(text);
  if (!cursor.takes('CREATE TEMPORARY TABLE')) cursor.expect('CREATE TABLE');
  cursor.path();
  if (cursor.takes('UUID')) cursor.string();
  const parts = readBody(cursor.parenthesized(), id);
  const storage = readStorage(cursor);
  const comment = cursor.takes('COMMENT') ? cursor.string() : '';
  if (!cursor.ended) cursor.fail('the end');
  return { root: { id, attributes: { ...storage, comment } }, parts };
}

async function normaliseTable(tree: Tree, server: Normaliser): Promise<Tree> {
  const { id } = tree.root;
  const declared = attributesOf(tree);
  if (NOT_TEMPORARY.has(engineOf(declared.engine).name)) {
    const standIn: Storage = { ...declareStorage({ engine: 'Null' }) };
    const columns = { root: { id, attributes: { ...standIn, comment: '' } }, parts: tree.parts };
    const [body, clauses] = await Promise.all([
      server.table((name) => createText(`CREATE TEMPORARY TABLE ${name}`, columns)),
      server.format(createText('CREATE TABLE x', { ...tree, parts: columns.parts })),
    ]);
    return { root: readTable(clauses, id).root, parts: readTable(body, id).parts };
  }
  const stored = readTable(
    await server.table((name) => createText(`CREATE TEMPORARY TABLE ${name}`, tree)),
    id,
  );
  const storage = attributesOf(stored);
  if (!isMergeTree(storage.engine) || 'index_granularity' in storage.settings) return stored;
  const settings = { ...storage.settings, index_granularity: server.indexGranularity };
  return { ...stored, root: { id, attributes: { ...storage, settings } } };
}

const remake = (what: string): Action => ({
  refuse: `ClickHouse can't change the ${what} of a table that holds rows: create a new table and copy the rows`,
});

/** A change of the definition that no ALTER makes: harmless where the table keeps no rows, refused elsewhere. */
const definition =
  (what: string) =>
  (_from: unknown, _to: unknown, { from, to }: Around): Action =>
    holdsRows(attributesOf(from).engine) || holdsRows(attributesOf(to).engine) ? remake(what) : 'replace';

/** A sorting key can grow at its end, by expressions over columns that are added in the same ALTER and have no default. */
function changeOrderBy(
  from: string | undefined,
  to: string | undefined,
  { from: live, to: desired }: Around,
): Action {
  if (!isMergeTree(attributesOf(desired).engine)) return remake('sorting key');
  const [before, after] = [keyParts(from), keyParts(to)];
  const shortens = after.length <= before.length && after.every((part, at) => part === before[at]);
  const primaryKey = keyParts(attributesOf(live).primaryKey ?? from);
  if (shortens && after.length >= primaryKey.length) return 'alter';
  const had = columnsOf(live);
  const isNew = (part: string): boolean => {
    const used = [...columnsOf(desired).keys()].filter((name) => mentions(part, name));
    return used.length > 0 && used.every((name) => !had.has(name));
  };
  const added = after.slice(before.length);
  if (!before.every((part, at) => part === after[at]) || !added.every(isNew)) return remake('sorting key');
  const defaulted = [...columnsOf(desired)].find(
    ([name, { value }]) => value !== undefined && added.some((part) => mentions(part, name)),
  );
  if (!defaulted) return 'alter';
  return {
    refuse: `a sorting key can grow by a new column only where that has no default, and \`${defaulted[0]}\` has one`,
  };
}

/** Settings of MergeTree tables that 26.7 answers with READONLY_SETTING. */
const FIXED_SETTINGS = [
  'index_granularity',
  'index_granularity_bytes',
  'enable_mixed_granularity_parts',
  'add_minmax_index_for_numeric_columns',
  'add_minmax_index_for_string_columns',
  'add_minmax_index_for_temporal_columns',
  'add_minmax_index_for_block_number_column',
  'add_minmax_index_for_block_offset_column',
  'allow_tuple_element_aggregation',
  'share_nested_offsets',
  'table_disk',
];

function changeSettings(
  from: Readonly<Record<string, string>>,
  to: Readonly<Record<string, string>>,
  { to: desired }: Around,
): Action {
  const fixed = FIXED_SETTINGS.find((name) => from[name] !== to[name]);
  if (fixed) return { refuse: `ClickHouse can't change the setting ${fixed} of an existing table` };
  const { engine } = attributesOf(desired);
  if (isMergeTree(engine)) return 'alter';
  if (!holdsRows(engine)) return 'replace';
  const resets = Object.keys(from).some((name) => !(name in to));
  if (engineOf(engine).name === 'Memory' && !resets) return 'alter';
  return {
    refuse: `the engine ${engineOf(engine).name} can't ${resets ? 'reset' : 'change'} settings of an existing table`,
  };
}

/** A new projection may need a new setting, as it does in a ReplacingMergeTree: then the setting comes first. */
function settingsDrafts(to: Tree, from: Tree): Draft[] {
  const [desired, live] = [attributesOf(to).settings, attributesOf(from).settings];
  const set = Object.entries(desired).filter(
    ([name, value]) => live[name] !== value && live[name] !== HIDDEN,
  );
  const reset = Object.keys(live).filter((name) => !(name in desired));
  const had = new Set(from.parts.map(({ id }) => keyOf(id)));
  const adds = to.parts.some(({ id }) => id.kind === 'projection' && !had.has(keyOf(id)));
  const rank = adds ? RANK.first : RANK.settings;
  return [
    ...(set.length > 0
      ? [greedyClause(`MODIFY SETTING ${settingsText(Object.fromEntries(set))}`, rank)]
      : []),
    ...(reset.length > 0 ? [greedyClause(`RESET SETTING ${reset.join(', ')}`, RANK.settings)] : []),
  ];
}

function ttlDraft(ttl: string | undefined): Draft {
  if (ttl === undefined) return clause('REMOVE TTL', RANK.dropDependent);
  return greedyClause(`MODIFY TTL ${ttl}`, RANK.ttl, {
    verdict: 'mutation',
    hazards: [
      hazard('loses data', 'rows that the new TTL finds expired are deleted by the next merges'),
      hazard('rewrites data', 'the TTL is computed anew for every part'),
    ],
  });
}

/** What brings rows that are on their way to where they belong. */
const FLUSH: Readonly<Record<string, (name: string) => string>> = {
  Distributed: (name) => `SYSTEM FLUSH DISTRIBUTED ${name}`,
  Buffer: (name) => `OPTIMIZE TABLE ${name}`,
};

export const table: RootKind<Table> = {
  name: 'table',
  document: 'Table',
  attributes: {
    engine: { change: definition('engine'), same: sameEngine },
    partitionBy: { change: definition('partition key'), same: sameKey },
    // A server that extends a sorting key writes the old one down as the primary key, which nobody declared.
    primaryKey: {
      change: definition('primary key'),
      same: (live, desired) => unlessDeclared(live, desired) || sameKey(live, desired),
    },
    orderBy: { change: changeOrderBy, same: sameKey },
    sampleBy: { change: 'alter', same: sameKey },
    ttl: 'alter',
    settings: { change: changeSettings, same: sameSettings },
    comment: 'alter',
  },
  declare(declared: Declared) {
    const value = declared.value as TableDeclaration;
    const id = { kind: 'table', path: [value.database, value.name] };
    const attributes = { ...declareStorage(value), comment: value.comment ?? '' };
    const place = declared.place();
    return { root: { id, attributes, ...(place && { place }) }, parts: declareBody(value, declared, id) };
  },
  async read(server) {
    const rows = await server.tables();
    return rows
      .filter((row) => row.statement.startsWith('CREATE TABLE '))
      .map((row) => ({ id: { kind: 'table', path: [row.database, row.name] }, statement: row.statement }));
  },
  parse: (live) => readTable(live.statement, live.id),
  normalise: normaliseTable,
  create: (to) => statement(createText(`CREATE TABLE ${qualified(to.root.id.path)}`, to)),
  alter(to, from, changed) {
    const next = attributesOf(to);
    return [
      ...(changed.has('orderBy') ? [clause(`MODIFY ORDER BY ${next.orderBy}`, RANK.key)] : []),
      ...(changed.has('sampleBy')
        ? [clause(next.sampleBy ? `MODIFY SAMPLE BY ${next.sampleBy}` : 'REMOVE SAMPLE BY', RANK.key)]
        : []),
      ...(changed.has('comment') ? [clause(`MODIFY COMMENT ${literal(next.comment)}`, RANK.comment)] : []),
      ...(changed.has('settings') ? settingsDrafts(to, from) : []),
      ...(changed.has('ttl') ? [ttlDraft(next.ttl)] : []),
    ];
  },
  drop(from) {
    const { engine } = attributesOf(from);
    const hazards: Hazard[] = holdsRows(engine) ? [hazard('loses data', 'all rows of the table')] : [];
    const name = qualified(from.root.id.path);
    const flush = FLUSH[engineOf(engine).name]?.(name);
    return statement([...(flush ? [flush] : []), `DROP TABLE ${name}`], 'destructive', hazards);
  },
  replace(to, from) {
    const name = qualified(to.root.id.path);
    const flush = FLUSH[engineOf(attributesOf(from).engine).name]?.(name);
    const create = createText(`CREATE OR REPLACE TABLE ${name}`, to);
    return statement(flush ? [flush, create] : [create], 'rebuild', [
      hazard('blocks writes', 'the table is created anew; it keeps no rows of its own'),
    ]);
  },
};
