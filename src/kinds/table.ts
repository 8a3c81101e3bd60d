/** Tables: declared with structured columns, read from `create_table_query`, altered in place where ClickHouse can. */
import type { ObjectId, Tree } from '../model/object.ts';
import type { Hazard } from '../model/step.ts';
import { Cursor } from '../sql/cursor.ts';
import { literal, qualified } from '../sql/quote.ts';
import { clause, hazard, RANK, statement } from './drafts.ts';
import { withoutImpliedGranularity, withoutImpliedStorage } from './implied.ts';
import { type Declared, type Normaliser, type RootKind, unlessDeclared } from './kind.ts';
import { changeReplication, isReplicated, replicateOn, sameReplication } from './replication.ts';
import {
  declareStorage,
  describeStorage,
  readStorage,
  type Storage,
  type StorageDeclaration,
  writeStorage,
} from './storage.ts';
import { declareBody, describeBody, readBody, writeBody } from './table-body.ts';
import {
  changeDefinition,
  changeOrderBy,
  changeSettings,
  settingsDrafts,
  ttlDraft,
} from './table-changes.ts';
import {
  engineOf,
  holdsRows,
  isMergeTree,
  sameEngine,
  sameKey,
  sameSettings,
  storedEngine,
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

/** Temporary tables can't be replicated, so the server is asked about the plain member of the family. */
async function normaliseTable({ root, parts }: Tree, server: Normaliser): Promise<Tree> {
  const { id } = root;
  const declared = attributesOf({ root, parts });
  const { replication, chosenBy } = declared;
  const tree = { root: { ...root, attributes: { ...declared, replication: undefined } }, parts };
  const asStored = (text: string, parts?: Tree['parts']): Tree => {
    const read = readTable(text, id);
    const storage = attributesOf(read);
    const engine = storedEngine(storage.engine);
    const implied = isMergeTree(engine) && !('index_granularity' in storage.settings);
    const settings = implied
      ? { ...storage.settings, index_granularity: server.indexGranularity }
      : storage.settings;
    return {
      root: { id, attributes: { ...storage, engine, settings, replication, chosenBy } },
      parts: parts ?? read.parts,
    };
  };
  if (!NOT_TEMPORARY.has(engineOf(declared.engine).name)) {
    return asStored(await server.table((name) => createText(`CREATE TEMPORARY TABLE ${name}`, tree)));
  }
  const standIn = {
    root: { id, attributes: { ...declareStorage({ engine: 'Null' }), comment: '' } },
    parts: tree.parts,
  };
  const [body, clauses] = await Promise.all([
    server.table((name) => createText(`CREATE TEMPORARY TABLE ${name}`, standIn)),
    server.format(createText('CREATE TABLE x', tree)),
  ]);
  return asStored(clauses, readTable(body, id).parts);
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
    engine: { change: changeDefinition('engine'), same: sameEngine },
    replication: { change: changeReplication, same: sameReplication },
    chosenBy: 'ignore',
    partitionBy: { change: changeDefinition('partition key'), same: sameKey },
    // A server that extends a sorting key writes the old one down as the primary key, which nobody declared.
    primaryKey: {
      change: changeDefinition('primary key'),
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
  adapt: ({ root, parts }, surroundings) => ({
    root: { ...root, attributes: replicateOn(root.attributes as Table, root.id.path, surroundings) },
    parts,
  }),
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
  withoutImplied: async ({ root, parts }, server) => ({
    root: { ...root, attributes: withoutImpliedStorage(root.attributes as Table, server) },
    parts: parts.map(withoutImpliedGranularity),
  }),
  describe({ root, parts }) {
    const [database, name] = root.id.path;
    const { comment, ...storage } = root.attributes as Table;
    const head = comment ? { database, name, comment } : { database, name };
    return { ...head, ...describeBody(parts), ...describeStorage(storage) };
  },
  drop(from) {
    const { engine } = attributesOf(from);
    const last = isReplicated(from) ? ', with the last of its replicas' : '';
    const hazards: Hazard[] = holdsRows(engine) ? [hazard('loses data', `all rows of the table${last}`)] : [];
    const name = qualified(from.root.id.path);
    const flush = FLUSH[engineOf(engine).name]?.(name);
    return statement([...(flush ? [flush] : []), `DROP TABLE ${name}`], 'destructive', hazards);
  },
  isReplicated,
  replace(to, from) {
    const name = qualified(to.root.id.path);
    const flush = FLUSH[engineOf(attributesOf(from).engine).name]?.(name);
    const create = createText(`CREATE OR REPLACE TABLE ${name}`, to);
    return statement(flush ? [flush, create] : [create], 'rebuild', [
      hazard('blocks writes', 'the table is created anew; it keeps no rows of its own'),
    ]);
  },
};
