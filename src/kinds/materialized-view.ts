/** Materialized views: into a table, with storage of their own, or refreshed on a schedule. */
import type { ObjectId, Tree } from '../model/object.ts';
import type { Draft } from '../model/step.ts';
import { Cursor } from '../sql/cursor.ts';
import { literal, qualified } from '../sql/quote.ts';
import { clause, greedyClause, hazard, RANK, statement } from './drafts.ts';
import { withoutImpliedColumns, withoutImpliedSecurity, withoutImpliedStorage } from './implied.ts';
import { type Action, type Around, type Normaliser, type RootKind, unlessDeclared } from './kind.ts';
import {
  declareRefresh,
  describeRefresh,
  type Refresh,
  type RefreshDeclaration,
  readRefresh,
  refreshText,
} from './refresh.ts';
import { declareRename, renameView } from './rename.ts';
import { changeReplication, replicateOn, sameReplication } from './replication.ts';
import { said } from './said.ts';
import {
  declareStorage,
  describeStorage,
  NO_STORAGE,
  type OwnStorage,
  readStorage,
  type Storage,
  type StorageDeclaration,
  writeStorage,
} from './storage.ts';
import { isMergeTree, sameEngine, sameKey, sameSettings } from './table-engine.ts';
import { declareTarget, describeTarget, type Target } from './view-target.ts';
import {
  columnTypes,
  declareColumns,
  describeQuery,
  normaliseColumns,
  normaliseQuery,
  readQuery,
  readSecurity,
  type Security,
  sameDefiner,
  securityText,
  type ViewDeclaration,
} from './view-text.ts';

export type MaterializedView = OwnStorage &
  Security &
  Refresh &
  Readonly<{
    /** The target table's quoted name; undefined where the view has storage of its own. */
    target: string | undefined;
    columns: string | undefined;
    query: string;
    comment: string;
    /** `POPULATE` fills the view while it is created, `EMPTY` leaves it to its schedule; the server remembers neither. */
    populate: string | undefined;
  }>;

type Declaration = ViewDeclaration &
  StorageDeclaration & {
    to?: Target;
    populate?: boolean;
    refresh?: RefreshDeclaration;
  };

const attributesOf = (tree: Tree): MaterializedView => tree.root.attributes as MaterializedView;

function createText(start: string, tree: Tree): string {
  const view = attributesOf(tree);
  return [
    `${start} ${qualified(tree.root.id.path)}`,
    refreshText(view),
    view.target && `TO ${view.target}`,
    view.columns && `(${view.columns})`,
    view.engine && writeStorage({ ...(view as Storage), settings: view.settings ?? {} }),
    view.populate,
    securityText(view),
    view.comment && `COMMENT ${literal(view.comment)}`,
    `AS ${view.query}`,
  ]
    .filter(Boolean)
    .join(' ');
}

function readView(text: string, id: ObjectId): Tree {
  const cursor = new Cursor(text);
  cursor.expect('CREATE MATERIALIZED VIEW');
  cursor.path();
  const refresh = readRefresh(cursor);
  const target = cursor.takes('TO') ? qualified(cursor.path()) : undefined;
  const columns = cursor.sees('(') ? cursor.parenthesized() : undefined;
  const storage = cursor.sees('ENGINE =') ? readStorage(cursor) : NO_STORAGE;
  const security = readSecurity(cursor);
  const comment = cursor.takes('COMMENT') ? cursor.string() : '';
  const query = readQuery(cursor);
  const attributes = {
    ...storage,
    ...refresh,
    ...security,
    target,
    columns,
    query,
    comment,
    populate: undefined,
  };
  return { root: { id, attributes }, parts: [] };
}

async function normaliseView(tree: Tree, server: Normaliser): Promise<Tree> {
  const declared = attributesOf(tree);
  const formatted = { ...tree.root, attributes: { ...declared, populate: undefined, query: 'SELECT 1' } };
  const [text, query, columns] = await Promise.all([
    server.format(createText('CREATE MATERIALIZED VIEW', { root: formatted, parts: [] })),
    normaliseQuery(declared.query, tree.root.id.path[0] ?? '', server),
    normaliseColumns(declared.columns, server),
  ]);
  const stored = attributesOf(readView(text, tree.root.id));
  const engine = stored.engine ?? '';
  const settings =
    engine && isMergeTree(engine)
      ? { index_granularity: server.indexGranularity, ...stored.settings }
      : stored.settings;
  const { populate, chosenBy } = declared;
  const attributes = { ...stored, query, columns, settings, populate, chosenBy };
  return { root: { ...tree.root, attributes }, parts: [] };
}

/** Into a table the view holds no rows, so it can be created anew; with storage of its own it can't. */
const remake = (_from: unknown, _to: unknown, { from, to }: Around): Action =>
  attributesOf(from).target !== undefined && attributesOf(to).target !== undefined
    ? 'replace'
    : {
        refuse:
          "ClickHouse can't change the storage of a materialized view: declare a table for its rows and, under another name, a view that writes `to` it, copy the rows, and drop this view",
      };

const namesIn = (columns: string): string => JSON.stringify([...columnTypes(columns).keys()]);

/**
 * Into a table the rows get the types of that table whatever the list says, and every MODIFY QUERY writes the list anew with
 * the types of the query: only the names count there.
 */
function sameColumns(live: string | undefined, desired: string | undefined, { from, to }: Around): boolean {
  if (live === undefined || desired === undefined) return desired === undefined;
  const intoTable = attributesOf(from).target !== undefined && attributesOf(to).target !== undefined;
  return live === desired || (intoTable && namesIn(live) === namesIn(desired));
}

/** A new query brings its columns along where the rows go to another table. */
const changeColumns = (from: unknown, to: unknown, around: Around): Action =>
  attributesOf(around.from).query !== attributesOf(around.to).query &&
  attributesOf(around.to).target !== undefined
    ? 'alter'
    : remake(from, to, around);

const changeRefresh = (from: string | undefined, to: string | undefined, around: Around): Action =>
  from !== undefined && to !== undefined ? 'alter' : remake(from, to, around);

function alterView(to: MaterializedView, changed: ReadonlySet<string>): Draft[] {
  const drafts: Draft[] = [];
  const security = securityText(to);
  if (changed.has('comment')) drafts.push(clause(`MODIFY COMMENT ${literal(to.comment)}`, RANK.comment));
  if (security && (changed.has('definer') || changed.has('sqlSecurity'))) {
    drafts.push(greedyClause(`MODIFY ${security}`, RANK.settings));
  }
  if (changed.has('schedule')) {
    drafts.push(greedyClause(`MODIFY ${refreshText(to)}`, RANK.settings));
  }
  if (changed.has('query')) drafts.push(greedyClause(`MODIFY QUERY ${to.query}`, RANK.query));
  return drafts;
}

const NEW_ROWS_ONLY = hazard(
  'misses inserts',
  'rows inserted while the view is created anew do not pass through it',
);

const EMPTIES_TARGET = hazard(
  'loses data',
  'each refresh replaces all rows of the table that the view writes to',
);

const replacesRows = (view: MaterializedView): boolean =>
  view.target !== undefined && view.schedule !== undefined && view.append === undefined;

export const materializedView: RootKind<MaterializedView> = {
  name: 'materialized view',
  document: 'MaterializedView',
  attributes: {
    target: { change: remake },
    columns: {
      change: changeColumns,
      same: sameColumns,
    },
    query: 'alter',
    comment: 'alter',
    populate: 'ignore',
    schedule: { change: changeRefresh },
    append: { change: remake },
    definer: { change: 'alter', same: sameDefiner },
    sqlSecurity: {
      change: 'alter',
      same: (live, desired) => unlessDeclared(live, desired) || live === desired,
    },
    engine: {
      change: remake,
      same: (live, desired) => live === desired || sameEngine(live ?? 'Null', desired ?? 'Null'),
    },
    replication: { change: changeReplication, same: sameReplication },
    chosenBy: 'ignore',
    partitionBy: { change: remake, same: sameKey },
    primaryKey: {
      change: remake,
      same: (live, desired) => unlessDeclared(live, desired) || sameKey(live, desired),
    },
    orderBy: { change: remake, same: sameKey },
    sampleBy: { change: remake, same: sameKey },
    ttl: { change: remake },
    settings: { change: remake, same: sameSettings },
  },
  declare(declared) {
    const value = declared.value as Declaration;
    const place = declared.place();
    const target = declareTarget(value.to, value.database);
    const attributes: MaterializedView = {
      ...(target === undefined ? declareStorage(value) : NO_STORAGE),
      ...declareRefresh(value.refresh, value.database),
      target,
      columns: declareColumns(declared),
      query: value.query.trim(),
      comment: value.comment ?? '',
      populate: value.populate ? 'POPULATE' : value.refresh?.empty ? 'EMPTY' : undefined,
      definer: value.definer,
      sqlSecurity: value.sql_security?.toUpperCase(),
    };
    const id = { kind: 'materialized view', path: [value.database, value.name] };
    return { root: { id, attributes, ...(place && { place }), ...declareRename(value) }, parts: [] };
  },
  adapt: ({ root, parts }, surroundings) => ({
    root: {
      ...root,
      attributes: replicateOn(root.attributes as MaterializedView, root.id.path, surroundings),
    },
    parts,
  }),
  async read(server) {
    const rows = await server.tables();
    return rows
      .filter((row) => row.engine === 'MaterializedView')
      .map((row) => ({
        id: { kind: 'materialized view', path: [row.database, row.name] },
        statement: row.statement,
      }));
  },
  parse: (live) => readView(live.statement, live.id),
  normalise: normaliseView,
  create(to) {
    const hazards = replacesRows(attributesOf(to)) ? [EMPTIES_TARGET] : [];
    return statement(createText('CREATE MATERIALIZED VIEW', to), 'metadata', hazards);
  },
  alter: (to, _from, changed) => alterView(attributesOf(to), changed),
  async withoutImplied({ root, parts }, server) {
    const view = root.attributes as MaterializedView;
    const storage = view.engine !== undefined && withoutImpliedStorage(view as Storage, root.id.path, server);
    const implied = await withoutImpliedColumns(view, root.id.path[0] ?? '', server);
    const security = view.schedule !== undefined && withoutImpliedSecurity(view, server);
    return { root: { ...root, attributes: { ...view, ...storage, ...implied, ...security } }, parts };
  },
  describe({ root }) {
    const [database = '', name] = root.id.path;
    const view = root.attributes as MaterializedView;
    return said({
      database,
      name,
      comment: view.comment || undefined,
      columns: view.columns === undefined ? undefined : columnTypes(view.columns),
      ...describeQuery(view),
      to: describeTarget(view.target, database),
      populate: view.populate === 'POPULATE' ? true : undefined,
      refresh: describeRefresh(view, database, view.populate === 'EMPTY'),
      ...(view.engine !== undefined &&
        describeStorage({ ...(view as Storage), settings: view.settings ?? {} })),
    });
  },
  rename: (to, from) => renameView(to, from, attributesOf(from).target === undefined),
  drop(from) {
    const own = attributesOf(from).target === undefined;
    const hazards = own ? [hazard('loses data', 'all rows that the view holds')] : [];
    return statement(`DROP VIEW ${qualified(from.root.id.path)}`, 'destructive', hazards);
  },
  replace(to, from) {
    const [view, live] = [attributesOf(to), attributesOf(from)];
    const hazards = [
      ...(live.schedule === undefined ? [NEW_ROWS_ONLY] : []),
      ...(replacesRows(view) && !(replacesRows(live) && live.target === view.target) ? [EMPTIES_TARGET] : []),
    ];
    return statement(createText('CREATE OR REPLACE MATERIALIZED VIEW', to), 'rebuild', hazards);
  },
};
