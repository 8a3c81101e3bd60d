/** The tasks of a plan go in; they come out in an order in which nobody may see more in between than before or after. */
import { rootKind } from '../kinds/index.ts';
import type { Task } from './sequence.ts';

/** Rights that only become fewer. */
function onlyTakes({ action, difference }: Task): boolean {
  const drafts = difference?.drafts ?? [];
  return (
    action === 'alter' &&
    drafts.length > 0 &&
    drafts.every(
      (draft) => 'statements' in draft && draft.statements.every((text) => text.startsWith('REVOKE ')),
    )
  );
}

const uncovers = ({ action, root }: Task): boolean =>
  action === 'drop' && rootKind(root.id.kind).hides === true;

/**
 * Rights are taken away before anything else, so that no policy is loosened for those who lose the table anyway; policies are
 * dropped when everybody has lost the rights that they are to lose. New rights come behind new policies by the order of kinds.
 */
export function inOrderOfRights(tasks: readonly Task[]): Task[] {
  return [
    ...tasks.filter(onlyTakes),
    ...tasks.filter((task) => !onlyTakes(task) && !uncovers(task)),
    ...tasks.filter(uncovers),
  ];
}
