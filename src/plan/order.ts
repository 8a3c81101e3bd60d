/** Orders steps so that what an object needs is there before it and gone after it; the same input gives the same order. */
import { ROOT_KINDS, rootKind } from '../kinds/index.ts';
import { nameKey, type ObjectId, pathKey } from '../model/object.ts';
import { unquote } from '../sql/quote.ts';
import { type Token, tokenize } from '../sql/tokens.ts';

/** One thing to be ordered, with the text in which the names of what it needs are found. */
export interface Node {
  readonly id: ObjectId;
  readonly statement: string;
}

const SOURCES = new Set(['FROM', 'JOIN']);

interface Mention {
  readonly path: readonly string[];
  /** Written as `name.name` or behind FROM or JOIN, where hardly anything but an object stands. */
  readonly sure: boolean;
}

/** Every `name` and `name.name` that a statement speaks of, in identifiers and in strings such as `dictGet('a.b', …)`. */
function mentionsIn(statement: string): Mention[] {
  const mentions: Mention[] = [];
  const tokens = tokenize(statement);
  const nameOf = (token: Token | undefined): string | undefined => {
    if (token?.kind === 'quoted') return unquote(token.text);
    return token?.kind === 'word' ? token.text : undefined;
  };
  for (const [at, token] of tokens.entries()) {
    if (token.kind === 'string') {
      const text = unquote(token.text);
      mentions.push({ path: [text], sure: false }, { path: text.split('.'), sure: false });
      continue;
    }
    const name = nameOf(token);
    if (name === undefined) continue;
    mentions.push({ path: [name], sure: SOURCES.has(tokens[at - 1]?.text ?? '') });
    const next = tokens[at + 1]?.text === '.' ? nameOf(tokens[at + 2]) : undefined;
    if (next !== undefined) mentions.push({ path: [name, next], sure: true });
  }
  return mentions;
}

const rank = (id: ObjectId): number => ROOT_KINDS.indexOf(rootKind(id.kind));

function compareIds(a: ObjectId, b: ObjectId): number {
  const [x, y] = [nameKey(a), nameKey(b)];
  return rank(a) - rank(b) || (x < y ? -1 : x > y ? 1 : 0);
}

interface Needs<N> {
  readonly sure: ReadonlySet<N>;
  /** A name alone may be that of a column, and a string may be a comment. */
  readonly likely: ReadonlySet<N>;
}

/** What each node needs of the others; a database needs nothing. A name without a database means one in the node's own. */
export function needs<N extends Node>(nodes: readonly N[]): Map<N, Needs<N>> {
  const byName = new Map(nodes.map((node) => [nameKey(node.id), node]));
  const needsOf = (node: N): Needs<N> => {
    const [database = ''] = node.id.path;
    const sure = new Set<N>();
    const likely = new Set<N>();
    const find = (path: readonly string[], isSure: boolean): void => {
      const needed = byName.get(pathKey(path));
      if (!needed || needed === node) return;
      (isSure || rank(needed.id) < rank(node.id) ? sure : likely).add(needed);
    };
    if (node.id.path.length === 1) return { sure, likely };
    find([database], true);
    for (const { path, sure: isSure } of mentionsIn(node.statement)) {
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

/**
 * Nodes in the order of creation: databases first, then what is needed before what needs it, then by kind and name. A
 * need that is only likely (a column can be called like a view) counts where it makes no circle.
 */
export function creationOrder<N extends Node>(nodes: readonly N[]): N[] {
  const sorted = [...nodes].sort((a, b) => compareIds(a.id, b.id));
  const needed = needs(sorted);
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
