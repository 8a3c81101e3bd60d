/** Finds declared objects that are live under the name they had before, and compares them there. */
import { nameKey, type ObjectId, pathKey, type StateObject, showId, type Tree } from '../model/object.ts';
import { lazyRoot, type Root, type State } from '../model/state.ts';
import type { Difference } from './diff.ts';

/** The live object that is to be renamed; undefined where the new name is live already, or the old one is not. */
export function renamedRoot(live: State, { id, renamedFrom }: Root): Root | undefined {
  if (renamedFrom === undefined || live.has(nameKey(id))) return undefined;
  return live.get(pathKey(renamedFrom));
}

function moved({ id, renamedFrom, ...object }: StateObject, from: ObjectId, to: ObjectId): StateObject {
  const move = (path: readonly string[]): readonly string[] => [...to.path, ...path.slice(from.path.length)];
  return {
    ...object,
    id: { ...id, path: move(id.path) },
    ...(renamedFrom && { renamedFrom: move(renamedFrom) }),
  };
}

/** The desired object as if it were declared under the old name. */
export function underOldName(desired: Root, { id }: Root): Root {
  const tree = (): Tree => {
    const { root, parts } = desired.tree();
    return { root: moved(root, desired.id, id), parts: parts.map((part) => moved(part, desired.id, id)) };
  };
  return lazyRoot(id, desired.statement, tree, desired);
}

/** The difference in the words of the new name. */
export function underNewName(difference: Difference, desired: Root, old: Root): Difference {
  const changes = difference.changes.map((change) => {
    const path = [...desired.id.path, ...change.object.path.slice(old.id.path.length)];
    return { ...change, object: { ...change.object, path } };
  });
  return { ...difference, changes };
}

const engineOf = (database: Root | undefined): string | undefined =>
  /\bENGINE = (\w+)/.exec(database?.statement ?? '')?.[1];

/** Why an object can't get its new name on this node. */
export function refusedRename(
  old: Root,
  desired: Root,
  live: State,
  desiredState: State,
): string | undefined {
  const [from = '', to = ''] = [old.id.path[0], desired.id.path[0]];
  if (from === to) return undefined;
  const [before, after] = [from, to].map((name) => {
    const key = pathKey([name]);
    return engineOf(live.get(key) ?? desiredState.get(key));
  });
  if (before === 'Atomic' && after === 'Atomic') return undefined;
  return `${showId(old.id)} can't move to another database: ClickHouse does that between Atomic databases only`;
}
