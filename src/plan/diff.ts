/** Compares two trees of one object by their kinds' rules, and asks the kinds for the drafts that make one the other. */
import { partKind, rootKind } from '../kinds/index.ts';
import { type Action, type Around, type Rule, ruleOf } from '../kinds/kind.ts';
import { type Attributes, type AttributeValue, keyOf, type StateObject, type Tree } from '../model/object.ts';
import type { AttributeChange, Change, Draft } from '../model/step.ts';
import { moves } from './moves.ts';

/** What an object needs: the changes as people read them, and the drafts that make them. */
export interface Difference {
  readonly changes: readonly Change[];
  readonly drafts: readonly Draft[];
  readonly replaces: boolean;
}

function equal(a: AttributeValue, b: AttributeValue): boolean {
  if (a === b) return true;
  if (typeof a !== 'object' || typeof b !== 'object') return false;
  const sorted = (value: object): string => JSON.stringify(Object.entries(value).sort(([x], [y]) => (x < y ? -1 : 1)));
  return sorted(a) === sorted(b);
}

function show(value: AttributeValue): string | undefined {
  if (value === undefined || typeof value === 'string') return value;
  return Object.entries(value)
    .map(([name, text]) => `${name} = ${text}`)
    .join(', ');
}

function attributeChange(name: string, from: AttributeValue, to: AttributeValue): AttributeChange {
  const [before, after] = [show(from), show(to)];
  return { name, ...(before !== undefined && { from: before }), ...(after !== undefined && { to: after }) };
}

interface Compared {
  readonly changed: Set<string>;
  readonly shown: AttributeChange[];
  readonly actions: Action[];
}

function compareAttributes(
  rules: Readonly<Record<string, Action | Rule<AttributeValue>>>,
  live: StateObject,
  desired: StateObject,
  around: Around,
): Compared {
  const compared: Compared = { changed: new Set(), shown: [], actions: [] };
  for (const [name, written] of Object.entries(rules)) {
    const [from, to] = [live.attributes[name], desired.attributes[name]];
    const rule = ruleOf(written);
    if (equal(from, to) || rule.same?.(from, to, around)) continue;
    const action = typeof rule.change === 'function' ? rule.change(from, to, around, desired.id) : rule.change;
    if (action === 'ignore') continue;
    compared.changed.add(name);
    compared.shown.push(attributeChange(name, from, to));
    compared.actions.push(action);
  }
  return compared;
}

const refusalsOf = (actions: readonly Action[]): Draft[] =>
  actions.flatMap((action) => (typeof action === 'object' ? [action] : []));

const nameOf = (part: StateObject): string => part.id.path.at(-1) ?? '';

function everything(object: StateObject, side: 'from' | 'to'): AttributeChange[] {
  return Object.entries(object.attributes as Attributes).flatMap(([name, value]) => {
    const text = show(value);
    return text ? [{ name, [side]: text }] : [];
  });
}

function placeOf(object: StateObject, around: Around) {
  const place = object.place ?? around.to.root.place;
  return place && { place };
}

/** Compares the parts of one kind: gone, altered or moved, and new ones, in the desired order. */
function compareParts(kindName: string, around: Around): Difference {
  const kind = partKind(kindName);
  const ofKind = (tree: Tree): StateObject[] => tree.parts.filter(({ id }) => id.kind === kindName);
  const [live, desired] = [ofKind(around.from), ofKind(around.to)];
  const liveByKey = new Map(live.map((part) => [keyOf(part.id), part]));
  const kept = new Set(desired.map((part) => keyOf(part.id)));
  const moved = kind.ordered ? moves(live.map(nameOf), desired.map(nameOf)) : new Set<string>();
  const changes: Change[] = [];
  const drafts: Draft[] = [];
  for (const part of live) {
    if (kept.has(keyOf(part.id))) continue;
    const place = around.to.root.place;
    changes.push({ action: 'drop', object: part.id, attributes: everything(part, 'from'), ...(place && { place }) });
    drafts.push(...kind.drop(part, around));
  }
  for (const [at, part] of desired.entries()) {
    const before = liveByKey.get(keyOf(part.id));
    const previous = desired[at - 1];
    const after = previous && nameOf(previous);
    if (!before) {
      changes.push({ action: 'create', object: part.id, attributes: everything(part, 'to'), ...placeOf(part, around) });
      drafts.push(...kind.create(part, around, after));
      continue;
    }
    const { changed, shown, actions } = compareAttributes(kind.attributes, before, part, around);
    const moves_ = moved.has(nameOf(part));
    if (changed.size === 0 && !moves_) continue;
    const position = moves_ ? [{ name: 'position', to: after === undefined ? 'first' : `after ${after}` }] : [];
    changes.push({ action: 'alter', object: part.id, attributes: [...shown, ...position], ...placeOf(part, around) });
    const refusals = refusalsOf(actions);
    if (refusals.length > 0) drafts.push(...refusals);
    else drafts.push(...kind.alter(part, before, changed, around, moves_ ? { name: after } : undefined));
  }
  return { changes, drafts, replaces: false };
}

/** What makes the live object the desired one; no changes when they mean the same. */
export function diffTrees(live: Tree, desired: Tree): Difference {
  const around: Around = { from: live, to: desired };
  const kind = rootKind(desired.root.id.kind);
  const { changed, shown, actions } = compareAttributes(kind.attributes, live.root, desired.root, around);
  const partNames = new Set([...live.parts, ...desired.parts].map(({ id }) => id.kind));
  const parts = [...partNames].map((name) => compareParts(name, around));
  const own: Change[] =
    changed.size > 0
      ? [{ action: 'alter', object: desired.root.id, attributes: shown, ...placeOf(desired.root, around) }]
      : [];
  const changes = [...own, ...parts.flatMap((part) => part.changes)];
  const refusals = refusalsOf(actions);
  const replaces = refusals.length === 0 && actions.includes('replace');
  if (replaces && kind.replace) {
    return { changes, drafts: [kind.replace(desired, live)], replaces };
  }
  const drafts = refusals.length > 0 || changed.size === 0 ? refusals : kind.alter(desired, live, changed);
  return { changes, drafts: [...drafts, ...parts.flatMap((part) => part.drafts)], replaces: false };
}
