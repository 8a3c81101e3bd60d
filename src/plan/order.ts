/** Orders steps so that what an object needs is there before it and gone after it; the same input gives the same order. */
import { ROOT_KINDS, rootKind } from '../kinds/index.ts';
import { keyOf, nameKey, type ObjectId } from '../model/object.ts';
import { unquote } from '../sql/quote.ts';
import { tokenize } from '../sql/tokens.ts';

/** One thing to be ordered, with the text in which the names of what it needs are found. */
export interface Node {
  readonly id: ObjectId;
  readonly statement: string;
}

/** Every `name` and `name.name` that a statement speaks of, in identifiers and in strings such as `dictGet('a.b', …)`. */
function namesIn(statement: string): string[][] {
  const names: string[][] = [];
  const tokens = tokenize(statement);
  for (const [at, token] of tokens.entries()) {
    if (token.kind === 'string') {
      const text = unquote(token.text);
      names.push([text], text.split('.'));
    } else if (token.kind === 'word' || token.kind === 'quoted') {
      const name = token.kind === 'quoted' ? unquote(token.text) : token.text;
      names.push([name]);
      const next = tokens[at + 2];
      if (tokens[at + 1]?.text === '.' && (next?.kind === 'word' || next?.kind === 'quoted')) {
        names.push([name, next.kind === 'quoted' ? unquote(next.text) : next.text]);
      }
    }
  }
  return names;
}

const rank = (id: ObjectId): number => ROOT_KINDS.indexOf(rootKind(id.kind));

function compareIds(a: ObjectId, b: ObjectId): number {
  const [x, y] = [nameKey(a.path), nameKey(b.path)];
  return rank(a) - rank(b) || (x < y ? -1 : x > y ? 1 : 0);
}

/** What each node needs of the others. A name without a database means one in the node's own. */
function needs<N extends Node>(nodes: readonly N[]): Map<N, N[]> {
  const byName = new Map(nodes.map((node) => [nameKey(node.id.path), node]));
  return new Map(
    nodes.map((node) => {
      const [database = ''] = node.id.path;
      const found = new Set<N>();
      for (const path of [[database], ...namesIn(node.statement)]) {
        for (const key of [nameKey(path), nameKey([database, ...path])]) {
          const needed = byName.get(key);
          if (needed && needed !== node) found.add(needed);
        }
      }
      return [node, [...found].sort((a, b) => compareIds(a.id, b.id))];
    }),
  );
}

/**
 * Nodes in the order of creation: databases first, then what is needed before what needs it, then by kind and name. Where
 * names form a circle (a column can be called like a table), kind and name decide.
 */
export function creationOrder<N extends Node>(nodes: readonly N[]): N[] {
  const sorted = [...nodes].sort((a, b) => compareIds(a.id, b.id));
  const needed = needs(sorted);
  const done = new Set<string>();
  const ordered: N[] = [];
  const visit = (node: N): void => {
    const key = keyOf(node.id);
    if (done.has(key)) return;
    done.add(key);
    for (const other of needed.get(node) ?? []) visit(other);
    ordered.push(node);
  };
  for (const node of sorted) visit(node);
  return ordered;
}
