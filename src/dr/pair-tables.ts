/** A pair and the states of its sites go in; the names of the tables that are compared come out. */
import { holdsRows } from '../kinds/table-engine.ts';
import { type DrPair, fitsTable, isPaired } from '../model/dr-pair.ts';
import { pathKey } from '../model/object.ts';
import type { Root, State } from '../model/state.ts';
import { isOfRebuild } from '../plan/rebuild.ts';
import { ParseError } from '../sql/cursor.ts';
import { TokenError } from '../sql/tokens.ts';

/** What a pattern with a `*` is about: whatever holds rows, or is not understood well enough to know. */
function mayHoldRows(root: Root): boolean {
  try {
    const { engine, target } = root.tree().root.attributes;
    if (root.id.kind === 'table') return holdsRows(String(engine)) && !isOfRebuild(root.id);
    // One that writes into a table holds nothing itself.
    return root.id.kind === 'materialized view' && target === undefined;
  } catch (error) {
    if (error instanceof ParseError || error instanceof TokenError) return true;
    throw error;
  }
}

const isNamed = ({ tables }: DrPair, path: readonly string[]): boolean =>
  tables.some((pattern) => !pattern.includes('*') && fitsTable(pattern, path));

/** In order of their names. What is named without a `*` is compared whatever it is, so that it is told why it can't be. */
export function tablesOf(pair: DrPair, states: readonly State[]): (readonly string[])[] {
  const found = new Map<string, readonly string[]>();
  for (const root of states.flatMap((state) => [...state.values()])) {
    const { path } = root.id;
    if (path.length !== 2 || root.id.kind === 'database' || !isPaired(pair, path)) continue;
    if (isNamed(pair, path) || mayHoldRows(root)) found.set(pathKey(path), path);
  }
  return [...found].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, path]) => path);
}
