/** A live object and what the declarations give up go in; whether it may be dropped comes out. */
import type { Prune } from '../model/estate.ts';
import type { Root } from '../model/state.ts';
import { isKeptName } from './rebuild.ts';

/** `*` stands for any characters, all others for themselves. */
function fits(pattern: string, name: string): boolean {
  const [first = '', ...rest] = pattern.split('*');
  const last = rest.pop();
  if (last === undefined) return pattern === name;
  if (!name.startsWith(first)) return false;
  let at = first.length;
  for (const piece of rest) {
    const found = name.indexOf(piece, at);
    if (found < 0) return false;
    at = found + piece.length;
  }
  return name.length - last.length >= at && name.endsWith(last);
}

/** Databases never: only what is inside them. What a rebuild has kept only where an entry says so: `orders_plumbline_old_*`. */
export function mayPrune({ id }: Root, prune: ReadonlyMap<string, Prune>): boolean {
  const [database = '', name] = id.path;
  const rule = prune.get(database);
  if (name === undefined || rule === undefined) return false;
  const isKept = isKeptName(name);
  if (rule === 'all') return !isKept;
  return [...rule].some(
    (pattern) => fits(pattern, name) && (!isKept || pattern === name || pattern.includes('_plumbline_old_')),
  );
}
