/** Makes the plan of one node from its live and its desired state: the steps in order, and what a person must read. */
import { rootKind } from '../kinds/index.ts';
import { secretsIn } from '../kinds/secret.ts';
import type { Prune } from '../model/estate.ts';
import type { Finding } from '../model/finding.ts';
import { nameKey, type ObjectId, pathKey, showId, type Tree } from '../model/object.ts';
import type { LeftRebuild } from '../model/rebuild.ts';
import type { Root, State } from '../model/state.ts';
import type { Impact, Step } from '../model/step.ts';
import { ParseError } from '../sql/cursor.ts';
import { TokenError } from '../sql/tokens.ts';
import { type Difference, diffTrees } from './diff.ts';
import { fingerprint } from './fingerprint.ts';
import { apartLocal } from './local-changes.ts';
import { mayPrune } from './prune.ts';
import { rebuildAround } from './rebuild-around.ts';
import { isKept } from './rebuild-kept.ts';
import { leftNames, leftSteps } from './rebuild-left.ts';
import { besideReaders } from './rebuild-readers.ts';
import { refusedRename, renamedRoot, underNewName, underOldName } from './renames.ts';
import { missingFromRoundTrip } from './round-trip.ts';
import { type Alteration, sequence, type Task } from './sequence.ts';
import { sideEffects } from './side-effects.ts';
import { write } from './write.ts';

export interface NodeDifferences {
  readonly creates: readonly Root[];
  readonly drops: readonly Root[];
  readonly alters: readonly Alteration[];
  /** Live objects that no declaration names and nothing may drop. */
  readonly unmanaged: readonly Root[];
  /** Live objects that stay as they are. */
  readonly others: readonly Root[];
  readonly findings: readonly Finding[];
}

function about(rule: string, message: string, { id, place }: Root): Finding {
  return { severity: 'error', rule, message, object: nameKey(id), ...(place && { place }) };
}

function notUnderstood(desired: Root, reason: string): Finding {
  return about(
    'not-understood',
    `${showId(desired.id)} is not fully understood and left alone: ${reason}`,
    desired,
  );
}

function differ(live: Root, desired: Tree): boolean {
  try {
    return diffTrees(live.tree(), desired).changes.length > 0;
  } catch (error) {
    if (error instanceof ParseError || error instanceof TokenError) return true;
    throw error;
  }
}

/** Compares an object that is known by its text alone; what must not be touched is told and left as it is. */
function compareTexts(live: Root, desired: Root): Difference | Finding | undefined {
  const { overAny } = rootKind(desired.id.kind);
  const understood = overAny?.understood(desired.tree(), live.id);
  if (!overAny || (understood && !differ(live, understood))) return undefined;
  const difference = diffTrees(overAny.read({ id: desired.id, statement: live.statement }), desired.tree());
  const refusals = difference.drafts.flatMap((draft) => ('refuse' in draft ? [draft.refuse] : []));
  if (refusals.length > 0) {
    const message = `${showId(desired.id)} is not as declared and left alone: ${refusals.join('; ')}`;
    return { ...about('raw-differs', message, desired), severity: 'warning' };
  }
  return difference.changes.length > 0 ? difference : undefined;
}

const holdsSecret = ({ statement }: Root): boolean => secretsIn(statement).length > 0;

/** The live tree to compare with; where secrets are refreshed, those that a statement can write again differ. */
function liveTree(live: Root, desired: Root, refresh: boolean): Tree {
  const { stale } = rootKind(desired.id.kind);
  return refresh && stale && holdsSecret(desired) ? stale(live.tree(), desired.tree()) : live.tree();
}

function notRefreshed(live: Root, desired: Root): Finding | undefined {
  if (!holdsSecret(desired) || rootKind(desired.id.kind).stale) return undefined;
  const message = `the secrets of ${showId(live.id)} are not written again: no statement does that to what is there`;
  return { ...about('not-refreshed', message, desired), severity: 'warning' };
}

/** Compares two roots, or says why the live one can't be compared. */
function compareRoots(
  live: Root,
  desired: Root,
  state: State,
  refresh: boolean,
): Difference | Finding | undefined {
  if (live.statement === desired.statement && !(refresh && holdsSecret(desired))) return undefined;
  if (rootKind(desired.id.kind).overAny) return compareTexts(live, desired);
  if (live.id.kind !== desired.id.kind) {
    const message = `a ${live.id.kind} is live where ${showId(desired.id)} is declared; drop or rename it first`;
    return about('other-kind', message, desired);
  }
  try {
    const missing = missingFromRoundTrip(live);
    if (missing) return notUnderstood(desired, missing);
    const [database = ''] = live.id.path;
    const taken = (name: string): boolean => state.has(pathKey([database, name]));
    const difference = diffTrees(liveTree(live, desired, refresh), desired.tree(), taken);
    return difference.changes.length > 0 ? rebuildAround(difference, desired.id, state) : undefined;
  } catch (error) {
    if (error instanceof ParseError || error instanceof TokenError)
      return notUnderstood(desired, error.message);
    throw error;
  }
}

/** What the object that is live under its old name needs beside the new one. */
function compareRenamed(
  old: Root,
  desired: Root,
  live: State,
  state: State,
  refresh: boolean,
): Difference | Finding {
  const refusal = refusedRename(old, desired, live, state);
  if (refusal) return about('rename-refused', refusal, desired);
  const difference = compareRoots(old, underOldName(desired, old), live, refresh);
  if (difference && 'rule' in difference) return difference;
  return underNewName(difference ?? { changes: [], drafts: [], replaces: false }, desired, old);
}

/** Whoever made the old name anew may mean anything. */
function bothLive(live: State, desired: Root): Finding | undefined {
  const { id, renamedFrom } = desired;
  const old = renamedFrom && live.get(pathKey(renamedFrom));
  if (!old || !live.has(nameKey(id))) return undefined;
  const message = `${showId(old.id)} and ${showId(id)} are both live: drop one of them, or remove \`renamed_from\``;
  return about('renamed-and-live', message, desired);
}

const comesWithServer = ({ id, statement }: Root): boolean =>
  (id.kind === 'database' && id.path[0] === 'default') ||
  rootKind(id.kind).comesWithServer?.(statement) === true;

const isException = ({ id, statement }: Root): boolean => rootKind(id.kind).isException?.(statement) === true;

const isWorthTelling = ({ id, statement }: Root, isDeclared: (key: string) => boolean): boolean =>
  rootKind(id.kind)
    .concerns?.(statement)
    .some((one) => isDeclared(nameKey(one))) ?? true;

/** The roots by name: servers and files list them in any order, plans in one. */
function sorted(state: State): Root[] {
  return [...state].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, root]) => root);
}

export interface Wanted {
  readonly state: State;
  /** Names that are declared, but left alone. */
  readonly blocked: ReadonlySet<string>;
  /** Names of what must not be there. */
  readonly absent?: ReadonlySet<string>;
}

/**
 * What differs between the live and the desired state of one node; `blocked` names are declared, but left alone, and so are
 * the tables of rebuilds that were left unfinished. `refresh` has secrets written again.
 */
export function diffStates(
  live: State,
  { state: desired, blocked, absent }: Wanted,
  prune: ReadonlyMap<string, Prune>,
  left: readonly LeftRebuild[] = [],
  refresh = false,
): NodeDifferences {
  const alters: Alteration[] = [];
  const findings: Finding[] = [];
  const renamed = new Map<string, Root>();
  for (const root of sorted(desired)) {
    const old = renamedRoot(live, root);
    const before = old ?? live.get(nameKey(root.id));
    if (old) renamed.set(nameKey(root.id), old);
    const difference =
      before &&
      (old ? compareRenamed(old, root, live, desired, refresh) : compareRoots(before, root, live, refresh));
    const both = bothLive(live, root);
    if (both) findings.push(both);
    const unwritten = refresh && before ? notRefreshed(before, root) : undefined;
    if (unwritten) findings.push(unwritten);
    if (!before || !difference) continue;
    if ('rule' in difference) findings.push(difference);
    else alters.push({ live: before, desired: root, difference, renames: old !== undefined });
  }
  const oldNames = new Set([...renamed.values()].map(({ id }) => nameKey(id)));
  const ours = new Set([...oldNames, ...leftNames(left)]);
  const isDeclared = (key: string): boolean => desired.has(key) || blocked.has(key) || ours.has(key);
  const undeclared = sorted(live).filter((root) => !isDeclared(nameKey(root.id)));
  // A database of the same name can stand on a cluster for which nobody declared it.
  const pruned = new Map([...prune].filter(([database]) => isDeclared(pathKey([database]))));
  const mayDrop = (root: Root): boolean =>
    mayPrune(root, pruned) ||
    (absent?.has(nameKey(root.id)) === true && !comesWithServer(root) && !isException(root));
  const drops = undeclared.filter(mayDrop);
  const changing = new Set([...drops, ...alters.map((alter) => alter.live)]);
  const creates = [...desired.values()].filter(
    ({ id }) => !live.has(nameKey(id)) && !renamed.has(nameKey(id)),
  );
  return {
    creates,
    drops,
    alters: besideReaders(creates, alters, live),
    others: [...live.values()].filter((root) => !changing.has(root)),
    unmanaged: undeclared.filter(
      (root) => !mayDrop(root) && !comesWithServer(root) && isWorthTelling(root, isDeclared),
    ),
    findings,
  };
}

/** Names of the live objects that the steps touch, or that were kept: those whose impact is worth asking for. */
export function touched({ drops, alters, unmanaged }: NodeDifferences): readonly ObjectId[] {
  const kept = unmanaged.filter(isKept);
  return [...drops.map(({ id }) => id), ...alters.map(({ live }) => live.id), ...kept.map(({ id }) => id)];
}

/** What a creation or a drop of a whole object comes to. */
function whole({ action, root }: Task): Difference {
  const kind = rootKind(root.id.kind);
  const tree = root.tree();
  const draft = action === 'create' ? kind.create(kind.unfinished?.(tree) ?? tree) : kind.drop(tree);
  const place = root.place && { place: root.place };
  return {
    changes: [{ action, object: root.id, attributes: [], ...place }],
    drafts: [draft],
    replaces: false,
  };
}

/** A step, and whether the server carries it over to the other replicas of a table. */
export interface ReachingStep extends Step {
  readonly reaches?: 'replicas';
}

/** A task as what it comes to: alterations of a replicated table apart by how far they reach. */
function partsOf(task: Task): { readonly difference: Difference; readonly reaches?: 'replicas' }[] {
  const difference = task.difference ?? whole(task);
  const kind = rootKind(task.root.id.kind);
  const replication = task.action === 'alter' && task.live ? kind.replication?.(task.live.tree()) : undefined;
  const refused = difference.drafts.some((draft) => 'refuse' in draft);
  if (replication === undefined || refused) return [{ difference }];
  return apartLocal(difference).map(({ difference, isLocal }) =>
    isLocal ? { difference } : { difference, reaches: 'replicas' },
  );
}

/**
 * The steps that make the live state the desired one, in an order in which each finds what it needs; what was left of rebuilds
 * is finished or cleared first.
 */
export function stepsOf(
  differences: NodeDifferences,
  impacts: ReadonlyMap<string, Impact>,
  left: readonly LeftRebuild[] = [],
): ReachingStep[] {
  const tasks = sequence(differences.creates, differences.alters, differences.drops);
  const parts = tasks.flatMap((task) => partsOf(task).map((part) => ({ ...task, ...part })));
  const steps = parts.map((task): ReachingStep => {
    const { action, root, live, difference, reaches } = task;
    const impact = live && impacts.get(nameKey(live.id));
    const effects = sideEffects(task, difference, differences);
    const folded = write(task, [...difference.drafts, ...effects.refusals]);
    return {
      action,
      object: root.id,
      ...folded,
      hazards: [...folded.hazards, ...effects.hazards],
      changes: difference.changes,
      fingerprint: fingerprint(live?.statement),
      ...(impact && { impact }),
      ...(root.place && { place: root.place }),
      ...(reaches && { reaches }),
    };
  });
  return [...leftSteps(left, steps), ...steps];
}
