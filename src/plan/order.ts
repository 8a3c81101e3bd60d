/** Orders steps so that what an object needs is there before it and gone after it; the same input gives the same order. */
import { ROOT_KINDS, rootKind } from '../kinds/index.ts';
import { isInDatabase, nameKey, type ObjectId, pathKey } from '../model/object.ts';
import { type Mention, mentionsIn } from './mentions-in.ts';

/** One thing to be ordered, with the text in which the names of what it needs are found. */
export interface Node {
  readonly id: ObjectId;
  readonly statement: string;
}

const rank = (id: ObjectId): number => ROOT_KINDS.indexOf(rootKind(id.kind));

function compareIds(a: ObjectId, b: ObjectId): number {
  const [x, y] = [nameKey(a), nameKey(b)];
  const late = (id: ObjectId): number => Number(rootKind(id.kind).late?.(id) ?? false);
  return rank(a) - rank(b) || late(a) - late(b) || (x < y ? -1 : x > y ? 1 : 0);
}

interface Needs<N> {
  readonly sure: ReadonlySet<N>;
  /** A name alone may be that of a column, and a string may be a comment. */
  readonly likely: ReadonlySet<N>;
}

/** Whether a node with these mentions needs the object beside the databases: functions are called, a workload is IN another. */
function needsBeside(node: Node, other: Node, { before, after }: Mention): boolean {
  if (other === node) return false;
  if (other.id.kind === 'function') return after === '(';
  return other.id.kind === node.id.kind ? before === 'IN' : rank(other.id) < rank(node.id);
}

/** What stands beside the databases, by its name: there are thousands where there are many tenants. */
function besideByName<N extends Node>(nodes: readonly N[]): (mention: Mention) => readonly N[] {
  const named = new Map<string | undefined, N[]>();
  for (const node of nodes) {
    if (isInDatabase(node.id)) continue;
    const others = named.get(node.id.path[0]) ?? [];
    named.set(node.id.path[0], others);
    others.push(node);
  }
  return ({ path }) => (path.length === 1 ? (named.get(path[0]) ?? []) : []);
}

/** What each node needs of the others; a database needs nothing. A name without a database means one in the node's own. */
export function needs<N extends Node>(nodes: readonly N[]): Map<N, Needs<N>> {
  const byName = new Map(nodes.map((node) => [nameKey(node.id), node]));
  const beside = besideByName(nodes);
  const needsOf = (node: N): Needs<N> => {
    const [database = ''] = node.id.path;
    const sure = new Set<N>();
    const likely = new Set<N>();
    const find = (path: readonly string[], isSure: boolean): void => {
      const needed = byName.get(pathKey(path));
      if (!needed || needed === node) return;
      (isSure || rank(needed.id) < rank(node.id) ? sure : likely).add(needed);
    };
    if (node.id.kind === 'database') return { sure, likely };
    const mentions = mentionsIn(node.statement);
    for (const mention of mentions)
      for (const other of beside(mention)) if (needsBeside(node, other, mention)) sure.add(other);
    if (!isInDatabase(node.id)) return { sure, likely };
    find([database], true);
    for (const { path, sure: isSure } of mentions) {
      if (path.length > 1) find(path, isSure);
      find([database, ...path], isSure);
    }
    return { sure, likely };
  };
  return new Map(nodes.map((node) => [node, needsOf(node)]));
}

/** Whether `node` may need `other`, or something that does. */
function reaches<N>(node: N, other: N, needed: ReadonlyMap<N, Needs<N>>, seen = new Set<N>()): boolean {
  if (node === other) return true;
  if (seen.has(node)) return false;
  seen.add(node);
  const { sure = [], likely = [] } = needed.get(node) ?? {};
  return [...sure, ...likely].some((next) => reaches(next, other, needed, seen));
}

/** Nodes that go before one that they need, because its change takes away what they read until their own. */
export type GoingFirst<N> = ReadonlyMap<N, readonly N[]>;

function turned<N>(needed: ReadonlyMap<N, Needs<N>>, first: GoingFirst<N>): ReadonlyMap<N, Needs<N>> {
  const turnedNeeds = (node: N, { sure, likely }: Needs<N>): Needs<N> => {
    const isLater = (other: N): boolean => first.get(other)?.includes(node) ?? false;
    const rest = (others: ReadonlySet<N>): N[] => [...others].filter((other) => !isLater(other));
    return { sure: new Set([...rest(sure), ...(first.get(node) ?? [])]), likely: new Set(rest(likely)) };
  };
  return new Map([...needed].map(([node, own]) => [node, turnedNeeds(node, own)]));
}

/** Whether these can go before the node that they need: nothing else that they need has to follow it. */
export function canGoFirst<N extends Node>(
  others: readonly N[],
  node: N,
  nodes: readonly N[],
  first: GoingFirst<N>,
): boolean {
  const needed = turned(needs(nodes), new Map([...first, [node, others]]));
  return others.every((other) => !reaches(other, node, needed));
}

/**
 * Nodes in the order of creation: databases first, then what is needed before what needs it, then by kind and name. A
 * need that is only likely (a column can be called like a view) counts where it makes no circle.
 */
export function creationOrder<N extends Node>(nodes: readonly N[], first: GoingFirst<N> = new Map()): N[] {
  const sorted = [...nodes].sort((a, b) => compareIds(a.id, b.id));
  const needed = turned(needs(sorted), first);
  const done = new Set<N>();
  const ordered: N[] = [];
  const visit = (node: N): void => {
    if (done.has(node)) return;
    done.add(node);
    const { sure = [], likely = [] } = needed.get(node) ?? {};
    const others = [...sure, ...[...likely].filter((other) => !reaches(other, node, needed))];
    for (const other of others.sort((a, b) => compareIds(a.id, b.id))) visit(other);
    ordered.push(node);
  };
  for (const node of sorted) visit(node);
  return ordered;
}
