/** Puts what a node needs in an order in which every creation, alteration and drop finds what it stands on. */
import { hazard, statement } from '../kinds/drafts.ts';
import { rootKind } from '../kinds/index.ts';
import { mentions } from '../kinds/mentions.ts';
import { keyOf, showPath } from '../model/object.ts';
import type { Root } from '../model/state.ts';
import type { Change, ChangeAction } from '../model/step.ts';
import { lostNames, withoutColumnDrops } from './column-drops.ts';
import { isHeldBy } from './dependents.ts';
import { type Difference, diffTrees } from './diff.ts';
import { creationOrder, needs } from './order.ts';
import { inOrderOfRights } from './order-of-rights.ts';

export interface Alteration {
  readonly live: Root;
  readonly desired: Root;
  readonly difference: Difference;
  /** Whether it is live under another name, which it gives up. */
  readonly renames: boolean;
  /** Those that read what a rebuild takes away: they change before it. */
  readonly readersFirst?: readonly Root[];
  /** What is done when all that reads the object has changed. */
  readonly later?: Difference;
}

/** One step before it is written: what is to be done, to which object, and how it is live. */
export interface Task {
  readonly action: ChangeAction;
  readonly root: Root;
  readonly live?: Root;
  /** Of alterations, replacements and renames only. */
  readonly difference?: Difference;
  readonly renames?: boolean;
  /** Whether a server would not rename it, because of something that changes in a later step. */
  readonly held?: boolean;
  /** Readers of the object that have changed in steps before. */
  readonly readersFirst?: readonly Root[];
}

interface Readers {
  /** Drops of what an altered object still needs until it is altered. */
  readonly late: ReadonlySet<Root>;
  /** Whether something that changes in this plan reads one of these columns until then. */
  reads(table: Root, columns: readonly string[]): boolean;
  /** Whether the one live object speaks of the other. */
  needs(root: Root, other: Root): boolean;
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
    needs: (root, other) => needed.get(root)?.has(other) ?? false,
  };
}

const SEND_ON = /\bENGINE = (Distributed|Buffer)\b/;

/**
 * What sends rows on to a table that gets another name is dropped before, and created after it: what it holds is flushed
 * while the table is there, and an insert in between fails instead of being lost.
 */
function detached(alter: Alteration): Task {
  const { live, desired, difference } = alter;
  const draft = rootKind(live.id.kind).drop(live.tree());
  const gone = hazard('blocks writes', 'it is created anew in a later step, and does not exist until then');
  const drop = 'statements' in draft ? statement(draft.statements, 'rebuild', [gone]) : draft;
  return { action: 'replace', root: desired, live, difference: { ...difference, drafts: [drop] } };
}

/** Materialized views follow at once what they read: rows that come in between do not pass through them. */
function pulledForward(tasks: readonly Task[], readers: Readers): Task[] {
  const wanted = needs(tasks.map(({ root }) => root));
  const rest = [...tasks];
  const ordered: Task[] = [];
  const done = new Set<Root>();
  const isReady = ({ root }: Task): boolean =>
    [...(wanted.get(root)?.sure ?? [])].every((other) => done.has(other));
  for (let task = rest.shift(); task; task = rest.shift()) {
    const { live, root, renames } = task;
    ordered.push(task);
    done.add(root);
    if (!renames || !live) continue;
    const follows = (next: Task): boolean =>
      next.live?.id.kind === 'materialized view' && readers.needs(next.live, live) && isReady(next);
    const followers = rest.filter(follows);
    rest.unshift(...followers, ...rest.splice(0).filter((next) => !followers.includes(next)));
  }
  return ordered;
}

/** Without a policy a role would see all rows: whoever may read the table goes before. */
function policiesLast(roots: readonly Root[]): Root[] {
  const isPolicy = ({ id }: Root): boolean => id.kind === 'row policy';
  return [...roots.filter((root) => !isPolicy(root)), ...roots.filter(isPolicy)];
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
  const readers = readersOf(alters, drops);
  const renamed = alters.filter(({ renames }) => renames).map(({ live }) => live);
  const dropTasks = policiesLast(creationOrder(drops).reverse()).map(
    (root): Task => ({ action: 'drop', root, live: root }),
  );
  const altered = new Map(alters.map((alter) => [alter.desired, alter]));
  const before: Task[] = [];
  const afterwards: Task[] = [];
  const taskOf = (alter: Alteration): Task[] => {
    const { live, desired: root, difference, renames } = alter;
    const sendsOn = difference.replaces && !renames && SEND_ON.test(live.statement);
    if (sendsOn && renamed.some((other) => readers.needs(live, other))) {
      before.push(detached(alter));
      return [{ action: 'create', root }];
    }
    const held = alters.some(
      (other) => other !== alter && isHeldBy(other.live) && readers.needs(other.live, live),
    );
    const action = renames ? 'rename' : difference.replaces ? 'replace' : 'alter';
    const { readersFirst = [], later } = alter;
    const task: Task = { action, root, live, difference: shown(alter), renames, held, readersFirst };
    if (later) afterwards.unshift({ action: 'alter', root, live, difference: later });
    if (!readers.reads(live, lostNames(difference))) return [task];
    const { rest, drops: columns } = withoutColumnDrops(shown(alter));
    afterwards.unshift({ action: 'alter', root, live, difference: columns });
    return rest.changes.length > 0 ? [{ ...task, difference: rest }] : [];
  };
  const first = new Map(alters.map(({ desired, readersFirst = [] }) => [desired, readersFirst]));
  const finishing: Task[] = [];
  const created = (root: Root): Task[] => {
    const unfinished = rootKind(root.id.kind).unfinished?.(root.tree());
    if (unfinished) finishing.push({ action: 'alter', root, difference: diffTrees(unfinished, root.tree()) });
    return [{ action: 'create', root }];
  };
  const rest = creationOrder([...creates, ...altered.keys()], first).flatMap((root): Task[] => {
    const alter = altered.get(root);
    if (!alter) return created(root);
    if (!rootKind(root.id.kind).unfinished) return taskOf(alter);
    finishing.push(...taskOf(alter));
    return [];
  });
  return inOrderOfRights([
    ...dropTasks.filter(({ root }) => !readers.late.has(root)),
    ...before,
    ...(renamed.length > 0 ? pulledForward(rest, readers) : rest),
    ...dropTasks.filter(({ root }) => readers.late.has(root)),
    ...afterwards,
    ...finishing,
  ]);
}

/** The new name is told before everything else. */
function shown({ live, desired, difference, renames }: Alteration): Difference {
  if (!renames) return difference;
  const [own, ...parts] = difference.changes;
  const isOwn = own !== undefined && keyOf(own.object) === keyOf(desired.id);
  const name = { name: 'name', from: showPath(live.id.path), to: showPath(desired.id.path) };
  const change: Change = {
    action: 'rename',
    object: desired.id,
    attributes: [name, ...(isOwn ? own.attributes : [])],
    ...(desired.place && { place: desired.place }),
  };
  return { ...difference, changes: [change, ...(isOwn ? parts : difference.changes)] };
}
