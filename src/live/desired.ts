/** Turns what is declared for a cluster into the state one of its nodes would have: every text as that server stores it. */
import { calls, changingFunctions, keepCalls } from '../kinds/calls.ts';
import { canonicalText } from '../kinds/canonical-text.ts';
import { rootKind } from '../kinds/index.ts';
import type { Normaliser } from '../kinds/kind.ts';
import { refusedName } from '../kinds/names.ts';
import { wholeSql } from '../kinds/whole-sql.ts';
import type { Cluster, DeclaredObject } from '../model/estate.ts';
import type { Finding } from '../model/finding.ts';
import { keyOf, nameKey, type ObjectId, pathKey, type StateObject, type Tree } from '../model/object.ts';
import { lazyRoot, type Root, type State, stateOf } from '../model/state.ts';
import { ParseError } from '../sql/cursor.ts';
import { type Abilities, TooOldError } from './abilities.ts';
import { declaredOn } from './declared-on.ts';
import type { Unshown } from './read-beside.ts';
import { notShown, refusal, tooOldFindings } from './refusal.ts';
import { ServerError } from './server.ts';
import type { Settled } from './settled.ts';

export interface Desired {
  readonly state: State;
  /** Names that are declared but could not be normalised: neither compared nor taken for undeclared. */
  readonly blocked: ReadonlySet<string>;
  readonly findings: readonly Finding[];
}

const createTexts = new WeakMap<Tree, string>();

/** The CREATE statement of a tree, as its author wrote the pieces. */
export function authoredText(tree: Tree): string {
  let text = createTexts.get(tree);
  if (text === undefined) {
    text = canonicalText(tree);
    createTexts.set(tree, text);
  }
  return text;
}

/** What only an author says: where it stands, and what it was called before. */
function saidOf(authored: StateObject, inside = ''): Pick<StateObject, 'place' | 'renamedFrom'> {
  const { place, renamedFrom } = authored;
  const old = renamedFrom && [...renamedFrom.slice(0, -1), `${renamedFrom.at(-1)}${inside}`];
  return { ...(place && { place }), ...(old && { renamedFrom: old }) };
}

/** A `Nested` column `n` becomes `n.a`, `n.b` on the server: those stand where `n` stands. */
function placedLike(normal: Tree, authored: Tree): Tree {
  const said = new Map(authored.parts.map((part) => [keyOf(part.id), part]));
  const parts = normal.parts.map((part): StateObject => {
    const [name = ''] = part.id.path.slice(-1);
    const [outer = ''] = name.split('.', 1);
    const parent = { ...part.id, path: [...part.id.path.slice(0, -1), outer] };
    const own = said.get(keyOf(part.id));
    const around = said.get(keyOf(parent));
    if (own) return { ...part, ...saidOf(own) };
    return around ? { ...part, ...saidOf(around, name.slice(outer.length)) } : part;
  });
  return { root: { ...normal.root, ...saidOf(authored.root) }, parts };
}

/**
 * UNKNOWN_IDENTIFIER, BAD_ARGUMENTS, UNKNOWN_FUNCTION, UNKNOWN_TABLE, CLUSTER_DOESNT_EXIST: what is said of a function, a
 * dictionary or a cluster that is not there.
 */
const MISSING: ReadonlySet<number | undefined> = new Set([47, 36, 46, 60, 701]);

/** Normalised trees by server class and text: nodes of one class are asked once. */
export type NormalTrees = Map<string, Promise<Tree>>;

/** The node that was asked for everybody went away, or has other rights; that says nothing about this one. */
const isOtherNodesFailure = (error: unknown, node: string): boolean =>
  error instanceof ServerError && error.node !== node;

/** Whether the server misses something that is declared and not there yet. */
function missesAny(error: unknown, coming: readonly (readonly string[])[]): boolean {
  if (!(error instanceof ServerError) || !MISSING.has(error.code)) return false;
  // `Int128` does not speak of a table `t1`.
  const words = new Set(error.reason.split(/\W+/));
  const isNamed = (name: string): boolean =>
    /^\w+$/.test(name) ? words.has(name) : error.reason.includes(name);
  return coming.some((path) => isNamed(path.at(-1) ?? ''));
}

/** Formats definitions instead of trying them out. */
function withoutLooking(normaliser: Normaliser): Normaliser {
  const { format } = normaliser;
  return {
    ...normaliser,
    table: (definition) => format(definition('x')),
    view: (definition) => format(definition('x')),
  };
}

/** The desired state of one node. Objects that the server would refuse become findings and are left out. */
export async function desiredState(options: {
  readonly objects: readonly DeclaredObject[];
  readonly cluster: Cluster;
  readonly node: string;
  readonly live: State;
  readonly unshown: Unshown;
  /** Names of clusters that the node will know by the time its objects are created. */
  readonly comingClusters?: readonly string[];
  readonly serverClass: string;
  readonly normaliser: Normaliser;
  readonly abilities: () => Promise<Abilities>;
  readonly settled: Settled;
  readonly trees: NormalTrees;
}): Promise<Desired> {
  const { live, serverClass, normaliser, settled, trees, abilities } = options;
  const findings: Finding[] = [];
  const blocked = new Set<string>();
  const tooOld: [reason: string, id: ObjectId][] = [];
  const block = (tree: Tree, finding: Finding): undefined => {
    findings.push(finding);
    blocked.add(nameKey(tree.root.id));
    if (tree.root.renamedFrom) blocked.add(pathKey(tree.root.renamedFrom));
  };
  const here = declaredOn(options.objects, options.cluster, live);
  const functionNames = new Set(
    here.flatMap(({ root }) => (root.id.kind === 'function' ? root.id.path : [])),
  );
  const coming = [
    ...here.flatMap(({ root }) => (live.has(nameKey(root.id)) ? [] : [root.id.path])),
    ...(options.comingClusters ?? []).map((name) => [name]),
  ];
  const normalise = async (tree: Tree, text: string, changing: ReadonlySet<string>) => {
    const { id } = tree.root;
    const databaseExists = live.has(pathKey(id.path.slice(0, 1)));
    const key = JSON.stringify([serverClass, databaseExists, text]);
    const ask = (): Promise<Tree> => {
      const asked = rootKind(id.kind).normalise(wholeSql(tree), normaliser);
      trees.set(key, asked);
      return asked;
    };
    try {
      const refused = refusedName(tree) ?? (await abilities()).lack(tree, live, functionNames);
      if (refused) throw new ParseError(refused);
      const asked = trees.get(key)?.catch((error) => {
        if (isOtherNodesFailure(error, options.node)) return ask();
        throw error;
      });
      const normal = await (asked ?? ask()).catch((error) => {
        if (!missesAny(error, coming)) throw error;
        return rootKind(id.kind).normalise(wholeSql(tree), withoutLooking(normaliser));
      });
      const placed = placedLike(keepCalls(normal, tree, changing), tree);
      return lazyRoot(id, authoredText(placed), () => placed, tree.root);
    } catch (error) {
      if (!(error instanceof TooOldError)) return block(tree, refusal(tree, error, options.node));
      tooOld.push([error.message, id]);
      blocked.add(nameKey(id));
      return undefined;
    }
  };
  const desired = (tree: Tree, changing: ReadonlySet<string>) => {
    const hidden = options.unshown.get(tree.root.id.kind);
    if (hidden) return block(tree, notShown(tree, hidden.message, options.node));
    const text = authoredText(tree);
    const before = live.get(nameKey(tree.root.id));
    if (!before || calls(text, changing) || rootKind(tree.root.id.kind).together)
      return normalise(tree, text, changing);
    if (before.statement !== text && !settled.has(serverClass, text, before.statement))
      return normalise(tree, text, changing);
    return { ...before, ...saidOf(tree.root) };
  };
  const rootsOf = async (trees: readonly Tree[], changing: ReadonlySet<string>) => {
    const roots = await Promise.all(trees.map((tree) => desired(tree, changing)));
    return roots.filter((root) => root !== undefined);
  };
  const isFunction = ({ root }: Tree): boolean => root.id.kind === 'function';
  const functions = await rootsOf(here.filter(isFunction), new Set());
  const others = await rootsOf(
    here.filter((tree) => !isFunction(tree)),
    changingFunctions(live, functions),
  );
  findings.push(...tooOldFindings(tooOld, options.node));
  return { state: stateOf(together([...functions, ...others], live)), blocked, findings };
}

/** Kinds whose objects mean something beside each other only see them all. */
function together(roots: readonly Root[], live: State): Root[] {
  const byKind = new Map<string, Root[]>();
  for (const root of roots) byKind.set(root.id.kind, [...(byKind.get(root.id.kind) ?? []), root]);
  return [...byKind].flatMap(([kind, all]) => rootKind(kind).together?.(all, live, roots) ?? all);
}

/** Notes every declared object that means the same as the live one, for the next run. */
export function settle(
  objects: readonly DeclaredObject[],
  cluster: Cluster,
  live: State,
  differing: ReadonlySet<string>,
  serverClassName: string,
  settled: Settled,
): void {
  for (const tree of declaredOn(objects, cluster, live)) {
    const key = nameKey(tree.root.id);
    const before = live.get(key);
    if (!before || differing.has(key) || before.id.kind !== tree.root.id.kind) continue;
    if (rootKind(tree.root.id.kind).together) continue;
    settled.add(serverClassName, authoredText(tree), before.statement);
  }
}
