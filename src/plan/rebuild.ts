/** Gives a rebuild its names and its hazards, and finds the views that must stand still while it is at work. */
import { rootKind } from '../kinds/index.ts';
import type { Around, NeedsRebuild, PartDraft } from '../kinds/kind.ts';
import { keyOf, type ObjectId, type Tree } from '../model/object.ts';
import type { RebuildNames } from '../model/rebuild.ts';
import type { Draft, Hazard, RebuildDraft, RefusalDraft } from '../model/step.ts';
import { digest } from './fingerprint.ts';

const KEPT = /_plumbline_old_[0-9a-f]{8}$/;
const UNFINISHED = /_plumbline_(new|late)_[0-9a-f]{8}$/;

/** Whether a table of this name is what a rebuild left for people to look at. */
export function isKeptName(name: string): boolean {
  return KEPT.test(name);
}

/** Whether a table of this name is one that a rebuild fills. */
export function isUnfinishedName(name: string): boolean {
  return UNFINISHED.test(name);
}

/** Whether an object is there only because another was rebuilt: nobody means to declare it. */
export function isOfRebuild({ kind, path: [, name = ''] }: ObjectId): boolean {
  return kind === 'table' && (isKeptName(name) || isUnfinishedName(name));
}

/** Of the texts that create both versions: the same for a plan made again. */
function namesOf(live: Tree, desired: Tree, taken: (name: string) => boolean): RebuildNames {
  const { id } = desired.root;
  const text = (tree: Tree): string => {
    const draft = rootKind(id.kind).create(tree);
    return 'statements' in draft ? draft.statements.join('\n') : '';
  };
  const name = id.path.at(-1) ?? '';
  for (let attempt = 0; ; attempt++) {
    const short = digest(JSON.stringify([keyOf(id), text(live), text(desired), attempt])).slice(0, 8);
    const old = `${name}_plumbline_old_${short}`;
    // The same change may have been made before, and undone since.
    if (taken(old)) continue;
    return {
      id: short,
      shadow: `${name}_plumbline_new_${short}`,
      late: `${name}_plumbline_late_${short}`,
      old,
    };
  }
}

const asked = (draft: PartDraft): draft is NeedsRebuild => typeof draft === 'object' && 'rebuild' in draft;

const KEPT_HAZARDS: ReadonlySet<Hazard['kind']> = new Set(['loses data', 'changes results']);

/** What the other changes do to rows stays worth knowing; that rows are rewritten says the rebuild itself. */
function hazardsOf(
  reasons: readonly NeedsRebuild[],
  others: readonly PartDraft[],
  { hazards: own, moot }: RebuildDraft,
): Hazard[] {
  const why = [...new Set(reasons.map(({ rebuild }) => rebuild))].join('; ');
  const told = others.flatMap((draft) =>
    typeof draft === 'object' && 'hazards' in draft ? draft.hazards : ([] as Hazard[]),
  );
  const all: Hazard[] = [
    { kind: 'rewrites data', reason: `copies all rows into a new table: ${why}` },
    ...told.filter(({ kind, reason }) => KEPT_HAZARDS.has(kind) && !moot.has(reason)),
    ...own,
  ];
  return all.filter(({ reason }, at) => all.findIndex((other) => other.reason === reason) === at);
}

/** The draft that makes all changes of an object at once; undefined where none of them asks for a rebuild. */
export function rebuildDraft(
  { from: live, to: desired }: Around,
  ofRoot: readonly NeedsRebuild[],
  drafts: readonly PartDraft[],
  taken: (name: string) => boolean,
): RebuildDraft | RefusalDraft | undefined {
  const reasons = [...ofRoot, ...drafts.filter(asked)];
  const [first] = reasons;
  if (!first) return undefined;
  const kind = rootKind(desired.root.id.kind);
  if (!kind.rebuild) return { refuse: first.rebuild };
  const names = namesOf(live, desired, taken);
  const draft = kind.rebuild(desired, live, names);
  if ('refuse' in draft) return { refuse: `${first.rebuild}, and ${draft.refuse}` };
  return { ...draft, hazards: hazardsOf(reasons, drafts, draft) };
}

export const isDraft = (draft: PartDraft): draft is Draft =>
  typeof draft === 'object' && !('rebuild' in draft);
