/** Compares the attributes of two versions of one object by its kind's rules, and puts what differs into words. */
import { type Action, type Around, type NeedsRebuild, type Rule, ruleOf } from '../kinds/kind.ts';
import type { Attributes, AttributeValue, StateObject } from '../model/object.ts';
import type { AttributeChange, RefusalDraft } from '../model/step.ts';

export interface Compared {
  readonly changed: ReadonlySet<string>;
  readonly shown: readonly AttributeChange[];
  readonly actions: readonly Action[];
}

function equal(a: AttributeValue, b: AttributeValue): boolean {
  if (a === b) return true;
  if (typeof a !== 'object' || typeof b !== 'object') return false;
  const sorted = (value: object): string =>
    JSON.stringify(Object.entries(value).sort(([x], [y]) => (x < y ? -1 : 1)));
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

export function compareAttributes(
  rules: Readonly<Record<string, Action | Rule<AttributeValue>>>,
  live: StateObject,
  desired: StateObject,
  around: Around,
): Compared {
  const changed = new Set<string>();
  const shown: AttributeChange[] = [];
  const actions: Action[] = [];
  for (const [name, written] of Object.entries(rules)) {
    const [from, to] = [live.attributes[name], desired.attributes[name]];
    const rule = ruleOf(written);
    if (equal(from, to) || rule.same?.(from, to, around)) continue;
    const action =
      typeof rule.change === 'function' ? rule.change(from, to, around, desired.id) : rule.change;
    if (action === 'ignore') continue;
    changed.add(name);
    shown.push(attributeChange(name, from, to));
    actions.push(action);
  }
  return { changed, shown, actions };
}

export function refusalsOf(actions: readonly Action[]): RefusalDraft[] {
  return actions.filter((action) => typeof action === 'object' && 'refuse' in action);
}

/** Why the object must be rebuilt; none where it need not be. */
export function rebuildReasons(actions: readonly Action[]): NeedsRebuild[] {
  return actions.filter((action) => typeof action === 'object' && 'rebuild' in action);
}

/** All that an object is made of, on the side where it exists, but what is never shown. */
export function allAttributes(
  rules: Readonly<Record<string, Action | Rule<AttributeValue>>>,
  attributes: Attributes,
  side: 'from' | 'to',
): AttributeChange[] {
  const shown = Object.entries(attributes).filter(([name]) => rules[name] !== 'ignore');
  return shown.flatMap(([name, value]) => {
    const text = show(value);
    return text ? [{ name, [side]: text }] : [];
  });
}
