/** Objects and some names go in; which of the objects read those comes out. */
import { nameKey } from '../model/object.ts';
import { type Node, needs } from '../plan/order.ts';

/** Tells of each object whether it reads one of these, by name key, itself or through others. */
export function readersOf<N extends Node>(
  nodes: readonly N[],
  read: ReadonlySet<string>,
): (node: N) => boolean {
  const needed = needs(nodes);
  const seen = new Map<N, boolean>();
  const reads = (node: N): boolean => {
    const known = seen.get(node);
    if (known !== undefined) return known;
    seen.set(node, false);
    const { sure = [], likely = [] } = needed.get(node) ?? {};
    const found = [...sure, ...likely].some((other) => read.has(nameKey(other.id)) || reads(other));
    seen.set(node, found);
    return found;
  };
  return reads;
}
