/** A parsed YAML node goes in; its plain value, in which every scalar is its text, and the marks of it come out. */

import {
  isAlias,
  isMap,
  isScalar,
  isSeq,
  type Node,
  type Pair,
  type Scalar,
  type YAMLMap,
  type YAMLSeq,
} from 'yaml';
import { DEPTH } from './limits.ts';
import type { Mark } from './marks.ts';
import { quote } from './messages.ts';

/** Notes a problem at an offset of the text; a `fatal` one makes the document not worth checking further. */
export type Report = (offset: number, rule: string, message: string, fatal?: boolean) => void;

/** What is left of the values that aliases may copy. */
export interface AliasBudget {
  left: number;
}

export interface Tree {
  readonly value: unknown;
  readonly marks: Mark;
  /** Keys and list items that have no value at all, by their offset; in `value` they are the empty text. */
  readonly empty: ReadonlyMap<number, string>;
}

/** Without the tag's name: a password that begins with `!` looks like one. */
export const TAG_MESSAGE = 'tags (`!…`) are not supported; remove it, or quote text that begins with `!`';

/** An object for keys that anybody may choose: `__proto__` and `constructor` are keys like all others in it. */
const Mapping = function Mapping() {} as unknown as { new (): Record<string, unknown>; prototype: object };
Mapping.prototype = Object.freeze(Object.create(null));

export function readTree(root: Node, budget: AliasBudget, report: Report): Tree {
  const empty = new Map<number, string>();
  const anchors = new Map<string, Node>();
  /** The mark of the value read last: a second result, without an object for each scalar. */
  let mark: Mark = 0;
  let insideAlias = 0;
  let exhausted = false;

  function read(node: Node | null | undefined, depth: number, fallback: number, name: string): unknown {
    const at = node?.range?.[0] ?? fallback;
    if (!node) return nothing(fallback, name);
    if (insideAlias > 0 && --budget.left < 0) return '';
    if (isAlias(node)) return readAlias(node.source, depth, at, name);
    refuseTag(node, at);
    let value: unknown;
    if (isScalar(node)) value = readScalar(node, at, fallback, name);
    else if (depth >= DEPTH) value = tooDeep(at);
    else if (isMap(node)) value = readMapping(node, depth + 1, at);
    else if (isSeq(node)) value = readList(node, depth + 1, at);
    if ('anchor' in node && node.anchor) anchors.set(node.anchor, node);
    return value;
  }

  function nothing(at: number, name: string): string {
    mark = at;
    empty.set(at, name);
    return '';
  }

  function readScalar(node: Scalar, at: number, fallback: number, name: string): string {
    const text = node.source ?? '';
    if (text === '' && node.type === 'PLAIN') return nothing(fallback, name);
    mark = at;
    if (node.type === 'QUOTE_DOUBLE') refuseUnusable(text, at);
    return text;
  }

  // Arrays of their final length take a third of the memory that those grown by `push` take.
  function readMapping(node: YAMLMap, depth: number, at: number): Record<string, unknown> {
    const value = new Mapping();
    const length = node.items.length;
    const names = new Array<string>(length);
    const keysAt = new Array<number>(length);
    const marks = new Array<Mark>(length);
    let count = 0;
    for (const pair of node.items as Pair<Node, Node | null>[]) {
      const keyAt = pair.key.range?.[0] ?? at;
      const key = readKey(pair.key, keyAt);
      if (key === undefined) continue;
      if (key in value) {
        report(keyAt, 'duplicate-key', `duplicate key ${quote(key)}; a key stands only once in a mapping`);
        continue;
      }
      value[key] = read(pair.value, depth, keyAt, key);
      names[count] = key;
      keysAt[count] = keyAt;
      marks[count++] = mark;
    }
    names.length = keysAt.length = marks.length = count;
    mark = { at, names, keysAt, marks };
    return value;
  }

  function readList(node: YAMLSeq, depth: number, at: number): unknown[] {
    const marks = new Array<Mark>(node.items.length);
    const value = (node.items as Node[]).map((item, index) => {
      const itemValue = read(item, depth, item.range?.[0] ?? at, `[${index}]`);
      marks[index] = mark;
      return itemValue;
    });
    mark = { at, marks };
    return value;
  }

  function readKey(key: Node, at: number): string | undefined {
    if (!isScalar(key)) {
      report(at, 'yaml-key', 'a key must be plain text, not a list, a mapping or an alias', true);
      return undefined;
    }
    refuseTag(key, at);
    if (key.anchor) anchors.set(key.anchor, key);
    const text = key.source ?? '';
    if (key.type === 'PLAIN' && text === '<<') {
      report(
        at,
        'yaml-merge',
        'merge keys (`<<`) are not supported; write the keys out, or quote the key',
        true,
      );
      return undefined;
    }
    if (key.type === 'PLAIN' && text === '') {
      report(at, 'yaml-key', 'a key is missing before the `:`', true);
      return undefined;
    }
    if (key.type === 'QUOTE_DOUBLE') refuseUnusable(text, at);
    return text;
  }

  /** The content is read again for each alias, so that no two places of the value share an object. */
  function readAlias(anchor: string, depth: number, at: number, name: string): unknown {
    const target = anchors.get(anchor);
    if (target === undefined) {
      report(at, 'yaml-alias', 'this alias (`*…`) names no anchor (`&…`) that stands before it', true);
      return '';
    }
    insideAlias++;
    const value = read(target, depth, at, name);
    insideAlias--;
    if (budget.left < 0 && !exhausted) {
      report(at, 'yaml-limit', 'aliases copy too many values; write them out', true);
      exhausted = true;
    }
    if (typeof mark === 'number') mark = at;
    return value;
  }

  function tooDeep(at: number): string {
    report(at, 'yaml-limit', `nested more than ${DEPTH} levels deep`, true);
    return '';
  }

  function refuseTag(node: Node, at: number): void {
    if (node.tag !== undefined) report(at, 'yaml-tag', TAG_MESSAGE, true);
  }

  function refuseUnusable(text: string, at: number): void {
    if (/[\0\p{Surrogate}]/u.test(text)) {
      report(at, 'unusable-text', 'text must not contain NUL or half of a surrogate pair', true);
    }
  }

  const value = read(root, 0, 0, '');
  return { value, marks: mark, empty };
}
