/** An estate that drifted goes in; how its declaration files must change, for what is live to be what is declared, comes out. */
import { type Survey, type SurveyOptions, survey } from '../apply/survey.ts';
import { editDocuments } from '../declared/edit.ts';
import { expand } from '../declared/expand.ts';
import type { Entry } from '../declared/files.ts';
import { type Kind, schemaOf } from '../declared/schemas.ts';
import { writeDocument } from '../declared/write.ts';
import { rootKind } from '../kinds/index.ts';
import type { Normaliser } from '../kinds/kind.ts';
import type { Estate } from '../model/estate.ts';
import { nameKey, type ObjectId, pathKey, showId } from '../model/object.ts';
import { showPlace } from '../model/place.ts';
import { type Plan, plannedSteps, unreadableNodes } from '../model/plan.ts';
import type { FileChange } from '../render/file-patch.ts';
import { type Acceptance, acceptLive } from './accept.ts';
import { candidatesOf } from './candidates.ts';
import { load } from './check.ts';
import { askers } from './normalisers.ts';

export interface Patch {
  readonly files: readonly FileChange[];
  /** Why something that drifted is not in it. */
  readonly reasons: readonly string[];
}

export interface PatchOptions {
  /** The text of a declaration file, by its path in the estate. */
  readonly read: (path: string) => string;
  readonly survey: SurveyOptions;
}

/** A document for an object that nobody declared, for the end of the file that declares its database. */
interface Addition {
  readonly id: ObjectId;
  readonly file: string;
  readonly text: string;
}

/** Objects that the plan would drop, because their database says that nothing else may be in it. */
async function additions(
  estate: Estate,
  drifted: Survey,
  ask: (node: string) => Promise<Normaliser>,
): Promise<Addition[]> {
  const files = new Map(
    estate.objects.map(({ tree: { root } }) => [nameKey(root.id), root.place?.file] as const),
  );
  const drops = plannedSteps(drifted.plan).filter(({ step }) => step.action === 'drop');
  const unique = new Map(drops.map((one) => [nameKey(one.step.object), one]));
  const found = [...unique.values()].map(async ({ node, step }): Promise<Addition[]> => {
    const root = drifted.states.get(node)?.get(nameKey(step.object));
    const file = files.get(pathKey(step.object.path.slice(0, 1)));
    if (!root || file === undefined) return [];
    const [best] = (await candidatesOf(root, await ask(node))).best;
    return best ? [{ id: root.id, file, text: writeDocument(best.described) }] : [];
  });
  return (await Promise.all(found)).flat();
}

const orderOf = (kind: string): string[] =>
  Object.keys((schemaOf(kind as Kind) as { properties?: object }).properties ?? {});

/** The new text of every file that changes, by path, or why a file can't be edited. */
function edited(acceptances: readonly Acceptance[], added: readonly Addition[], read: PatchOptions['read']) {
  const changes: FileChange[] = [];
  const reasons: string[] = [];
  const fileOf = ({ object }: Acceptance): string => object.tree.root.place?.file ?? '';
  const paths = new Set([...acceptances.map(fileOf), ...added.map(({ file }) => file)]);
  for (const path of paths) {
    const before = read(path);
    const edits = acceptances
      .filter((one) => fileOf(one) === path)
      .map(({ object: { tree }, changes }) => ({
        line: tree.root.place?.line ?? 0,
        changes,
        order: orderOf(rootKind(tree.root.id.kind).document),
      }));
    const after = editDocuments(before, edits);
    if (after === undefined) reasons.push(`${path} can't be edited without touching more than what drifted`);
    else {
      const more = added.filter(({ file }) => file === path).map(({ text }) => `---\n${text}`);
      changes.push({ path, before, after: [after, ...more].join('') });
    }
  }
  return { changes, reasons };
}

/** Why nodes can't be read, of which the plan should know something. */
function unread(plan: Plan, isWanted: (node: string) => boolean): string[] {
  return unreadableNodes(plan)
    .filter(({ node }) => isWanted(node))
    .map(({ node, unreadable }) => `${node} can't be read: ${unreadable}`);
}

/** Plans the edited files; gives the names that still differ, or what the edits break and what can't be read to prove them. */
async function stillDiffering(
  changes: readonly FileChange[],
  estate: Estate,
  entries: readonly Entry[],
  options: SurveyOptions,
  wasRead: (node: string) => boolean,
): Promise<{ readonly keys: ReadonlySet<string>; readonly mistakes: readonly string[] }> {
  const paths = new Set(changes.map(({ path }) => path));
  const { entries: fresh, findings } = await load(changes.map(({ path, after }) => ({ path, text: after })));
  const expanded = expand([...entries.filter(({ file }) => !paths.has(file)), ...fresh]);
  const mistakes = [...findings, ...expanded.findings]
    .filter(({ severity }) => severity === 'error')
    .map(({ message, place }) => (place ? `${showPlace(place)}: ${message}` : message));
  if (mistakes.length > 0) return { keys: new Set(), mistakes };
  const { plan, close } = await survey({ ...expanded.estate, clusters: estate.clusters }, options);
  await close();
  const keys = new Set(plannedSteps(plan).map(({ step }) => nameKey(step.object)));
  return { keys, mistakes: unread(plan, wasRead) };
}

/**
 * `drifted` must have kept its states, and its connections must be open. What can't be accepted is left out with its reason; a
 * patch that is not empty was planned, and nothing that it changes differs any more.
 */
export async function importPatch(
  estate: Estate,
  entries: readonly Entry[],
  drifted: Survey,
  { read, survey: options }: PatchOptions,
): Promise<Patch> {
  const ask = askers(drifted, estate, options.connectTimeout);
  const { acceptances, reasons } = await acceptLive(estate, drifted, ask);
  const added = await additions(estate, drifted, ask);
  const all = edited(acceptances, added, read);
  const { keys, mistakes } = await stillDiffering(all.changes, estate, entries, options, (node) =>
    drifted.states.has(node),
  );
  const unknown = unread(drifted.plan, () => true);
  const told = [...unknown, ...reasons, ...all.reasons, ...mistakes];
  if (mistakes.length > 0) return { files: [], reasons: told };
  const fails = (id: ObjectId): boolean => keys.has(nameKey(id));
  const failing = [
    ...acceptances.map(({ object }) => object.tree.root.id),
    ...added.map(({ id }) => id),
  ].filter(fails);
  if (failing.length === 0) return { files: all.changes, reasons: told };
  const kept = edited(
    acceptances.filter(({ object }) => !fails(object.tree.root.id)),
    added.filter(({ id }) => !fails(id)),
    read,
  );
  const why = failing.map((id) => `${showId(id)} would still differ: change its declaration by hand`);
  return { files: kept.changes, reasons: [...told, ...why] };
}
