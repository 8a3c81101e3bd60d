/** Compares two trees of one object by their kinds' rules, and asks the kinds for the drafts that make one the other. */
import { RANK } from '../kinds/drafts.ts';
import { partKind, rootKind } from '../kinds/index.ts';
import type { Around, PartDraft } from '../kinds/kind.ts';
import { alikeNested } from '../kinds/nested.ts';
import { renamedColumns } from '../kinds/renamed-columns.ts';
import { type StateObject, showId, type Tree } from '../model/object.ts';
import type { Change, Draft } from '../model/step.ts';
import { compareAttributes, rebuildReasons, refusalsOf } from './compare-attributes.ts';
import { compareParts, dropped, type PartDifference } from './compare-parts.ts';
import { isDraft, rebuildDraft } from './rebuild.ts';

/** What an object needs: the changes as people read them, and the drafts that make them. */
export interface Difference {
  readonly changes: readonly Change[];
  readonly drafts: readonly Draft[];
  /** Whether the object is created anew. */
  readonly replaces: boolean;
}

function bothLive({ id, renamedFrom, place }: StateObject): PartDifference {
  const old = { ...id, path: renamedFrom ?? [] };
  const refuse = `${showId(old)} and ${showId(id)} are both live: drop one of them, or remove \`renamed_from\``;
  return {
    change: { action: 'alter', object: id, attributes: [], ...(place && { place }) },
    drafts: [{ refuse }],
  };
}

/** A part that goes before the columns are renamed which it is made of. */
function inTheWay(part: StateObject, around: Around): PartDifference {
  const { change, drafts } = dropped(partKind(part.id.kind), part, around);
  const early = (draft: PartDraft): PartDraft =>
    typeof draft === 'object' && 'clause' in draft ? { ...draft, rank: RANK.beforeRename } : draft;
  return { change, drafts: drafts.map(early) };
}

/**
 * What makes the live object the desired one; no changes when they mean the same. `taken` says whether a name beside the
 * object is in use.
 */
export function diffTrees(
  live: Tree,
  declared: Tree,
  taken: (name: string) => boolean = () => false,
): Difference {
  const { desired, flat } = alikeNested(live, declared);
  const renamed = renamedColumns(live, desired);
  const around: Around = { from: renamed.live, to: desired };
  const { id, place } = desired.root;
  const kind = rootKind(id.kind);
  const { changed, shown, actions } = compareAttributes(
    kind.attributes,
    around.from.root,
    desired.root,
    around,
  );
  const partKinds = new Set([...live.parts, ...desired.parts].map((part) => part.id.kind));
  const parts = [
    ...renamed.ambiguous.map((part) => bothLive(part)),
    ...renamed.obstacles.map((part) => inTheWay(part, around)),
    ...[...partKinds].flatMap((name) => compareParts(name, around)),
  ];
  const own: Change[] =
    changed.size > 0 ? [{ action: 'alter', object: id, attributes: shown, ...(place && { place }) }] : [];
  const changes = [...own, ...parts.map((part) => part.change)];
  const refusals: Draft[] = refusalsOf(actions);
  const ofParts = parts.flatMap((part) => part.drafts);
  const refused = [...refusals, ...ofParts.filter(isDraft).filter((draft) => 'refuse' in draft)];
  const ofRoot = changed.size > 0 ? kind.alter(desired, around.from, changed) : [];
  const copied = flat ? { from: renamedColumns(flat.from, flat.to).live, to: flat.to } : around;
  const rebuild = rebuildDraft(copied, rebuildReasons(actions), [...ofRoot, ...ofParts], taken);
  if (rebuild) return { changes, drafts: refused.length > 0 ? refused : [rebuild], replaces: false };
  const replaces = actions.includes('replace') || ofParts.includes('replace');
  if (refusals.length === 0 && replaces && kind.replace) {
    return { changes, drafts: [kind.replace(desired, live)], replaces: true };
  }
  const drafts = refusals.length > 0 ? refusals : ofRoot;
  return { changes, drafts: [...drafts, ...ofParts.filter(isDraft)], replaces: false };
}
