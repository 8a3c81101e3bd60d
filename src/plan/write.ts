/** A task and its drafts go in; the statements that do it come out, a new name last. */
import { rootKind } from '../kinds/index.ts';
import type { Draft } from '../model/step.ts';
import { type Folded, fold } from './fold.ts';
import type { Task } from './sequence.ts';

/** Every replica renames its own table, while one of them alters it for all. */
const TWICE: Draft = { refuse: 'a replicated table is renamed in one apply, and altered in the next' };

/** A rebuild is found again by its table's name. */
const REBUILT: Draft = { refuse: 'a table is renamed in one apply, and rebuilt in the next' };

/** Everything else is done under the old name, so that whoever speaks of the object can follow right after the rename. */
export function write({ root, live, renames, held }: Task, drafts: readonly Draft[]): Folded {
  if (!renames || !live) return fold(root.id, drafts);
  const missing: Draft = { refuse: `a ${root.id.kind} can't be renamed` };
  const kind = rootKind(root.id.kind);
  const shared = drafts.length > 0 && kind.replication?.(live.tree()) !== undefined;
  const rebuilt = drafts.some((draft) => 'recipe' in draft);
  const rename = shared ? TWICE : rebuilt ? REBUILT : (kind.rename?.(root.tree(), live.tree()) ?? missing);
  const folded = fold(live.id, 'refuse' in rename ? [...drafts, rename] : drafts);
  if ('refuse' in rename || folded.refusals.length > 0) return folded;
  const end = held ? ' SETTINGS check_table_dependencies = 0' : '';
  const statements = 'statements' in rename ? rename.statements.map((text) => text + end) : [];
  return { ...folded, statements: [...folded.statements, ...statements] };
}
