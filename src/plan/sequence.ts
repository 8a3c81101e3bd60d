/** Puts what a node needs in an order in which every creation, alteration and drop finds what it stands on. */
import { mentions } from '../kinds/mentions.ts';
import type { Root } from '../model/state.ts';
import type { ChangeAction } from '../model/step.ts';
import { droppedColumns, withoutColumnDrops } from './column-drops.ts';
import type { Difference } from './diff.ts';
import { creationOrder, needs } from './order.ts';

export interface Alteration {
  readonly live: Root;
  readonly desired: Root;
  readonly difference: Difference;
}

/** One step before it is written: what is to be done, to which object, and how it is live. */
export interface Task {
  readonly action: ChangeAction;
  readonly root: Root;
  readonly live?: Root;
  /** Of alterations and replacements only. */
  readonly difference?: Difference;
}

interface Readers {
  /** Drops of what an altered object still needs until it is altered. */
  readonly late: ReadonlySet<Root>;
  /** Whether something that changes in this plan reads one of these columns until then. */
  reads(table: Root, columns: readonly string[]): boolean;
}

function readersOf(alters: readonly Alteration[], drops: readonly Root[]): Readers {
  const found = needs([...drops, ...alters.map(({ live }) => live)]);
  const needed = new Map([...found].map(([root, { sure, likely }]) => [root, new Set([...sure, ...likely])]));
  const dropped = new Set(drops);
  const changing = alters.map(({ live }) => live);
  const late = new Set<Root>();
  for (const root of changing) {
    for (const other of needed.get(root) ?? []) {
      if (!dropped.has(other) || late.has(other)) continue;
      late.add(other);
      changing.push(other);
    }
  }
  return {
    late,
    reads: (table, columns) =>
      changing.some(
        (root) => needed.get(root)?.has(table) && columns.some((column) => mentions(root.statement, column)),
      ),
  };
}

/**
 * Drops come first, in reverse order of need, then the rest in order of need; what an altered object reads until it is
 * altered, other objects and columns alike, goes after it.
 */
export function sequence(
  creates: readonly Root[],
  alters: readonly Alteration[],
  drops: readonly Root[],
): Task[] {
  const { late, reads } = readersOf(alters, drops);
  const dropTasks = creationOrder(drops)
    .reverse()
    .map((root): Task => ({ action: 'drop', root, live: root }));
  const altered = new Map(alters.map((alter) => [alter.desired, alter]));
  const afterwards: Task[] = [];
  const rest = creationOrder([...creates, ...altered.keys()]).flatMap((root): Task[] => {
    const alter = altered.get(root);
    if (!alter) return [{ action: 'create', root }];
    const { live, difference } = alter;
    const task: Task = { action: difference.replaces ? 'replace' : 'alter', root, live, difference };
    if (!reads(live, droppedColumns(difference))) return [task];
    const { rest: before, drops: columns } = withoutColumnDrops(difference);
    afterwards.unshift({ ...task, difference: columns });
    return before.changes.length > 0 ? [{ ...task, difference: before }] : [];
  });
  return [
    ...dropTasks.filter(({ root }) => !late.has(root)),
    ...rest,
    ...dropTasks.filter(({ root }) => late.has(root)),
    ...afterwards,
  ];
}
