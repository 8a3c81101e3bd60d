/** Files that import would write go in; they are loaded and planned against the live servers, and what differs comes out. */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { type SurveyOptions, survey } from '../apply/survey.ts';
import { expand } from '../declared/expand.ts';
import { type Entry, readDeclarations } from '../declared/files.ts';
import { PlumblineError } from '../model/errors.ts';
import type { Estate } from '../model/estate.ts';
import type { Finding } from '../model/finding.ts';
import { nameKey } from '../model/object.ts';
import { unreadableNodes } from '../model/plan.ts';
import type { State } from '../model/state.ts';
import type { Step } from '../model/step.ts';
import type { Found } from './collect.ts';
import { type ImportedFile, keyAt } from './files.ts';

export interface Checking {
  /** The estate without what is imported; its clusters are where the servers really are. */
  readonly estate: Estate;
  /** The estate's documents that stay. */
  readonly entries: readonly Entry[];
  readonly found: ReadonlyMap<string, Found>;
  readonly states: ReadonlyMap<string, State>;
  readonly options: SurveyOptions;
}

/** Why each object is not as it was found, by key; the empty key is for what is not about one of them. */
export type Failures = ReadonlyMap<string, string>;

/** Reads the files as any estate is read, from a folder of their own. */
export async function load(
  files: readonly Pick<ImportedFile, 'path' | 'text'>[],
): Promise<{ entries: readonly Entry[]; findings: readonly Finding[] }> {
  const folder = await mkdtemp(join(tmpdir(), 'plumbline-import-'));
  try {
    for (const { path, text } of files) {
      await mkdir(dirname(join(folder, path)), { recursive: true });
      await writeFile(join(folder, path), text);
    }
    const { entries, findings } = await readDeclarations(folder);
    return { entries, findings: findings.filter(({ rule }) => rule !== 'no-declarations') };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Whether the node has the object as it was taken; where it has it in another way, a difference is no surprise. */
function hasIt(key: string, node: string, { found, states }: Checking): boolean {
  return states.get(node)?.get(key)?.statement === found.get(key)?.root.statement;
}

/** `the plan would alter it (column a: codec)`. */
function wouldDo({ action, changes }: Step): string {
  const [first] = changes.flatMap(({ object, attributes }) =>
    attributes.map(({ name }) => `${object.kind} ${object.path.at(-1)}: ${name}`),
  );
  return `the plan would ${action} it${first === undefined ? '' : ` (${first})`}`;
}

async function differences(
  estate: Estate,
  files: readonly ImportedFile[],
  checking: Checking,
): Promise<Failures> {
  const { plan, close } = await survey(estate, checking.options);
  await close();
  const failures = new Map<string, string>();
  const lost = unreadableNodes(plan).find(({ node }) => checking.states.has(node));
  if (lost)
    throw new PlumblineError(
      `${lost.node} can't be read any more, so nothing shows that the declarations are right: ${lost.unreadable}`,
    );
  for (const { node, steps, findings } of plan.clusters.flatMap(({ nodes }) => nodes)) {
    const fail = (key: string | undefined, reason: string): void => {
      if (key !== undefined && checking.found.has(key) && hasIt(key, node, checking) && !failures.has(key))
        failures.set(key, reason);
    };
    for (const step of steps) fail(nameKey(step.object), wouldDo(step));
    for (const { object, place, message } of findings) {
      fail(object ?? (place && keyAt(files, place.file, place.line)), message);
    }
  }
  return failures;
}

/** Mistakes come first: as long as there is one, nothing is planned. */
export async function check(files: readonly ImportedFile[], checking: Checking): Promise<Failures> {
  const { entries, findings } = await load(files);
  const expanded = expand([...checking.entries, ...entries]);
  const mistakes = new Map<string, string>();
  for (const { place, message } of [...findings, ...expanded.findings]) {
    const key = (place && keyAt(files, place.file, place.line)) ?? '';
    if (!mistakes.has(key)) mistakes.set(key, message);
  }
  if (mistakes.size > 0) return mistakes;
  return differences({ ...expanded.estate, clusters: checking.estate.clusters }, files, checking);
}
