/** Tables: declared with structured columns, read from `create_table_query`, altered in place where ClickHouse can. */
import type { ObjectId, Tree } from '../model/object.ts';
import type { Draft, Hazard } from '../model/step.ts';
import { Cursor } from '../sql/cursor.ts';
import { literal, qualified } from '../sql/quote.ts';
import { clause, greedyClause, hazard, RANK, statement } from './drafts.ts';
import { type Action, type Around, type Declared, type Normaliser, type RootKind, unlessDeclared } from './kind.ts';
import {
  declareStorage,
  readStorage,
  type Storage,
  type StorageDeclaration,
  settingsText,
  writeStorage,
} from './storage.ts';
import { declareBody, readBody, writeBody } from './table-body.ts';
import { engineOf, holdsRows, isMergeTree, keyParts, sameEngine, sameKey } from './table-engine.ts';

export type Table = Storage & Readonly<{ comment: string }>;

type TableDeclaration = StorageDeclaration &
  Parameters<typeof declareBody>[0] & { database: string; name: string; comment?: string };

const attributesOf = (tree: Tree): Table => tree.root.attributes as Table;

/** Engines that a temporary table can't have; their columns are normalised in a stand-in, their clause by formatting. */
const NOT_TEMPORARY = new Set(['Distributed']);

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
  const stored = readTable(await server.table((name) => createText(`CREATE TEMPORARY TABLE ${name}`, tree)), id);
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

/** A sorting key can grow at its end, by columns that are added in the same ALTER. */
function changeOrderBy(from: string | undefined, to: string | undefined, { from: live, to: desired }: Around): Action {
  const before = keyParts(from);
  const after = keyParts(to);
  const had = new Set(live.parts.map((part) => part.id.path.at(-1)));
  const isNew = (name: string): boolean =>
    !had.has(name) && desired.parts.some((part) => part.id.kind === 'column' && part.id.path.at(-1) === name);
  const shortens = after.length <= before.length && after.every((part, at) => part === before[at]);
  const extends_ =
    before.every((part, at) => part === after[at]) &&
    after.slice(before.length).every((part) => isNew(part.replace(/^`|`$/g, '')));
  const primaryKey = keyParts(attributesOf(live).primaryKey ?? from);
  if (!isMergeTree(attributesOf(desired).engine)) return remake('sorting key');
  if (extends_ || (shortens && after.length >= primaryKey.length)) return 'alter';
  return remake('sorting key');
}

function changeSettings(
  from: Readonly<Record<string, string>>,
  to: Readonly<Record<string, string>>,
  { to: desired }: Around,
): Action {
  const fixed = ['index_granularity', 'storage_policy_id'].find((name) => from[name] !== to[name]);
  if (fixed) return { refuse: `ClickHouse can't change the setting ${fixed} of an existing table` };
  const { engine } = attributesOf(desired);
  if (isMergeTree(engine)) return 'alter';
  if (!holdsRows(engine)) return 'replace';
  const resets = Object.keys(from).some((name) => !(name in to));
  if (engineOf(engine).name === 'Memory' && !resets) return 'alter';
  return { refuse: `the engine ${engineOf(engine).name} can't ${resets ? 'reset' : 'change'} settings of an existing table` };
}

function settingsDrafts(to: Table, from: Table): Draft[] {
  const set = Object.entries(to.settings).filter(([name, value]) => from.settings[name] !== value);
  const reset = Object.keys(from.settings).filter((name) => !(name in to.settings));
  return [
    ...(set.length > 0
      ? [greedyClause(`MODIFY SETTING ${settingsText(Object.fromEntries(set))}`, RANK.settings)]
      : []),
    ...(reset.length > 0 ? [greedyClause(`RESET SETTING ${reset.join(', ')}`, RANK.settings)] : []),
  ];
}

function ttlDraft(ttl: string | undefined): Draft {
  if (ttl === undefined) return clause('REMOVE TTL', RANK.dropDependent);
  return greedyClause(`MODIFY TTL ${ttl}`, RANK.ttl, 'mutation', [
    hazard('loses data', 'rows that the new TTL finds expired are deleted by the next merges'),
    hazard('rewrites data', 'the TTL is computed anew for every part'),
  ]);
}

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
    settings: { change: changeSettings },
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
      ...(changed.has('settings') ? settingsDrafts(next, attributesOf(from)) : []),
      ...(changed.has('ttl') ? [ttlDraft(next.ttl)] : []),
    ];
  },
  drop(from) {
    const { engine } = attributesOf(from);
    const hazards: Hazard[] = holdsRows(engine) ? [hazard('loses data', 'all rows of the table')] : [];
    return statement(`DROP TABLE ${qualified(from.root.id.path)}`, 'destructive', hazards);
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
