/** A table's changes and the views that stay as they are go in; what those views make of the changes comes out as hazards. */
import { type ObjectId, showId, showPath } from '../model/object.ts';
import type { Root } from '../model/state.ts';
import type { Change, Hazard, RefusalDraft } from '../model/step.ts';
import { Cursor, ParseError } from '../sql/cursor.ts';
import { unquote } from '../sql/quote.ts';
import { TokenError, tokenize } from '../sql/tokens.ts';
import { hazard } from './drafts.ts';
import { mentions } from './mentions.ts';
import { columnTypes } from './view-text.ts';

interface Retyped {
  readonly name: string;
  readonly type: string;
}

const isCreated = ({ action, object }: Change): boolean => action === 'create' && object.kind === 'column';

const columnName = ({ object }: Change): string => object.path.at(-1) ?? '';

function retypedColumns(changes: readonly Change[]): Retyped[] {
  return changes.flatMap((change) => {
    const type = change.attributes.find(({ name }) => name === 'type')?.to;
    const isColumn = change.action === 'alter' && change.object.kind === 'column';
    return isColumn && type !== undefined ? [{ name: columnName(change), type }] : [];
  });
}

/** The names that columns had, and have no more. */
export function renamedColumns(changes: readonly Change[]): string[] {
  const taken = new Set(changes.filter(isCreated).map(columnName));
  return changes.flatMap(({ object, attributes }) => {
    const old = attributes.find(({ name }) => name === 'name')?.from;
    return object.kind === 'column' && old !== undefined && !taken.has(old) ? [old] : [];
  });
}

function droppedColumns(changes: readonly Change[]): string[] {
  const drops = changes.filter(({ action, object }) => action === 'drop' && object.kind === 'column');
  return drops.map(columnName);
}

/** The names that columns have from now on, and those of columns that become another type. */
export function freshColumns(changes: readonly Change[]): string[] {
  const renamed = changes.filter(
    ({ object, attributes }) => object.kind === 'column' && attributes.some(({ name }) => name === 'name'),
  );
  const retyped = retypedColumns(changes).map(({ name }) => name);
  return [...changes.filter(isCreated).map(columnName), ...renamed.map(columnName), ...retyped];
}

/** The names that are columns' no more: of dropped and of renamed ones. */
export function goneColumns(changes: readonly Change[]): string[] {
  return [...droppedColumns(changes), ...renamedColumns(changes)];
}

/** The column list with which a view was created, in front of its query; views that take parameters have none. */
function listedTypes(view: Root): ReadonlyMap<string, string> {
  const cursor = new Cursor(view.statement);
  cursor.expect('CREATE VIEW');
  cursor.path();
  return cursor.sees('(') ? columnTypes(cursor.parenthesized()) : new Map();
}

/** A view converts to the types of its list whatever its table has: wider values are cut without a word. */
function staleTypes(view: Root, retyped: readonly Retyped[]): Hazard[] {
  if (retyped.length === 0 || view.id.kind !== 'view') return [];
  const listed = listedTypes(view);
  return retyped.flatMap(({ name, type }) => {
    const kept = listed.get(name);
    if (kept === undefined || kept === type) return [];
    const path = showPath(view.id.path);
    const reason = `view ${path} goes on to read column ${name} as ${kept}, until its columns are declared anew`;
    return [hazard('changes results', reason)];
  });
}

/** The query of a view; all of its text where it is not understood. */
function queryOf(view: Root): string {
  try {
    return String(view.tree().root.attributes.query ?? view.statement);
  } catch (error) {
    if (error instanceof ParseError || error instanceof TokenError) return view.statement;
    throw error;
  }
}

/** Whether the query needs a column of that name: what only gets the name, as in `1 AS name`, does not. */
export function readsColumn(view: Root, name: string): boolean {
  const query = queryOf(view);
  if (!mentions(query, name)) return false;
  const tokens = tokenize(query);
  const isName = ({ kind, text }: (typeof tokens)[number]): boolean =>
    (kind === 'quoted' ? unquote(text) : text) === name;
  return name.includes('.') || tokens.some((token, at) => isName(token) && tokens[at - 1]?.text !== 'AS');
}

const isMaterialized = ({ id }: Root): boolean => id.kind === 'materialized view';

/** The views among `others` that speak of the table. */
export function viewsOver(table: ObjectId, others: readonly Root[]): Root[] {
  const [database = '', name] = table.path;
  if (table.kind !== 'table' || name === undefined) return [];
  return others.filter(
    ({ id, statement }) =>
      /view$/.test(id.kind) &&
      statement.includes(name) &&
      mentions(statement, name) &&
      (id.path[0] === database || mentions(statement, database)),
  );
}

function brokenReads(view: Root, gone: readonly string[]): Hazard[] {
  return gone
    .filter((name) => readsColumn(view, name))
    .map((name) => hazard('changes results', `${showId(view.id)} still speaks of column ${name}`));
}

/** An insert runs the query of every materialized view over its table, and fails with it. */
function failingInserts(view: Root, renamed: readonly string[], changes: boolean): Hazard[] {
  const used = renamed.filter((name) => isMaterialized(view) && readsColumn(view, name));
  const who = showId(view.id);
  return used.map((name) => {
    const reason = changes
      ? `inserts fail until ${who} is altered, in a later step: it reads column ${name}`
      : `inserts fail: ${who} reads column ${name}`;
    return hazard('blocks writes', reason);
  });
}

/** Hazards for the views that read the table: those among `others` stay as they are, `changing` ones are altered in later steps. */
export function readerHazards(
  table: ObjectId,
  changes: readonly Change[],
  others: readonly Root[],
  changing: readonly Root[],
): Hazard[] {
  const [retyped, dropped, renamed] = [
    retypedColumns(changes),
    droppedColumns(changes),
    renamedColumns(changes),
  ];
  if (retyped.length + dropped.length + renamed.length === 0) return [];
  return [
    ...viewsOver(table, others).flatMap((view) => [
      ...staleTypes(view, retyped),
      ...brokenReads(view, [...dropped, ...(isMaterialized(view) ? [] : renamed)]),
      ...failingInserts(view, renamed, false),
    ]),
    ...viewsOver(table, changing).flatMap((view) => failingInserts(view, renamed, true)),
  ];
}

/** ClickHouse does not drop a column that a materialized view over the table reads, nor any while it reads one that is renamed. */
export function readerRefusals(
  table: ObjectId,
  changes: readonly Change[],
  others: readonly Root[],
): RefusalDraft[] {
  const dropped = droppedColumns(changes);
  if (dropped.length === 0) return [];
  const gone = goneColumns(changes);
  return viewsOver(table, others.filter(isMaterialized)).flatMap((view) =>
    gone
      .filter((name) => triggers(view, table) && readsColumn(view, name))
      .map((name) => ({
        refuse: `${showId(view.id)} reads column \`${name}\`: change or drop that view first`,
      })),
  );
}

/** Whether inserts into the table run the view: it is the first that its query reads from. */
function triggers(view: Root, table: ObjectId): boolean {
  const tokens = tokenize(queryOf(view));
  const name = table.path.at(-1);
  const nameAt = (at: number): string | undefined => {
    const token = tokens[at];
    return token && (token.kind === 'quoted' ? unquote(token.text) : token.text);
  };
  return tokens.some(
    ({ text }, at) =>
      text === 'FROM' &&
      (nameAt(at + 1) === name || (tokens[at + 2]?.text === '.' && nameAt(at + 3) === name)),
  );
}
