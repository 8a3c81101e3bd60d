/** What differs between the access objects of a node and the declared ones goes in; the step that delivers their file comes out. */

import { granteeOf } from '../kinds/grant-form.ts';
import { rootKind } from '../kinds/index.ts';
import type { Cluster } from '../model/estate.ts';
import type { Finding } from '../model/finding.ts';
import { USERS_FILE } from '../model/node-file.ts';
import { isAccess, nameKey, type ObjectId, showId, type Tree } from '../model/object.ts';
import type { Root, State } from '../model/state.ts';
import type { Change, Hazard, Step } from '../model/step.ts';
import { fileStep } from '../plan/file-step.ts';
import type { NodeDifferences } from '../plan/plan.ts';
import { heldBy } from './held.ts';
import { mistakeFinding } from './mistake-finding.ts';
import { policyUser } from './row-filters.ts';
import { usersFileOf } from './users-file-of.ts';
import { usersXml } from './users-xml.ts';

export interface AccessSeen {
  readonly live: State;
  readonly desired: { readonly state: State; readonly blocked: ReadonlySet<string> };
  /** The objects as they were configured, with the names of their secrets. */
  readonly configured: readonly Tree[];
  /** Of the profile that everybody begins with, where it is configured, those that it has by the file. */
  readonly forAll?: ReadonlySet<string> | undefined;
  /** The text that was delivered last, where that is known. */
  readonly delivered: string | undefined;
}

const isFromFile = ({ id, statement }: Root): boolean =>
  rootKind(id.kind).comesWithServer?.(statement) === true;

/** Of what a live object is a part in a file: a grant or a filter goes with its user or role. */
function ownerOf({ id, tree }: Root): string {
  if (id.kind === 'grant') return granteeOf(tree());
  return id.kind === 'row policy' ? policyUser(tree()) : (id.path[0] ?? '');
}

/** Live objects of files that are in the file which was delivered last, or belong to what the next one says alone. */
function leaving({ live, desired, delivered }: AccessSeen): Root[] {
  const held = heldBy(delivered);
  const holders = new Set<string>([...held.user, ...held.role]);
  for (const { id } of desired.state.values())
    if (id.kind === 'user' || id.kind === 'role') holders.add(id.path[0] ?? '');
  const isOurs = (root: Root): boolean => {
    const { kind } = root.id;
    if (kind === 'grant' || kind === 'row policy') return holders.has(ownerOf(root));
    return kind in held && held[kind as keyof typeof held].has(root.id.path[0] ?? '');
  };
  const found = [...live].filter(
    ([key, root]) => isAccess(root.id) && isFromFile(root) && !desired.state.has(key) && isOurs(root),
  );
  // Servers list them in any order.
  return found.sort(([a], [b]) => (a < b ? -1 : 1)).map(([, root]) => root);
}

/** Names that statements made: a server may show and use them in place of what the file says. */
function otherwiseMade({ live, desired }: AccessSeen, node: string): Finding[] {
  return [...desired.state.values()].flatMap((root): Finding[] => {
    const before = isAccess(root.id) ? live.get(nameKey(root.id)) : undefined;
    if (!before || isFromFile(before)) return [];
    const message = `${showId(root.id)} was made by a statement, and this cluster has its access objects from files; drop it first`;
    const place = root.place && { place: root.place };
    return [{ severity: 'error', rule: 'users-xml', message, object: nameKey(root.id), node, ...place }];
  });
}

const changeOf = (action: 'create' | 'drop', id: ObjectId, place: Root['place']): Change => ({
  action,
  object: id,
  attributes: [],
  ...(place && { place }),
});

function hazardsOf(
  creates: readonly Root[],
  alters: NodeDifferences['alters'],
  drops: readonly Root[],
): Hazard[] {
  const drafts = [
    ...creates.map((root) => rootKind(root.id.kind).create(root.tree())),
    ...alters.flatMap(({ difference }) => difference.drafts),
    ...drops.map((root) => rootKind(root.id.kind).drop(root.tree())),
  ];
  const hazards = drafts.flatMap((draft) => ('hazards' in draft ? draft.hazards : []));
  return [...new Map(hazards.map((hazard) => [hazard.reason, hazard])).values()];
}

export interface PlannedAccess {
  /** What is left to be done by statements. */
  readonly differences: NodeDifferences;
  readonly steps: readonly Step[];
  readonly findings: readonly Finding[];
}

/** A text that was delivered and is not what it should be counts as well: where secrets come from can't be seen. */
export function planAccess(
  differences: NodeDifferences,
  { files, place }: Cluster,
  node: string,
  seen: AccessSeen,
): PlannedAccess {
  const { desired, delivered } = seen;
  const drops = leaving(seen);
  const creates = differences.creates.filter(({ id }) => isAccess(id));
  const alters = differences.alters.filter(({ desired }) => isAccess(desired.id));
  const dropped = new Set(drops.map(({ id }) => nameKey(id)));
  const rest: NodeDifferences = {
    ...differences,
    creates: differences.creates.filter(({ id }) => !isAccess(id)),
    alters: differences.alters.filter(({ desired }) => !isAccess(desired.id)),
    unmanaged: differences.unmanaged.filter(({ id }) => !dropped.has(nameKey(id))),
  };
  const findings = otherwiseMade(seen, node);
  const isBlocked = seen.configured.some(({ root }) => desired.blocked.has(nameKey(root.id)));
  if (!files || isBlocked) return { differences: rest, steps: [], findings };
  const trees = seen.configured.map((tree): Tree => {
    const normal = desired.state.get(nameKey(tree.root.id))?.tree() ?? tree;
    const { identified } = tree.root.attributes;
    if (tree.root.id.kind !== 'user') return normal;
    return { ...normal, root: { ...normal.root, attributes: { ...normal.root.attributes, identified } } };
  });
  const { file, mistakes } = usersFileOf(trees, seen.forAll);
  findings.push(...mistakes.map((mistake) => mistakeFinding(mistake, node)));
  const text = usersXml(file);
  const changes = [
    ...creates.map(({ id, place }) => changeOf('create', id, place)),
    ...alters.flatMap(({ difference }) => difference.changes),
    ...drops.map(({ id }) => changeOf('drop', id, undefined)),
  ];
  const isSaid = delivered === undefined || delivered === text;
  if (findings.length > 0 || (changes.length === 0 && isSaid))
    return { differences: rest, steps: [], findings };
  const touched = [...alters.map(({ live }) => live), ...drops];
  const step = fileStep({
    path: USERS_FILE,
    text,
    delivered,
    files,
    changes,
    hazards: hazardsOf(creates, alters, drops),
    seen: JSON.stringify(touched.map(({ statement }) => statement).sort()),
    place,
  });
  const verdict = drops.length > 0 ? 'destructive' : 'metadata';
  return { differences: rest, steps: [{ ...step, verdict }], findings };
}
