/** Compares two trees of one object by their kinds' rules, and asks the kinds for the drafts that make one the other. */
import { rootKind } from '../kinds/index.ts';
import type { Around } from '../kinds/kind.ts';
import type { Tree } from '../model/object.ts';
import type { Change, Draft } from '../model/step.ts';
import { compareAttributes, refusalsOf } from './compare-attributes.ts';
import { compareParts } from './compare-parts.ts';

/** What an object needs: the changes as people read them, and the drafts that make them. */
export interface Difference {
  readonly changes: readonly Change[];
  readonly drafts: readonly Draft[];
  /** Whether the object is created anew. */
  readonly replaces: boolean;
}

/** What makes the live object the desired one; no changes when they mean the same. */
export function diffTrees(live: Tree, desired: Tree): Difference {
  const around: Around = { from: live, to: desired };
  const { id, place } = desired.root;
  const kind = rootKind(id.kind);
  const { changed, shown, actions } = compareAttributes(kind.attributes, live.root, desired.root, around);
  const partKinds = new Set([...live.parts, ...desired.parts].map((part) => part.id.kind));
  const parts = [...partKinds].flatMap((name) => compareParts(name, around));
  const own: Change[] =
    changed.size > 0 ? [{ action: 'alter', object: id, attributes: shown, ...(place && { place }) }] : [];
  const changes = [...own, ...parts.map((part) => part.change)];
  const refusals: Draft[] = refusalsOf(actions);
  const ofParts = parts.flatMap((part) => part.drafts);
  const replaces = actions.includes('replace') || ofParts.includes('replace');
  if (refusals.length === 0 && replaces && kind.replace) {
    return { changes, drafts: [kind.replace(desired, live)], replaces: true };
  }
  const drafts = refusals.length > 0 || changed.size === 0 ? refusals : kind.alter(desired, live, changed);
  return { changes, drafts: [...drafts, ...ofParts.filter((draft) => draft !== 'replace')], replaces: false };
}
