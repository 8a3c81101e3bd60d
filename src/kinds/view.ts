/** Plain and parameterised views: replaced in one statement, so that readers see the old one or the new one. */
import type { ObjectId, Tree } from '../model/object.ts';
import { Cursor } from '../sql/cursor.ts';
import { literal, qualified } from '../sql/quote.ts';
import { clause, RANK, statement } from './drafts.ts';
import { withoutImpliedColumns } from './implied.ts';
import { type RootKind, unlessDeclared } from './kind.ts';
import { declareRename, renameStatement } from './rename.ts';
import { said } from './said.ts';
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

export type View = Security &
  Readonly<{
    /** The column list's text; undefined where it follows from the query. */
    columns: string | undefined;
    query: string;
    comment: string;
  }>;

const attributesOf = (tree: Tree): View => tree.root.attributes as View;

function createText(start: string, tree: Tree): string {
  const view = attributesOf(tree);
  return [
    `${start} ${qualified(tree.root.id.path)}`,
    view.columns && `(${view.columns})`,
    securityText(view),
    view.comment && `COMMENT ${literal(view.comment)}`,
    `AS ${view.query}`,
  ]
    .filter(Boolean)
    .join(' ');
}

function readView(text: string, id: ObjectId): Tree {
  const cursor = new Cursor(text);
  cursor.expect('CREATE VIEW');
  cursor.path();
  const columns = cursor.sees('(') ? cursor.parenthesized() : undefined;
  const security = readSecurity(cursor);
  const comment = cursor.takes('COMMENT') ? cursor.string() : '';
  return { root: { id, attributes: { columns, query: readQuery(cursor), comment, ...security } }, parts: [] };
}

export const view: RootKind<View> = {
  name: 'view',
  document: 'View',
  attributes: {
    columns: { change: 'alter', same: (live, desired) => unlessDeclared(live, desired) || live === desired },
    query: 'alter',
    comment: 'alter',
    definer: { change: 'alter', same: sameDefiner },
    sqlSecurity: {
      change: 'alter',
      same: (live, desired) => unlessDeclared(live, desired) || live === desired,
    },
  },
  declare(declared) {
    const value = declared.value as ViewDeclaration;
    const place = declared.place();
    const attributes: View = {
      columns: declareColumns(declared),
      query: value.query.trim(),
      comment: value.comment ?? '',
      definer: value.definer,
      sqlSecurity: value.sql_security?.toUpperCase(),
    };
    const id = { kind: 'view', path: [value.database, value.name] };
    return { root: { id, attributes, ...(place && { place }), ...declareRename(value) }, parts: [] };
  },
  async read(server) {
    const rows = await server.tables();
    return rows
      .filter((row) => row.engine === 'View')
      .map((row) => ({ id: { kind: 'view', path: [row.database, row.name] }, statement: row.statement }));
  },
  parse: (live) => readView(live.statement, live.id),
  async normalise(tree, server) {
    const declared = attributesOf(tree);
    const [query, columns] = await Promise.all([
      normaliseQuery(declared.query, tree.root.id.path[0] ?? '', server),
      normaliseColumns(declared.columns, server),
    ]);
    return { root: { ...tree.root, attributes: { ...declared, query, columns } }, parts: [] };
  },
  create: (to) => statement(createText('CREATE VIEW', to)),
  alter(to, _from, changed) {
    if (changed.size === 1 && changed.has('comment')) {
      return [clause(`MODIFY COMMENT ${literal(attributesOf(to).comment)}`, RANK.comment)];
    }
    return [statement(createText('CREATE OR REPLACE VIEW', to))];
  },
  async withoutImplied({ root, parts }, server) {
    const implied = await withoutImpliedColumns(root.attributes as View, root.id.path[0] ?? '', server);
    return { root: { ...root, attributes: { ...root.attributes, ...implied } }, parts };
  },
  describe({ root }) {
    const [database, name] = root.id.path;
    const view = root.attributes as View;
    const head = said({
      database,
      name,
      comment: view.comment || undefined,
      columns: view.columns && columnTypes(view.columns),
    });
    return { ...head, ...describeQuery(view) };
  },
  rename: (to, from) => renameStatement('TABLE', to, from),
  drop: (from) => statement(`DROP VIEW ${qualified(from.root.id.path)}`, 'destructive'),
};
