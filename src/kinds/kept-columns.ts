/** Two versions of a table and names that only the live one knows go in; the desired table that keeps them for a while comes out. */
import { keyOf, type StateObject, type Tree } from '../model/object.ts';
import { identifier } from '../sql/quote.ts';
import type { Column } from './column-text.ts';
import { speaksOf } from './mentions.ts';
import { renamedColumns } from './renamed-columns.ts';

const isColumn = ({ id }: StateObject): boolean => id.kind === 'column';
const nameOf = ({ id }: StateObject): string => id.path.at(-1) ?? '';

/** Those of the columns that are wanted, and those that their defaults are made of. */
function withSources(columns: readonly StateObject[], wanted: readonly string[]): StateObject[] {
  const kept = new Set(columns.filter((column) => wanted.includes(nameOf(column))));
  for (const column of kept) {
    for (const other of columns) if (speaksOf(column, nameOf(other))) kept.add(other);
  }
  return columns.filter((column) => kept.has(column));
}

/** A column that is dropped stays as it is, but for its TTL; the old name of a renamed one becomes an alias of the new one. */
export function withColumnsKept(live: Tree, desired: Tree, wanted: readonly string[]): Tree {
  const has = new Set(desired.parts.map(({ id }) => keyOf(id)));
  const columns = renamedColumns(live, desired).live.parts.filter(isColumn);
  const dropped = columns
    .filter(({ id }) => !has.has(keyOf(id)))
    .map((column) => ({ ...column, attributes: { ...column.attributes, ttl: undefined } }));
  const aliases = columns.flatMap((column): StateObject[] => {
    const { renamedFrom } = column;
    if (renamedFrom === undefined || !wanted.includes(renamedFrom.at(-1) ?? '')) return [];
    const value = `ALIAS ${identifier(nameOf(column))}`;
    const { type } = column.attributes as Column;
    const attributes: Column = {
      ...{ type, value, comment: '', settings: {} },
      ...{ codec: undefined, statistics: undefined, ttl: undefined, materialize: undefined },
    };
    return [{ id: { ...column.id, path: renamedFrom }, attributes }];
  });
  const kept = [...withSources(dropped, wanted), ...aliases];
  const last = desired.parts.findLastIndex(isColumn);
  const parts = [...desired.parts.slice(0, last + 1), ...kept, ...desired.parts.slice(last + 1)];
  return { root: desired.root, parts };
}
