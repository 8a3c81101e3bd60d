/**
 * SQL functions that change go in; the definitions that call them come out as their authors wrote them. A server writes the
 * body in the place of each call when it stores a definition, so what it makes of a declaration now is made of the old body.
 */
import type { AttributeValue, StateObject, Tree } from '../model/object.ts';
import { keyOf } from '../model/object.ts';
import type { Root, State } from '../model/state.ts';
import { ParseError } from '../sql/cursor.ts';
import { unquote } from '../sql/quote.ts';
import { tokenize } from '../sql/tokens.ts';
import { isSql } from './whole-sql.ts';

/** Whether the text calls one of these functions. */
export function calls(text: string, names: ReadonlySet<string>): boolean {
  if (names.size === 0) return false;
  const tokens = tokenize(text);
  return tokens.some(
    ({ kind, text: word }, at) =>
      tokens[at + 1]?.text === '(' &&
      ((kind === 'word' && names.has(word)) || (kind === 'quoted' && names.has(unquote(word)))),
  );
}

const isFunction = ({ id }: Root): boolean => id.kind === 'function';

const nameOf = ({ id }: Root): string => id.path[0] ?? '';

/** Undefined where the text is not understood. */
function lambdaOf(root: Root): AttributeValue {
  try {
    return root.tree().root.attributes.lambda;
  } catch (error) {
    if (error instanceof ParseError) return undefined;
    throw error;
  }
}

/** The names of the functions that will compute something else, also because one that they call does. */
export function changingFunctions(live: State, desired: readonly Root[]): ReadonlySet<string> {
  const before = new Map([...live.values()].filter(isFunction).map((root) => [nameOf(root), root]));
  const after = desired.filter(isFunction);
  const changing = new Set(
    after.flatMap((root) => {
      const old = before.get(nameOf(root));
      const lambda = old && lambdaOf(old);
      return lambda !== undefined && lambda !== lambdaOf(root) ? [nameOf(root)] : [];
    }),
  );
  if (changing.size === 0) return changing;
  const functions = [...new Map([...before, ...after.map((root) => [nameOf(root), root] as const)])];
  for (let size = 0; size < changing.size; ) {
    size = changing.size;
    for (const [name, root] of functions) if (calls(root.statement, changing)) changing.add(name);
  }
  return changing;
}

/** The object as the server would store it, but for attributes that call one of these functions: those as they are declared. */
export function keepCalls(normal: Tree, authored: Tree, names: ReadonlySet<string>): Tree {
  const written = new Map([authored.root, ...authored.parts].map((object) => [keyOf(object.id), object]));
  const keep = (object: StateObject): StateObject => {
    const declared = written.get(keyOf(object.id))?.attributes ?? {};
    const kept = Object.entries(declared).filter(
      ([name, value]) => typeof value === 'string' && isSql(name) && calls(value, names),
    );
    return kept.length === 0
      ? object
      : { ...object, attributes: { ...object.attributes, ...Object.fromEntries(kept) } };
  };
  return { root: keep(normal.root), parts: normal.parts.map(keep) };
}
