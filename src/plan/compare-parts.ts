/** Compares the parts of one kind inside two trees: gone, altered or moved, and new ones, in the desired order. */
import { partKind } from '../kinds/index.ts';
import type { Around, PartDraft, PartKind } from '../kinds/kind.ts';
import { keyOf, type StateObject, type Tree } from '../model/object.ts';
import type { Change } from '../model/step.ts';
import { allAttributes, compareAttributes, rebuildReasons, refusalsOf } from './compare-attributes.ts';
import { moves } from './moves.ts';

/** A part's change for people, and the drafts that make it. */
export interface PartDifference {
  readonly change: Change;
  readonly drafts: readonly PartDraft[];
}

const nameOf = (part: StateObject): string => part.id.path.at(-1) ?? '';

function changeOf(
  action: Change['action'],
  part: StateObject,
  around: Around,
  attributes: Change['attributes'],
): Change {
  const place = part.place ?? around.to.root.place;
  return { action, object: part.id, attributes, ...(place && { place }) };
}

export function dropped(kind: PartKind, part: StateObject, around: Around): PartDifference {
  // The live part has no place of its own: the declaration of its table no longer has it.
  const { place: _place, ...gone } = part;
  const change = changeOf('drop', gone, around, allAttributes(kind.attributes, part.attributes, 'from'));
  return { change, drafts: kind.drop(part, around) };
}

function created(
  kind: PartKind,
  part: StateObject,
  around: Around,
  after: string | undefined,
): PartDifference {
  const change = changeOf('create', part, around, allAttributes(kind.attributes, part.attributes, 'to'));
  return { change, drafts: kind.create(part, around, after) };
}

/** `after` is given where the part has to move: the name of the part it must follow, undefined for the first place. */
function altered(
  kind: PartKind,
  live: StateObject,
  desired: StateObject,
  around: Around,
  after?: { readonly name: string | undefined },
): PartDifference | undefined {
  const { changed, shown, actions } = compareAttributes(kind.attributes, live, desired, around);
  const old = live.renamedFrom?.at(-1);
  if (changed.size === 0 && !after && old === undefined) return undefined;
  const to = after?.name === undefined ? 'first' : `after ${after.name}`;
  const change = changeOf('alter', desired, around, [
    ...(old === undefined ? [] : [{ name: 'name', from: old, to: nameOf(desired) }]),
    ...shown,
    ...(after ? [{ name: 'position', to }] : []),
  ]);
  const blocking = [...refusalsOf(actions), ...rebuildReasons(actions)];
  if (blocking.length > 0) return { change, drafts: blocking };
  const renames = old === undefined ? [] : (kind.rename?.(desired, live, around) ?? []);
  const alters = changed.size > 0 || after ? kind.alter(desired, live, changed, around, after) : [];
  return { change, drafts: [...renames, ...alters] };
}

export function compareParts(kindName: string, around: Around): PartDifference[] {
  const kind = partKind(kindName);
  if (kind.leftToServer?.(around)) return [];
  const ofKind = (tree: Tree): StateObject[] => tree.parts.filter(({ id }) => id.kind === kindName);
  const [live, desired] = [ofKind(around.from), ofKind(around.to)];
  const liveByKey = new Map(live.map((part) => [keyOf(part.id), part]));
  const kept = new Set(desired.map((part) => keyOf(part.id)));
  const moved = kind.ordered ? moves(live.map(nameOf), desired.map(nameOf)) : new Set<string>();
  const drops = live.filter((part) => !kept.has(keyOf(part.id))).map((part) => dropped(kind, part, around));
  const others = desired.flatMap((part, at) => {
    const previous = desired[at - 1];
    const after = previous && nameOf(previous);
    const before = liveByKey.get(keyOf(part.id));
    if (!before) return [created(kind, part, around, after)];
    const move = moved.has(nameOf(part)) ? { name: after } : undefined;
    return altered(kind, before, part, around, move) ?? [];
  });
  return [...drops, ...others];
}
