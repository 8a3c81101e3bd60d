/** Seals a plan with a digest of what it means, and tells what moved between two plans. */

import { keyOf, showId } from '../model/object.ts';
import type { ClusterPlan, Plan, PlannedStep } from '../model/plan.ts';
import { PLAN_FORMAT, plannedSteps, unreadableNodes } from '../model/plan.ts';
import { digest } from './fingerprint.ts';

/** The node a step stands on; with the nodes that follow, of which any may run it. */
const whereOf = ({ node, step: { followers = [] } }: PlannedStep): string =>
  [node, ...followers].sort().join(' ');

/** A plan that was saved has its keys in another order. */
function byKey(_key: string, value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** All that a step means, as one text: where it runs, on what, what it runs, and from which state it starts. */
export const meaningOf = (planned: PlannedStep): string => {
  const { cluster, step } = planned;
  return JSON.stringify(
    [
      cluster,
      whereOf(planned),
      step.action,
      keyOf(step.object),
      step.verdict,
      step.statements,
      step.fingerprint,
      ...(step.rebuild ? [step.rebuild] : []),
      ...(step.repair ? [step.repair] : []),
      ...(step.export ? [step.export] : []),
      ...(step.stage ? [step.stage] : []),
      ...(step.file ? [{ ...step.file, before: undefined }] : []),
      ...(step.registration ? [step.registration] : []),
    ],
    byKey,
  );
};

/** A plan of these clusters. Places, impacts and findings are not part of its meaning: they may change without a step changing. */
export function planOf(clusters: readonly ClusterPlan[]): Plan {
  const unsealed: Plan = { format: PLAN_FORMAT, digest: '', clusters };
  const nodes = clusters.flatMap(({ cluster, nodes }) => nodes.map(({ node }) => `${cluster} ${node}`));
  return { ...unsealed, digest: digest([...nodes, ...plannedSteps(unsealed).map(meaningOf)].join('\n')) };
}

/** By place and object, and by which of its steps it is: columns that others read are dropped in a second one. */
function stepsByObject(plan: Plan): Map<string, PlannedStep> {
  const steps = new Map<string, PlannedStep>();
  const seen = new Map<string, number>();
  for (const planned of plannedSteps(plan)) {
    const key = `${whereOf(planned)} ${keyOf(planned.step.object)}`;
    const number = seen.get(key) ?? 0;
    seen.set(key, number + 1);
    steps.set(`${number} ${key}`, planned);
  }
  return steps;
}

/** One line per object that is not as it was when the older plan was made; empty when both plans mean the same. */
export function movedSince(older: Plan, newer: Plan): string[] {
  if (older.digest === newer.digest) return [];
  const [before, after] = [stepsByObject(older), stepsByObject(newer)];
  const lost = new Set(unreadableNodes(newer).map(({ node }) => node));
  const lines: string[] = [];
  for (const key of new Set([...before.keys(), ...after.keys()])) {
    const [was, is] = [before.get(key), after.get(key)];
    const planned = was ?? is;
    if (!planned || (was && is && meaningOf(was) === meaningOf(is))) continue;
    const what = `${showId(planned.step.object)} on ${planned.node}`;
    if (lost.has(planned.node)) lines.push(`${planned.node} can't be read any more`);
    else if (!is) lines.push(`${what} needs nothing any more`);
    else if (!was) lines.push(`${what} needs a change that the plan does not have`);
    else if (was.step.fingerprint !== is.step.fingerprint) lines.push(`${what} moved on the server`);
    else lines.push(`${what} is declared otherwise`);
  }
  return lines.length > 0 ? [...new Set(lines)] : ['the nodes or the order of the steps are not the same'];
}
