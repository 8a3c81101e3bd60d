/** Documents go in and reach a server through the product's own pipeline, with a comparison memory that remembers nothing. */
import { join } from 'node:path';
import { expect } from 'vitest';
import { stringify } from 'yaml';
import { applyPlan } from '../../src/apply/apply.ts';
import { survey } from '../../src/apply/survey.ts';
import { loadEstate } from '../../src/commands/estate-options.ts';
import { newRun } from '../../src/commands/identity.ts';
import { ROOT_KINDS } from '../../src/kinds/index.ts';
import { openSettled } from '../../src/live/settled.ts';
import type { Estate } from '../../src/model/estate.ts';
import { type Plan, planFindings, plannedSteps, unreadableNodes } from '../../src/model/plan.ts';
import type { Document } from './hostile-batch.ts';
import type { TestEstate } from './test-estate.ts';

/** How documents become an estate: through YAML files, or below them where YAML can't hold the text. */
export type Declare = (estate: TestEstate, documents: readonly Document[]) => Promise<Estate>;

export const throughYaml: Declare = async (estate, documents) => {
  const texts = documents.map((document) => {
    // The package writes the key `<<` bare, which is no key but a merge.
    const hasMerge = Object.values(document).some((value) => value instanceof Map && value.has('<<'));
    return stringify(document, { lineWidth: 0, ...(hasMerge && { defaultKeyType: 'QUOTE_DOUBLE' }) });
  });
  await estate.write({ 'hostile.yaml': texts.join('---\n') });
  return loadEstate(estate.folder);
};

const plain = (value: unknown): unknown =>
  value instanceof Map ? Object.fromEntries([...value].map(([key, one]) => [key, plain(one)])) : value;

export const belowYaml: Declare = async (estate, documents) => {
  await estate.write({ 'none.yaml': 'kind: Database\nname: nobodys\non: test\n' });
  const { clusters } = await loadEstate(estate.folder);
  const objects = documents.map((document) => {
    const kind = ROOT_KINDS.find((one) => one.document === document.kind);
    if (!kind) throw new Error(`no kind for ${document.kind}`);
    const value = Object.fromEntries(Object.entries(document).map(([key, one]) => [key, plain(one)]));
    const keys = (path: readonly (string | number)[] = []): readonly string[] => {
      const mapping = document[path[0] ?? ''];
      return mapping instanceof Map ? [...mapping.keys()] : [];
    };
    return { tree: kind.declare({ value, place: () => undefined, keys }), clusters: new Set(['test']) };
  });
  const prune = documents.flatMap(({ name, prune: all }) => (all ? [[name, 'all'] as const] : []));
  return { clusters, objects, prune: new Map(prune), pairs: [] };
};

let memories = 0;
/** Comparison memory that remembers nothing. */
const forgetful = (estate: TestEstate) => ({
  settled: openSettled(join(estate.folder, '.plumbline', `never-${++memories}.json`)),
  connectTimeout: 10_000,
});

export async function planOf(estate: TestEstate, declared: Estate): Promise<Plan> {
  const { plan, close } = await survey(declared, forgetful(estate));
  await close();
  expect(unreadableNodes(plan)).toEqual([]);
  return plan;
}

export async function apply(
  estate: TestEstate,
  declared: Estate,
  allowed: readonly string[] = ['destructive', 'rebuild'],
): ReturnType<typeof applyPlan> {
  const agreed = await survey(declared, forgetful(estate));
  return applyPlan(declared, agreed, {
    ...forgetful(estate),
    identity: await newRun(estate.folder),
    allowed: new Set(allowed),
    lockSeconds: 60,
    progress: { started: () => {}, ended: () => {} },
    shouldStop: () => false,
  }).finally(agreed.close);
}

export const errorsOf = (plan: Plan): string[] =>
  planFindings(plan)
    .filter(({ severity }) => severity === 'error')
    .map(({ message }) => message);

/** Applies, and plans again: nothing may be left to do. */
export async function applyToTheEnd(estate: TestEstate, declared: Estate): Promise<void> {
  const report = await apply(estate, declared);
  expect(report.results.filter(({ outcome }) => outcome !== 'done')).toEqual([]);
  expectEmpty(report.remaining);
  expectEmpty(await planOf(estate, declared));
}

export function expectEmpty(plan: Plan): void {
  expect(errorsOf(plan)).toEqual([]);
  expect(plannedSteps(plan).map(({ step }) => [step.statements, step.changes])).toEqual([]);
}
