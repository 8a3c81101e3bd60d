/** A document's tree of offsets and a path into it go in; the offset of the value or key at that path comes out. */

export type Path = readonly (string | number)[];

/** Where a value stands in its text. A scalar's mark is its offset alone, which keeps large estates small. */
export type Mark = number | Branch;

export interface Branch {
  readonly at: number;
  /** The keys in source order; absent in a list. */
  readonly names?: readonly string[];
  /** Offsets of the keys; the same length as `names`. */
  readonly keysAt?: readonly number[];
  /** Marks of the values or items, in order. */
  readonly marks: readonly Mark[];
}

const positions = new WeakMap<Branch, ReadonlyMap<string, number>>();

/** Offset of the value at the path, or of its nearest parent that is there. */
export function valueOffset(root: Mark, path: Path): number {
  const mark = descend(root, path).mark;
  return typeof mark === 'number' ? mark : mark.at;
}

/** Offset of the key at the path; of the value where it has no key, as in a list. */
export function keyOffset(root: Mark, path: Path): number {
  const { mark: parent, depth } = descend(root, path.slice(0, -1));
  const last = path.at(-1);
  if (typeof parent !== 'number' && depth === path.length - 1 && last !== undefined) {
    const keyAt = parent.keysAt?.[childIndex(parent, last)];
    if (keyAt !== undefined) return keyAt;
  }
  return valueOffset(root, path);
}

/** The keys of the mapping at the path in source order, which a JavaScript object loses for keys such as `2024`. */
export function keysInOrder(root: Mark, path: Path): readonly string[] {
  const { mark, depth } = descend(root, path);
  return typeof mark !== 'number' && depth === path.length ? (mark.names ?? []) : [];
}

function descend(root: Mark, path: Path): { mark: Mark; depth: number } {
  let mark = root;
  for (const [depth, step] of path.entries()) {
    const child = typeof mark === 'number' ? undefined : mark.marks[childIndex(mark, step)];
    if (child === undefined) return { mark, depth };
    mark = child;
  }
  return { mark, depth: path.length };
}

function childIndex(branch: Branch, step: string | number): number {
  if (branch.names === undefined) return Number(step);
  const name = String(step);
  if (branch.names.length < 16) return branch.names.indexOf(name);
  let index = positions.get(branch);
  if (index === undefined) {
    index = new Map(branch.names.map((key, position) => [key, position]));
    positions.set(branch, index);
  }
  return index.get(name) ?? -1;
}
