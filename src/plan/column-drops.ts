/** Takes the drops of columns out of an alteration, for where something that still reads them has to change in between. */
import { RANK } from '../kinds/drafts.ts';
import type { Change, Draft } from '../model/step.ts';
import type { Difference } from './diff.ts';

const dropsColumn = ({ action, object }: Change): boolean => action === 'drop' && object.kind === 'column';

const isColumnDrop = (draft: Draft): boolean =>
  'clause' in draft && draft.rank >= RANK.dropColumn && draft.rank < RANK.dropColumn + 1;

/** Names of the columns that the alteration drops; none where it does not run at all or creates the object anew. */
export function droppedColumns({ changes, drafts, replaces }: Difference): string[] {
  if (replaces || drafts.some((draft) => 'refuse' in draft || 'recipe' in draft)) return [];
  return changes.filter(dropsColumn).map(({ object }) => object.path.at(-1) ?? '');
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
