/** A task and all that differs on its node go in; what the task does to other objects, or what they keep it from, comes out. */
import { readerHazards, readerRefusals } from '../kinds/readers.ts';
import { type Consequences, consequences, meanwhile } from './dependents.ts';
import type { Difference } from './diff.ts';
import type { NodeDifferences } from './plan.ts';
import type { Task } from './sequence.ts';

export function sideEffects(
  { action, root, live, renames, readersFirst = [] }: Task,
  { changes }: Difference,
  { others, alters }: NodeDifferences,
): Consequences {
  const gone =
    live && (action === 'drop' || renames) ? consequences(live, others, renames === true) : undefined;
  const between =
    live && renames
      ? meanwhile(
          live,
          alters.map((alter) => alter.live),
        )
      : [];
  return {
    hazards: [
      ...readerHazards(
        root.id,
        changes,
        others,
        alters.filter(({ desired }) => !readersFirst.includes(desired)).map((alter) => alter.live),
      ),
      ...(gone?.hazards ?? []),
      ...between,
    ],
    refusals: [...readerRefusals(root.id, changes, others), ...(gone?.refusals ?? [])],
  };
}
