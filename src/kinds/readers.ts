/** A table's changes and the views that stay as they are go in; what those views make of the changes comes out as hazards. */
import { type ObjectId, showPath } from '../model/object.ts';
import type { Root } from '../model/state.ts';
import type { Change, Hazard } from '../model/step.ts';
import { Cursor } from '../sql/cursor.ts';
import { hazard } from './drafts.ts';
import { mentions } from './mentions.ts';
import { columnTypes } from './view-text.ts';

interface Retyped {
  readonly name: string;
  readonly type: string;
}

function retypedColumns(changes: readonly Change[]): Retyped[] {
  return changes.flatMap(({ action, object, attributes }) => {
    const type = attributes.find(({ name }) => name === 'type')?.to;
    const isColumn = action === 'alter' && object.kind === 'column';
    return isColumn && type !== undefined ? [{ name: object.path.at(-1) ?? '', type }] : [];
  });
}

function droppedColumns(changes: readonly Change[]): string[] {
  const drops = changes.filter(({ action, object }) => action === 'drop' && object.kind === 'column');
  return drops.map(({ object }) => object.path.at(-1) ?? '');
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

function brokenReads(view: Root, dropped: readonly string[]): Hazard[] {
  return dropped
    .filter((name) => mentions(view.statement, name))
    .map((name) =>
      hazard('changes results', `${view.id.kind} ${showPath(view.id.path)} still speaks of column ${name}`),
    );
}

/** Hazards for the views among `others` that read the table and are not changed along with it. */
export function readerHazards(
  table: ObjectId,
  changes: readonly Change[],
  others: readonly Root[],
): Hazard[] {
  const [retyped, dropped] = [retypedColumns(changes), droppedColumns(changes)];
  const [database = '', name] = table.path;
  if (table.kind !== 'table' || name === undefined || retyped.length + dropped.length === 0) return [];
  const readers = others.filter(
    ({ id, statement }) =>
      /view$/.test(id.kind) &&
      statement.includes(name) &&
      mentions(statement, name) &&
      (id.path[0] === database || mentions(statement, database)),
  );
  return readers.flatMap((view) => [...staleTypes(view, retyped), ...brokenReads(view, dropped)]);
}
