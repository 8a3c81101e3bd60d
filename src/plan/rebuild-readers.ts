/**
 * Rebuilds and all else that changes go in; each rebuild in an order, or with columns kept for so long, that nothing which reads
 * the table fails in between comes out.
 */
import { withColumnsKept } from '../kinds/kept-columns.ts';
import { freshColumns, goneColumns, readsColumn, viewsOver } from '../kinds/readers.ts';
import { pathKey, showId, type Tree } from '../model/object.ts';
import type { Root, State } from '../model/state.ts';
import { diffTrees } from './diff.ts';
import { canGoFirst } from './order.ts';
import { rebuildAround } from './rebuild-around.ts';
import type { Alteration } from './sequence.ts';

const isRebuilt = ({ difference: { drafts }, renames }: Alteration): boolean =>
  !renames && drafts.some((draft) => 'recipe' in draft) && !drafts.some((draft) => 'refuse' in draft);

/** The views that read what goes with the rebuild, and don't when they have changed in this plan. */
function leavingReaders(alter: Alteration, alters: readonly Alteration[]): Alteration[] {
  const gone = goneColumns(alter.difference.changes);
  const views = new Set(
    viewsOver(
      alter.live.id,
      alters.map(({ live }) => live),
    ),
  );
  return alters.filter(
    ({ live, desired }) =>
      views.has(live) && gone.some((name) => readsColumn(live, name) && !readsColumn(desired, name)),
  );
}

/** A declared tree as it is when it is live: nothing in it is to be renamed any more. */
const asLive = ({ root, parts }: Tree): Tree => ({
  root,
  parts: parts.map(({ renamedFrom: _old, ...part }) => part),
});

/** The rebuild keeps what is read until then; that goes with an ALTER when the readers have changed. */
function keepingColumns(alter: Alteration, readers: readonly Alteration[], state: State): Alteration {
  const { live, desired, difference } = alter;
  const wanted = goneColumns(difference.changes).filter((name) =>
    readers.some((reader) => readsColumn(reader.live, name)),
  );
  const between = withColumnsKept(live.tree(), desired.tree(), wanted);
  const later = diffTrees(asLive(between), desired.tree());
  if (later.drafts.some((draft) => !('clause' in draft))) {
    const views = readers.map((reader) => showId(reader.live.id)).join(', ');
    const refuse =
      `${views} would fail between the rebuild and its own change, and the new engine drops no columns afterwards: ` +
      'change it in one apply so that it reads no column that comes or goes, and the table in the next';
    return { ...alter, difference: { ...difference, drafts: [{ refuse }] } };
  }
  const [database = ''] = live.id.path;
  const taken = (name: string): boolean => state.has(pathKey([database, name]));
  const rebuild = rebuildAround(diffTrees(live.tree(), between, taken), desired.id, state);
  return { ...alter, difference: rebuild, later };
}

/**
 * Where a table loses columns in a rebuild, views that read them and change in the same plan change first if they can do so on
 * the old table; else the new table keeps those columns until the views have changed.
 */
export function besideReaders(
  creates: readonly Root[],
  alters: readonly Alteration[],
  state: State,
): Alteration[] {
  const nodes = [...creates, ...alters.map(({ desired }) => desired)];
  const first = new Map<Root, readonly Root[]>();
  return alters.map((alter) => {
    const readers = isRebuilt(alter) ? leavingReaders(alter, alters) : [];
    if (readers.length === 0) return alter;
    const readersFirst = readers.map(({ desired }) => desired);
    const fresh = freshColumns(alter.difference.changes);
    const needsFresh = readersFirst.some((view) => fresh.some((name) => readsColumn(view, name)));
    if (needsFresh || !canGoFirst(readersFirst, alter.desired, nodes, first))
      return keepingColumns(alter, readers, state);
    first.set(alter.desired, readersFirst);
    return { ...alter, readersFirst };
  });
}
