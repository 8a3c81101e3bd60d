/** The state of one node, live or desired: every object that exists by itself, by its name. */
import { nameKey, type ObjectId, type Tree } from './object.ts';
import type { Place } from './place.ts';

export interface Root {
  readonly id: ObjectId;
  /** The canonical text that creates it: equal texts are equal objects. */
  readonly statement: string;
  readonly place?: Place;
  /** The path under which it may still be live. */
  readonly renamedFrom?: readonly string[];
  /** Reads the text at first use, and throws `ParseError` where it is not understood. */
  tree(): Tree;
}

export type State = ReadonlyMap<string, Root>;

/** A root whose tree is read when somebody asks for it: most objects of a no-change plan never are. */
export function lazyRoot(
  id: ObjectId,
  statement: string,
  parse: () => Tree,
  { place, renamedFrom }: Pick<Root, 'place' | 'renamedFrom'> = {},
): Root {
  let tree: Tree | undefined;
  return {
    id,
    statement,
    ...(place && { place }),
    ...(renamedFrom && { renamedFrom }),
    tree() {
      tree ??= parse();
      return tree;
    },
  };
}

export function stateOf(roots: Iterable<Root>): State {
  return new Map([...roots].map((root) => [nameKey(root.id), root]));
}
