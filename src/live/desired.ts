/** Turns what is declared for a cluster into the state one of its nodes would have: every text as that server stores it. */
import { rootKind } from '../kinds/index.ts';
import type { Normaliser } from '../kinds/kind.ts';
import { refusedName } from '../kinds/names.ts';
import { wholeSql } from '../kinds/whole-sql.ts';
import type { Cluster, DeclaredObject } from '../model/estate.ts';
import type { Finding } from '../model/finding.ts';
import { keyOf, nameKey, pathKey, type StateObject, showId, type Tree } from '../model/object.ts';
import { lazyRoot, type Root, type State, stateOf } from '../model/state.ts';
import { ParseError } from '../sql/cursor.ts';
import { TokenError } from '../sql/tokens.ts';
import { declaredOn } from './declared-on.ts';
import { ServerError } from './server.ts';
import type { Settled } from './settled.ts';

export interface Desired {
  readonly state: State;
  /** Names that are declared but could not be normalised: neither compared nor taken for undeclared. */
  readonly blocked: ReadonlySet<string>;
  readonly findings: readonly Finding[];
}

/** The user lacks a right, which is not the declaration's fault. */
const ACCESS_DENIED = 497;

const createTexts = new WeakMap<Tree, string>();

/** The CREATE statement of a tree, as its author wrote the pieces. */
export function authoredText(tree: Tree): string {
  let text = createTexts.get(tree);
  if (text === undefined) {
    const draft = rootKind(tree.root.id.kind).create(tree);
    text = 'statements' in draft ? (draft.statements[0] ?? '') : '';
    createTexts.set(tree, text);
  }
  return text;
}

/** Places of the parts, by key. A `Nested` column `n` becomes `n.a`, `n.b` on the server: those stand where `n` stands. */
function placedLike(normal: Tree, authored: Tree): Tree {
  const places = new Map(authored.parts.map((part) => [keyOf(part.id), part.place]));
  const parts = normal.parts.map((part): StateObject => {
    const [name = ''] = part.id.path.slice(-1);
    const parent = { ...part.id, path: [...part.id.path.slice(0, -1), name.split('.', 1)[0] ?? ''] };
    const place = places.get(keyOf(part.id)) ?? places.get(keyOf(parent));
    return place ? { ...part, place } : part;
  });
  const { place } = authored.root;
  return { root: place ? { ...normal.root, place } : normal.root, parts };
}

/** Normalised trees by server class and text: nodes of one class are asked once. */
export type NormalTrees = Map<string, Promise<Tree>>;

function refusal(tree: Tree, error: unknown, node: string): Finding {
  if (!(error instanceof ServerError || error instanceof ParseError || error instanceof TokenError))
    throw error;
  if (error instanceof ServerError && (error.code === undefined || error.code === ACCESS_DENIED)) throw error;
  const reason = error instanceof ServerError ? error.reason : error.message;
  const message = `${showId(tree.root.id)} can't be created there: ${reason}`;
  const { place } = tree.root;
  return { severity: 'error', rule: 'refused-by-server', message, node, ...(place && { place }) };
}

/** The node that was asked for everybody went away, or has other rights; that says nothing about this one. */
const isOtherNodesFailure = (error: unknown, node: string): boolean =>
  error instanceof ServerError && error.node !== node;

/** The desired state of one node. Objects that the server would refuse become findings and are left out. */
export async function desiredState(options: {
  readonly objects: readonly DeclaredObject[];
  readonly cluster: Cluster;
  readonly node: string;
  readonly live: State;
  readonly serverClass: string;
  readonly normaliser: Normaliser;
  readonly settled: Settled;
  readonly trees: NormalTrees;
}): Promise<Desired> {
  const { live, serverClass, normaliser, settled, trees } = options;
  const findings: Finding[] = [];
  const blocked = new Set<string>();
  const normalise = async (tree: Tree, text: string): Promise<Root | undefined> => {
    const { id, place } = tree.root;
    const databaseExists = live.has(pathKey(id.path.slice(0, 1)));
    const key = JSON.stringify([serverClass, databaseExists, text]);
    const ask = (): Promise<Tree> => {
      const asked = rootKind(id.kind).normalise(wholeSql(tree), normaliser);
      trees.set(key, asked);
      return asked;
    };
    try {
      const refused = refusedName(tree);
      if (refused) throw new ParseError(refused);
      const normal = await (trees.get(key) ?? ask()).catch((error) => {
        if (isOtherNodesFailure(error, options.node)) return ask();
        throw error;
      });
      const placed = placedLike(normal, tree);
      return lazyRoot(id, authoredText(placed), () => placed, place);
    } catch (error) {
      findings.push(refusal(tree, error, options.node));
      blocked.add(nameKey(id));
      return undefined;
    }
  };
  const roots = declaredOn(options.objects, options.cluster, live).map(
    (tree): Root | Promise<Root | undefined> => {
      const text = authoredText(tree);
      const before = live.get(nameKey(tree.root.id));
      if (before && (before.statement === text || settled.has(serverClass, text, before.statement))) {
        return { ...before, ...(tree.root.place && { place: tree.root.place }) };
      }
      return normalise(tree, text);
    },
  );
  const known = (await Promise.all(roots)).filter((root) => root !== undefined);
  return { state: stateOf(known), blocked, findings };
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
    settled.add(serverClassName, authoredText(tree), before.statement);
  }
}
