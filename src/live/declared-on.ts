/** Takes declared objects, gives those of one cluster as they are meant there. */

import { rootKind } from '../kinds/index.ts';
import { isReplicatedDatabase, type Surroundings } from '../kinds/replication.ts';
import type { Cluster, DeclaredObject } from '../model/estate.ts';
import { pathKey, type Tree } from '../model/object.ts';
import type { State } from '../model/state.ts';

const engineOf = (tree: Tree | undefined): string | undefined => {
  const engine = tree?.root.attributes.engine;
  return typeof engine === 'string' ? engine : undefined;
};

/** What was made of a tree, by what it was made for: the nodes of a cluster get the same tree. */
const made = new WeakMap<Tree, Map<string, Tree>>();

function adapted(tree: Tree, surroundings: Surroundings): Tree {
  const kind = rootKind(tree.root.id.kind);
  if (!kind.adapt) return tree;
  const key = JSON.stringify(surroundings);
  const known = made.get(tree) ?? new Map<string, Tree>();
  made.set(tree, known);
  const before = known.get(key);
  if (before) return before;
  const now = kind.adapt(tree, surroundings);
  known.set(key, now);
  return now;
}

/** `live` tells the engines of databases that nobody declared. */
export function declaredOn(
  objects: readonly DeclaredObject[],
  { name, engines }: Cluster,
  live: State,
): Tree[] {
  const trees = objects.filter(({ clusters }) => clusters.has(name)).map(({ tree }) => tree);
  const databases = new Map(
    trees.flatMap((tree) => (tree.root.id.kind === 'database' ? [[tree.root.id.path[0] ?? '', tree]] : [])),
  );
  const databaseEngine = (database: string): string | undefined => {
    const declared = databases.get(database);
    return engineOf(declared ?? live.get(pathKey([database]))?.tree());
  };
  return trees.map((tree) => {
    const engine = databaseEngine(tree.root.id.path[0] ?? '');
    return adapted(tree, { engines, databaseEngine: isReplicatedDatabase(engine) ? engine : undefined });
  });
}
