/** Declared objects and the column that says whose a row is go in; what keeps the rows of each apart comes out. */
import type { DeclaredObject } from '../model/estate.ts';
import { pathKey } from '../model/object.ts';
import { ParseError } from '../sql/cursor.ts';
import { TokenError } from '../sql/tokens.ts';
import { type RowCover, rowCover } from './row-cover.ts';

export interface Covered {
  readonly object: DeclaredObject;
  readonly column: string;
  readonly cover: RowCover | undefined;
}

/** SQL that can't be read is told of elsewhere, and nobody gets to read what it makes. */
function coverOf(...args: Parameters<typeof rowCover>): RowCover | undefined {
  try {
    return rowCover(...args);
  } catch (error) {
    if (error instanceof ParseError || error instanceof TokenError) return undefined;
    throw error;
  }
}

/** What reads other objects is covered once those are, so it is asked again until nothing is new. */
export function coversOf(
  objects: readonly DeclaredObject[],
  columnOf: (object: DeclaredObject) => string | undefined,
  clusters: ReadonlySet<string>,
): Map<DeclaredObject, Covered> {
  const covers = new Map<DeclaredObject, Covered>();
  const covered = new Set<string>();
  for (let before = -1; before < covered.size; ) {
    before = covered.size;
    for (const object of objects) {
      const column = columnOf(object);
      if (column === undefined || covered.has(pathKey(object.tree.root.id.path))) continue;
      const cover = coverOf(object.tree, column, { covered, clusters });
      covers.set(object, { object, column, cover });
      if (cover && 'by' in cover) covered.add(pathKey(object.tree.root.id.path));
    }
  }
  return covers;
}
