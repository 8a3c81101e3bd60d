/** Tables: declared with structured columns, read from `create_table_query`, altered in place where ClickHouse can. */
import type { ObjectId, Tree } from '../model/object.ts';
import type { Hazard } from '../model/step.ts';
import { Cursor, ParseError } from '../sql/cursor.ts';
import { literal, qualified } from '../sql/quote.ts';
import { clause, hazard, RANK, statement } from './drafts.ts';
import { canBeTemporary, findsColumns, ownsColumns, positionOf } from './engine-abilities.ts';
import { hiddenRows } from './hidden-rows.ts';
import { withoutImpliedGranularity, withoutImpliedStorage } from './implied.ts';
import { type Declared, type Normaliser, type RootKind, unlessDeclared } from './kind.ts';
import { keepMaterialize } from './materialize.ts';
import { recipe } from './rebuild-sql.ts';
import { declareRename, renameStatement } from './rename.ts';
import { changeReplication, replicateOn, replicationOf, sameReplication } from './replication.ts';
import { said } from './said.ts';
import { secretPositionsOfSetting } from './secret-positions.ts';
import {
  declareStorage,
  describeStorage,
  readStorage,
  type Storage,
  type StorageDeclaration,
  targetsBegin,
  writeStorage,
} from './storage.ts';
import { streamHazards } from './stream-hazards.ts';
import { declareBody, describeBody, readBody, writeBody } from './table-body.ts';
import {
  changeComment,
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
import { mootReasons, rebuildHazards, rebuildOf } from './table-rebuild.ts';
import { expandTies, tie, untie } from './ties.ts';

export type Table = Storage &
  Readonly<{
    /** Of a TimeSeries, the tables behind it: `SAMPLES INNER COLUMNS (…) …`. */
    targets: string | undefined;
    comment: string;
    /** A SELECT of reasons why the rows of `{table}` can't stand in it, asked when it is rebuilt; no server has it. */
    proof: string | undefined;
  }>;

type TableDeclaration = StorageDeclaration &
  Parameters<typeof declareBody>[0] & {
    database: string;
    name: string;
    targets?: string;
    comment?: string;
    /** Not for authors: what declarations of several objects ask. */
    proof?: string;
  };

const attributesOf = (tree: Tree): Table => tree.root.attributes as Table;

/** `CREATE … name (…) ENGINE = …`, for real and temporary tables alike. */
function createText(start: string, tree: Tree): string {
  const table = attributesOf(tree);
  return [
    start,
    tree.parts.length > 0 && `(${writeBody(tree.parts)})`,
    writeStorage(table),
    table.targets,
    table.comment && `COMMENT ${literal(table.comment)}`,
  ]
    .filter(Boolean)
    .join(' ');
}

function readTable(text: string, id: ObjectId): Tree {
  const cursor = new Cursor(text);
  if (!cursor.takes('CREATE TEMPORARY TABLE')) cursor.expect('CREATE TABLE');
  cursor.path();
  if (cursor.takes('UUID')) cursor.string();
  const parts = cursor.sees('(') ? readBody(cursor.parenthesized(), id) : [];
  const storage = readStorage(cursor);
  const targets = targetsBegin(cursor)
    ? cursor.expression(() => cursor.sees('COMMENT') && cursor.peek(1)?.kind === 'string', true)
    : undefined;
  const comment = cursor.takes('COMMENT') ? cursor.string() : '';
  if (!cursor.ended) cursor.fail('the end');
  return { root: { id, attributes: { ...storage, targets, comment, proof: undefined } }, parts };
}

/** Settings that no server is asked about: it would make the disk, and show `[HIDDEN]` for a secret. */
function heldBack(settings: Table['settings']): Table['settings'] {
  const isSecret = ([name, value]: [string, string]): boolean =>
    value.startsWith('disk(') || secretPositionsOfSetting(name, value).length > 0;
  return Object.fromEntries(Object.entries(settings).filter(isSecret));
}

/** What ties the table to others is only formatted. */
async function normaliseTable(tree: Tree, server: Normaliser): Promise<Tree> {
  const untied = untie(tree, server.tyingFunctions);
  if (untied === tree) return tryOut(tree, server);
  const [normal, formatted] = await Promise.all([
    tryOut(untied, server),
    server.format(createText('CREATE TABLE x', tree)),
  ]);
  const expanded = await expandTies(readTable(formatted, tree.root.id), server);
  return tie(normal, expanded, server.tyingFunctions);
}

/**
 * Temporary tables can't be replicated, so the server is asked about the plain member of the family. Where the engine can't be
 * temporary, the columns are normalised in a stand-in and the clause by formatting. A table without columns would ask whom it
 * gets them from.
 */
async function tryOut({ root, parts }: Tree, server: Normaliser): Promise<Tree> {
  const { id } = root;
  const declared = attributesOf({ root, parts });
  const { replication, chosenBy, proof } = declared;
  const kept = heldBack(declared.settings);
  const asked = Object.fromEntries(
    Object.entries(declared.settings).filter(([setting]) => !(setting in kept)),
  );
  const tree = {
    root: { ...root, attributes: { ...declared, settings: asked, replication: undefined } },
    parts,
  };
  const asStored = (text: string, parts?: Tree['parts']): Tree => {
    const read = readTable(text, id);
    const storage = attributesOf(read);
    const engine = storedEngine(storage.engine);
    const implied = isMergeTree(engine) && !('index_granularity' in storage.settings);
    const settings = {
      ...storage.settings,
      ...(implied && { index_granularity: server.indexGranularity }),
      ...kept,
    };
    return {
      root: { id, attributes: { ...storage, engine, settings, replication, chosenBy, proof } },
      parts: keepMaterialize(parts ?? read.parts, tree.parts),
    };
  };
  const formatted = (): Promise<string> => server.format(createText('CREATE TABLE x', tree));
  if (tree.parts.length === 0) {
    if (findsColumns(declared.engine)) return asStored(await formatted());
    throw new ParseError(`the engine ${engineOf(declared.engine).name} needs \`columns\``);
  }
  if (canBeTemporary(declared.engine)) {
    return asStored(await server.table((name) => createText(`CREATE TEMPORARY TABLE ${name}`, tree)));
  }
  const standIn = {
    root: {
      id,
      attributes: { ...declareStorage({ engine: 'Null' }), targets: undefined, comment: '', proof },
    },
    parts: tree.parts,
  };
  const [body, clauses] = await Promise.all([
    server.table((name) => createText(`CREATE TEMPORARY TABLE ${name}`, standIn)),
    formatted(),
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
    targets: {
      change: changeDefinition('tables behind it'),
      same: (live, desired) => unlessDeclared(live, desired) || live === desired,
    },
    comment: { change: changeComment },
    proof: 'ignore',
  },
  declare(declared: Declared) {
    const value = declared.value as TableDeclaration;
    const id = { kind: 'table', path: [value.database, value.name] };
    const { targets, comment = '', proof } = value;
    const attributes = { ...declareStorage(value), targets, comment, proof };
    const place = declared.place();
    return {
      root: { id, attributes, ...(place && { place }), ...declareRename(value) },
      parts: declareBody(value, declared, id),
    };
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
      ...(changed.has('comment')
        ? [clause(`MODIFY COMMENT ${literal(next.comment)}`, RANK.comment, { local: true })]
        : []),
      ...(changed.has('settings') ? settingsDrafts(to, from) : []),
      ...(changed.has('ttl') ? [ttlDraft(next.ttl)] : []),
    ];
  },
  withoutImplied: async ({ root, parts }, server) => ({
    root: { ...root, attributes: withoutImpliedStorage(root.attributes as Table, root.id.path, server) },
    parts: parts.map(withoutImpliedGranularity),
  }),
  describe({ root, parts }) {
    const [database, name] = root.id.path;
    const { comment, targets, proof: _proof, ...storage } = root.attributes as Table;
    const body = describeBody(ownsColumns(storage.engine) ? [] : parts);
    return said({
      database,
      name,
      comment: comment || undefined,
      ...body,
      ...describeStorage(storage),
      targets,
    });
  },
  rename: (to, from) => renameStatement('TABLE', to, from),
  drop(from) {
    const { engine } = attributesOf(from);
    const last = replicationOf(from) ? ', with the last of its replicas' : '';
    const lost = positionOf(engine) ?? `all rows of the table${last}`;
    const hazards: Hazard[] = holdsRows(engine) ? [hazard('loses data', lost)] : [];
    const name = qualified(from.root.id.path);
    const flush = FLUSH[engineOf(engine).name]?.(name);
    return statement([...(flush ? [flush] : []), `DROP TABLE ${name}`], 'destructive', hazards);
  },
  replication: replicationOf,
  rebuild(to, from, names) {
    const made = rebuildOf(to, from, createText('', to).trim(), names);
    if ('refuse' in made) return made;
    const hidden = hiddenRows(to, from);
    const proofs = [attributesOf(to).proof, hidden?.proof].filter((proof) => proof !== undefined);
    const rebuilt = proofs.length === 0 ? made : { ...made, proof: proofs.join(' UNION ALL ') };
    const statements = recipe(to.root.id.path, rebuilt);
    const hazards = [...(hidden ? [hidden.hazard] : []), ...rebuildHazards(to, from, rebuilt)];
    return { statements, recipe: rebuilt, verdict: 'rebuild', hazards, moot: mootReasons(to, from) };
  },
  replace(to, from) {
    const name = qualified(to.root.id.path);
    const flush = FLUSH[engineOf(attributesOf(from).engine).name]?.(name);
    const create = createText(`CREATE OR REPLACE TABLE ${name}`, to);
    const hazards = streamHazards(to, from);
    const verdict = hazards.some(({ kind }) => kind === 'loses data') ? 'destructive' : 'rebuild';
    return statement(flush ? [flush, create] : [create], verdict, [
      hazard('blocks writes', 'the table is created anew; it keeps no rows of its own'),
      ...hazards,
    ]);
  },
};
