/**
 * All declared grants of a node and its live state go in; they come out with what each says beside the others, and with its
 * statements. A server keeps the rights of a grantee as one whole: what is granted on a database is not listed again for its
 * tables, and GRANT and REVOKE on a database overwrite what was said of them.
 */
import { nameKey, type Tree } from '../model/object.ts';
import { lazyRoot, type Root, type State } from '../model/state.ts';
import { ParseError } from '../sql/cursor.ts';
import { identifier } from '../sql/quote.ts';
import { type Grant, grantOf, grantText } from './grant-form.ts';
import { type Given, givenOn, marksOf, statementText } from './grant-rights.ts';
import { showTarget, tableOf } from './grant-text.ts';
import { type Privileges, privilegesIn } from './privileges.ts';
import {
  EVERYTHING,
  holds,
  type Level,
  levelAt,
  type Rights,
  type Target,
  targetKey,
  targetOf,
} from './rights.ts';
import { type Steps, stepsBetween } from './rights-steps.ts';

function readable(root: Root): Grant | undefined {
  try {
    return grantOf(root.tree());
  } catch (error) {
    if (error instanceof ParseError) return undefined;
    throw error;
  }
}

/** The rights with other ones on one target and its columns; what is said of targets inside it stays. */
function replaced(
  rights: Rights,
  target: Target,
  own: ReadonlyMap<string, ReadonlyMap<string, Level>>,
): Rights {
  const key = targetKey(target);
  const after = new Map<string, ReadonlyMap<string, Level>>();
  for (const single of new Set([...rights.keys(), ...own.keys()])) {
    const others = [...(rights.get(single) ?? [])].filter(
      ([mark]) => targetKey(tableOf(targetOf(mark))) !== key,
    );
    after.set(single, new Map([...others, ...(own.get(single) ?? [])]));
  }
  return after;
}

function liveRights(grantee: string, live: State, privileges: Privileges): Rights {
  let rights: Rights = new Map();
  for (const root of live.values()) {
    if (root.id.kind !== 'grant') continue;
    const grant = readable(root);
    if (grant?.to !== grantee || grant.target === undefined) continue;
    const target = targetOf(grant.target);
    rights = replaced(rights, target, marksOf(target, grant.rights, privileges.listed));
  }
  return rights;
}

const withGrant = (root: Root, changed: Partial<Grant>): Root => {
  const before = root.tree();
  const tree: Tree = {
    ...before,
    root: { ...before.root, attributes: { ...before.root.attributes, ...changed } },
  };
  return lazyRoot(root.id, grantText(tree), () => tree, root);
};

/** The rights with what the exceptions inside a target take away from what it gives, which then never lasts until a later step. */
function withExceptions(
  rights: Rights,
  target: Target,
  inside: readonly (readonly [Target, Rights])[],
): Rights {
  const after = new Map([...rights].map(([single, marks]) => [single, new Map(marks)] as const));
  for (const [inner, asked] of inside) {
    if (!holds(target, inner)) continue;
    for (const [single, marks] of asked) {
      const own = after.get(single);
      for (const [key, level] of marks) if (own && level < levelAt(own, key)) own.set(key, level);
    }
  }
  return after;
}

const isNew = (root: Root, live: State): boolean => !live.has(nameKey(root.id));

const excessText = ({ excess }: Steps): string | undefined =>
  excess.length === 0
    ? undefined
    : excess
        .slice(0, 5)
        .map(({ privilege, key }) => {
          const target = targetOf(key);
          const column = target.of === 'path' ? target.names[2] : undefined;
          return `${privilege}${column === undefined ? '' : `(${column})`} ON ${showTarget(target)}`;
        })
        .join(', ');

/** Nobody has a role that is not there yet, so that nobody notices what it may do for a moment. */
const isNewRole = (grantee: string, live: State, all: readonly Root[]): boolean =>
  all.some(({ id }) => id.kind === 'role' && id.path[0] === grantee) &&
  ['role', 'user'].every((kind) => !live.has(nameKey({ kind, path: [grantee] })));

function rightsOf(grantee: string, roots: readonly Root[], live: State, all: readonly Root[]): Root[] {
  const [first] = roots;
  if (!first) return [];
  const privileges = privilegesIn(grantOf(first.tree()).listed ?? '[]');
  let rights = liveRights(grantee, live, privileges);
  const unused = isNewRole(grantee, live, all);
  // In the order in which steps run.
  const sorted = [...roots].sort((a, b) => (nameKey(a.id) < nameKey(b.id) ? -1 : 1));
  const asked = sorted.map((root) => {
    const { rights: given, target: key = '' } = grantOf(root.tree());
    return [targetOf(key), marksOf(targetOf(key), given, privileges.expand)] as const;
  });
  const written = sorted.map((root, at) => {
    const [target, own] = asked[at] ?? [EVERYTHING, new Map()];
    const after = replaced(rights, target, own);
    const plain = stepsBetween(rights, after);
    // What stands further inside has a step of its own, which says the exception again.
    const steps =
      plain.statements.length === 0
        ? plain
        : stepsBetween(rights, withExceptions(after, target, asked.slice(at + 1)));
    rights = after;
    const statements = steps.statements.map((one) => statementText(one, grantee, privileges));
    return { root, target, statements, excess: unused ? undefined : excessText(steps) };
  });
  return written.flatMap(({ root, target, statements, excess }) => {
    const given = givenOn(target, rights, privileges);
    const isNothing = statements.length === 0 || Object.keys(given).length === 0;
    return isNew(root, live) && isNothing ? [] : [withGrant(root, { rights: given, statements, excess })];
  });
}

const ADMIN = 'with admin option';

function roleStatements(grantee: string, before: Given, after: Given): string[] {
  const roles = (given: Given, isMeant: (role: string) => boolean): string =>
    Object.keys(given).filter(isMeant).map(identifier).join(', ');
  const to = identifier(grantee);
  const gone = roles(before, (role) => after[role] === undefined);
  const narrowed = roles(
    before,
    (role) => before[role] === ADMIN && after[role] !== undefined && after[role] !== ADMIN,
  );
  const plain = roles(after, (role) => before[role] === undefined && after[role] !== ADMIN);
  const admin = roles(after, (role) => after[role] === ADMIN && before[role] !== ADMIN);
  return [
    ...(gone ? [`REVOKE ${gone} FROM ${to}`] : []),
    ...(narrowed ? [`REVOKE ADMIN OPTION FOR ${narrowed} FROM ${to}`] : []),
    ...(plain ? [`GRANT ${plain} TO ${to}`] : []),
    ...(admin ? [`GRANT ${admin} TO ${to} WITH ADMIN OPTION`] : []),
  ];
}

function rolesOf(root: Root, live: State): Root[] {
  const { to, rights } = grantOf(root.tree());
  const before = live.get(nameKey(root.id));
  const statements = roleStatements(to, (before && readable(before)?.rights) ?? {}, rights);
  return statements.length === 0 && !before ? [] : [withGrant(root, { statements })];
}

/** What each grant comes to; those that come to nothing, because everything is granted already, are left out. */
export function grantsTogether(
  desired: readonly Root[],
  live: State,
  all: readonly Root[] = desired,
): Root[] {
  const byGrantee = new Map<string, Root[]>();
  const roles: Root[] = [];
  for (const root of desired) {
    const { to, target } = grantOf(root.tree());
    if (target === undefined) roles.push(root);
    else byGrantee.set(to, [...(byGrantee.get(to) ?? []), root]);
  }
  return [
    ...roles.flatMap((root) => rolesOf(root, live)),
    ...[...byGrantee].flatMap(([grantee, roots]) => rightsOf(grantee, roots, live, all)),
  ];
}
