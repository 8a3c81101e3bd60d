/** A live object and what the declarations give up go in; whether it may be dropped comes out. */
import type { Prune } from '../model/estate.ts';
import { fitsPattern } from '../model/pieces.ts';
import type { Root } from '../model/state.ts';
import { isKeptName } from './rebuild.ts';

/** Databases never: only what is inside them. What a rebuild has kept only where an entry says so: `orders_plumbline_old_*`. */
export function mayPrune({ id }: Root, prune: ReadonlyMap<string, Prune>): boolean {
  const [database = '', name] = id.path;
  const rule = prune.get(database);
  if (name === undefined || rule === undefined) return false;
  const isKept = isKeptName(name);
  if (rule === 'all') return !isKept;
  return [...rule].some(
    (pattern) =>
      fitsPattern(name, pattern) && (!isKept || pattern === name || pattern.includes('_plumbline_old_')),
  );
}
