/** The text of a declaration file and what is to be said otherwise go in; the new text comes out, and all else stays as it is. */
import {
  type Document,
  isMap,
  isScalar,
  type Node,
  type Pair,
  parseDocument,
  visit,
  type YAMLMap,
} from 'yaml';
import { hasUnseen, layOut, WIDTH, withEscapes, withoutPadding } from './write.ts';

/** Stands for an entry of a mapping that stays as its author wrote it. */
export const KEPT = Symbol('kept');

/** By key: what it is to say, undefined where it goes. In a Map of names, those that are {@link KEPT} are left alone. */
export type Changes = ReadonlyMap<string, unknown>;

export interface Edit {
  /** The line on which the document's mapping begins, counted from 1. */
  readonly line: number;
  /** Undefined removes the document. */
  readonly changes: Changes | undefined;
}

interface Piece {
  /** The line `---` in front of it, with what stands behind the dashes; empty for the first. */
  readonly divider: string;
  readonly body: string;
  /** The line on which the body begins. */
  readonly line: number;
}

/** The documents of a file with all that stands between them. */
function piecesOf(text: string): Piece[] {
  const pieces: Piece[] = [];
  let line = 1;
  for (const part of text.split(/^(?=---(?:\s|$))/m)) {
    const divider = /^---(?=\s|$).*(?:\r?\n|$)/.exec(part)?.[0] ?? '';
    const lines = part.split('\n').length - 1;
    pieces.push({ divider, body: part.slice(divider.length), line: line + (divider === '' ? 0 : 1) });
    line += lines;
  }
  return pieces;
}

const keyOf = (pair: Pair<unknown, unknown>): string =>
  isScalar(pair.key) ? String(pair.key.source ?? pair.key.value) : '';

function entryOf(document: Document, key: string, value: unknown, above: number): Pair<Node, Node> {
  const pair = document.createPair(key, value) as Pair<Node, Node>;
  layOut(pair, above, false);
  return pair;
}

/** The entries of a mapping of names in their new order; those that are kept are the very nodes that were there. */
function editNames(document: Document, map: YAMLMap, names: ReadonlyMap<string, unknown>): boolean {
  const before = new Map(map.items.map((item) => [keyOf(item), item]));
  const items: Pair[] = [];
  for (const [name, value] of names) {
    const kept = value === KEPT ? before.get(name) : entryOf(document, name, value, 2);
    if (!kept) return false;
    items.push(kept as Pair);
  }
  map.items = items;
  return true;
}

/** Puts an entry in the place of the one with its key, or where the reference has it. */
function place(root: YAMLMap, pair: Pair, order: readonly string[]): void {
  const at = root.items.findIndex((item) => keyOf(item) === keyOf(pair));
  const rank = order.indexOf(keyOf(pair));
  const next = root.items.findIndex((item) => order.indexOf(keyOf(item)) > rank);
  if (at >= 0) root.items.splice(at, 1, pair);
  else root.items.splice(next < 0 ? root.items.length : next, 0, pair);
}

/** False where the text does not have what it is said to keep. */
function editMapping(document: Document, root: YAMLMap, changes: Changes, order: readonly string[]): boolean {
  for (const [key, value] of changes) {
    const current = root.items.find((item) => keyOf(item) === key)?.value;
    if (value instanceof Map && [...value.values()].includes(KEPT)) {
      if (!isMap(current) || !editNames(document, current, value)) return false;
    } else if (value === undefined) {
      root.items = root.items.filter((item) => keyOf(item) !== key);
    } else {
      place(root, entryOf(document, key, value, 1), order);
    }
  }
  return true;
}

function editBody(body: string, changes: Changes, order: readonly string[]): string | undefined {
  const document = parseDocument(body, { schema: 'failsafe', logLevel: 'silent', uniqueKeys: false });
  if (document.errors.length > 0 || !isMap(document.contents)) return undefined;
  if (!editMapping(document, document.contents, changes, order)) return undefined;
  visit(document, {
    Seq(_key, list) {
      if (list.flow) withoutPadding(list);
    },
  });
  const text = document.toString({ lineWidth: WIDTH, flowCollectionPadding: !/\{\S/.test(body) });
  return hasUnseen(body) ? text : withEscapes(text);
}

/** Comments at the head of a file speak of all of it. */
const headOf = (body: string): string => /^(?:[ \t]*(?:#.*)?\r?\n)*/.exec(body)?.[0] ?? '';

/**
 * `orderOf` gives the keys of a document in the order of the reference. Undefined where the text is not as it was when the
 * edits were made, or can't be edited without touching more than it should.
 */
export function editDocuments(
  text: string,
  edits: readonly (Edit & { readonly order: readonly string[] })[],
): string | undefined {
  const pieces = piecesOf(text);
  const changed = new Map<Piece, string | undefined>();
  for (const { line, changes, order } of edits) {
    const piece = pieces.findLast((one) => one.line <= line);
    if (!piece) return undefined;
    const body = changes && editBody(piece.body, changes, order);
    if (changes && body === undefined) return undefined;
    changed.set(piece, body);
  }
  let result = '';
  let head = '';
  for (const [at, piece] of pieces.entries()) {
    if (changed.has(piece) && changed.get(piece) === undefined) {
      if (at === 0) head = headOf(piece.body);
      continue;
    }
    const body = changed.get(piece) ?? piece.body;
    const isFirst = result === '';
    result += isFirst && at > 0 ? head + body : piece.divider + body;
    if (!result.endsWith('\n')) result += '\n';
  }
  return result;
}
