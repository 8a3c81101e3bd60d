/** Takes the drops of columns out of an alteration, for where something that still reads them has to change in between. */
import { RANK } from '../kinds/drafts.ts';
import { renamedColumns } from '../kinds/readers.ts';
import type { Change, Draft } from '../model/step.ts';
import type { Difference } from './diff.ts';

const dropsColumn = ({ action, object }: Change): boolean => action === 'drop' && object.kind === 'column';

const isColumnDrop = (draft: Draft): boolean =>
  'clause' in draft && draft.rank >= RANK.dropColumn && draft.rank < RANK.dropColumn + 1;

/**
 * Names that are no more when the alteration drops columns: theirs, and the old ones of those that it renames, since ClickHouse
 * drops none while a view reads any of them. None where nothing is dropped, or the object is created anew.
 */
export function lostNames({ changes, drafts, replaces }: Difference): string[] {
  if (replaces || drafts.some((draft) => 'refuse' in draft || 'recipe' in draft)) return [];
  const dropped = changes.filter(dropsColumn).map(({ object }) => object.path.at(-1) ?? '');
  return dropped.length === 0 ? [] : [...dropped, ...renamedColumns(changes)];
}

/** The alteration without its drops of columns, and those alone. */
export function withoutColumnDrops(difference: Difference): {
  readonly rest: Difference;
  readonly drops: Difference;
} {
  const { changes, drafts } = difference;
  return {
    rest: {
      ...difference,
      changes: changes.filter((change) => !dropsColumn(change)),
      drafts: drafts.filter((draft) => !isColumnDrop(draft)),
    },
    drops: { ...difference, changes: changes.filter(dropsColumn), drafts: drafts.filter(isColumnDrop) },
  };
}
