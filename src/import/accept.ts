/** A plan that shows drift goes in; what the declarations of the drifted objects must say to mean what is live comes out. */
import type { Survey } from '../apply/survey.ts';
import { type Changes, KEPT } from '../declared/edit.ts';
import { rootKind } from '../kinds/index.ts';
import type { Description, Normaliser } from '../kinds/kind.ts';
import { wholeSql } from '../kinds/whole-sql.ts';
import { declaredOn } from '../live/declared-on.ts';
import { ServerError } from '../live/server.ts';
import type { DeclaredObject, Estate } from '../model/estate.ts';
import { nameKey, showId, type Tree } from '../model/object.ts';
import { plannedSteps } from '../model/plan.ts';
import type { Root } from '../model/state.ts';
import { missingFromRoundTrip } from '../plan/round-trip.ts';
import { ParseError } from '../sql/cursor.ts';
import { TokenError } from '../sql/tokens.ts';
import { readable } from './candidates.ts';
import { withReferences } from './secrets.ts';

/** What is to become of one declaration. */
export interface Acceptance {
  readonly object: DeclaredObject;
  /** Undefined where the object is gone. */
  readonly changes: Changes | undefined;
}

export interface Accepted {
  readonly acceptances: readonly Acceptance[];
  /** Why something that drifted can't be accepted. */
  readonly reasons: readonly string[];
}

type Ask = (node: string) => Promise<Normaliser>;

/** As a declaration would say it: without what the server fills in, and without secrets. */
async function told(tree: Tree, server: Normaliser): Promise<Description> {
  const kind = rootKind(tree.root.id.kind);
  const short = (await kind.withoutImplied?.(tree, server)) ?? tree;
  const { path } = tree.root.id;
  const description = withReferences(kind.describe(short), path, path.length > 1 ? 'table' : 'database');
  return readable(description);
}

/** Maps as lists of pairs: their order counts, and JSON knows no Map. */
const comparable = (value: unknown): string =>
  JSON.stringify(value, (_key, inner) => (inner instanceof Map ? [...inner] : inner)) ?? '';

/** Two descriptions in one dialect: what the second says otherwise, entry by entry in mappings of names. */
function changesBetween(from: Description, to: Description): Changes {
  const changes = new Map<string, unknown>();
  for (const key of new Set([...Object.keys(from), ...Object.keys(to)])) {
    const [before, after] = [from[key], to[key]];
    if (comparable(before) === comparable(after)) continue;
    const isKept = (name: unknown, value: unknown): boolean =>
      before instanceof Map && before.has(name) && comparable(before.get(name)) === comparable(value);
    const entries = (names: ReadonlyMap<unknown, unknown>) =>
      new Map([...names].map(([name, value]) => [name, isKept(name, value) ? KEPT : value]));
    changes.set(key, after instanceof Map && before instanceof Map ? entries(after) : after);
  }
  return changes;
}

/** The live object on every node where it is declared; undefined where they are not alike, `missing` where none has it. */
function liveOn(
  object: DeclaredObject,
  { plan, states }: Survey,
): { root: Root; node: string } | 'missing' | undefined {
  const key = nameKey(object.tree.root.id);
  const nodes = plan.clusters
    .filter(({ cluster }) => object.clusters.has(cluster))
    .flatMap((one) => one.nodes);
  const roots = nodes.map(({ node }) => ({ node, root: states.get(node)?.get(key) }));
  const [first] = roots;
  if (!first || nodes.some(({ node }) => !states.has(node))) return undefined;
  if (roots.some(({ root }) => root?.statement !== first.root?.statement)) return undefined;
  return first.root ? { node: first.node, root: first.root } : 'missing';
}

async function accept(
  object: DeclaredObject,
  estate: Estate,
  survey: Survey,
  ask: Ask,
): Promise<Acceptance | string> {
  const { id } = object.tree.root;
  if (object.generatedBy !== undefined)
    return `${showId(id)} follows from ${object.generatedBy}: change that by hand`;
  const found = liveOn(object, survey);
  if (found === 'missing') return { object, changes: undefined };
  if (!found) return `${showId(id)} is not the same on all nodes for which it is declared`;
  const { root, node } = found;
  if (root.id.kind !== id.kind) return `${showId(id)} is a ${root.id.kind} now`;
  const missing = missingFromRoundTrip(root);
  if (missing) return `${showId(id)} is not fully understood: ${missing}`;
  const cluster = estate.clusters.find(({ nodes }) => nodes.some(({ name }) => name === node));
  const [tree = object.tree] = cluster
    ? declaredOn([object], cluster, survey.states.get(node) ?? new Map())
    : [];
  const server = await ask(node);
  const desired = await rootKind(id.kind).normalise(wholeSql(tree), server);
  const [before, after] = await Promise.all([told(desired, server), told(root.tree(), server)]);
  return { object, changes: changesBetween(before, after) };
}

/** What the plan would create, alter or replace is accepted as it is live; what it would drop is nobody's declaration. */
export async function acceptLive(estate: Estate, survey: Survey, ask: Ask): Promise<Accepted> {
  const drifted = new Set(
    plannedSteps(survey.plan)
      .filter(({ step }) => step.action !== 'drop')
      .map(({ step }) => nameKey(step.object)),
  );
  const objects = estate.objects.filter(({ tree }) => drifted.has(nameKey(tree.root.id)));
  const outcomes = objects.map(async (object) => {
    try {
      return await accept(object, estate, survey, ask);
    } catch (error) {
      if (!(error instanceof ServerError || error instanceof ParseError || error instanceof TokenError))
        throw error;
      return `${showId(object.tree.root.id)}: ${error.message}`;
    }
  });
  const settled = await Promise.all(outcomes);
  return {
    acceptances: settled.filter((one) => typeof one !== 'string'),
    reasons: settled.filter((one) => typeof one === 'string'),
  };
}
