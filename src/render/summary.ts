/** Takes a plan and gives its counts, and the one line that sums it up. */
import { keyOf } from '../model/object.ts';
import { type Plan, unreadableNodes } from '../model/plan.ts';
import { type ChangeAction, VERDICTS, type Verdict } from '../model/step.ts';
import { foldFindings, unmanagedObjects } from './fold-findings.ts';
import { foldNodes } from './fold-nodes.ts';
import { counted, formatBytes, formatCount } from './units.ts';
import { visibleNode } from './visible.ts';

/** Objects, each counted once per cluster, however many of its nodes need it. */
export interface PlanSummary {
  readonly creates: number;
  readonly alters: number;
  readonly replaces: number;
  readonly renames: number;
  readonly drops: number;
  readonly repairs: number;
  /** That are copied from one site to the other. */
  readonly repairBytes: number;
  /** Whatever is wanted of them: people must do it. They are in no other count of actions. */
  readonly manual: number;
  readonly verdicts: Readonly<Record<Verdict, number>>;
  readonly unmanaged: number;
  /** Nodes with at least one step. */
  readonly changedNodes: number;
  readonly nodes: number;
  /** Names of the nodes whose state is not known. */
  readonly unreadable: readonly string[];
  readonly errors: number;
  readonly warnings: number;
}

/** The counts of a plan. */
export function summarize(plan: Plan): PlanSummary {
  const nodes = plan.clusters.flatMap((cluster) => cluster.nodes);
  const actions: Record<ChangeAction | 'manual', Set<string>> = {
    create: new Set(),
    alter: new Set(),
    replace: new Set(),
    rename: new Set(),
    drop: new Set(),
    repair: new Set(),
    manual: new Set(),
  };
  const verdicts = new Map<Verdict, Set<string>>(VERDICTS.map((verdict) => [verdict, new Set()]));
  let repairBytes = 0;
  for (const cluster of plan.clusters) {
    for (const { step } of foldNodes(cluster)) {
      const key = `${cluster.cluster} ${keyOf(step.object)}`;
      actions[step.verdict === 'manual' ? 'manual' : step.action].add(key);
      verdicts.get(step.verdict)?.add(key);
      if (step.action === 'repair') repairBytes += step.impact?.bytes ?? 0;
    }
  }
  const findings = plan.clusters.flatMap(foldFindings).map(({ finding }) => finding.severity);
  const errors = findings.filter((severity) => severity === 'error').length;
  return {
    creates: actions.create.size,
    alters: actions.alter.size,
    replaces: actions.replace.size,
    renames: actions.rename.size,
    drops: actions.drop.size,
    repairs: actions.repair.size,
    repairBytes,
    manual: actions.manual.size,
    verdicts: Object.fromEntries(
      VERDICTS.map((verdict) => [verdict, verdicts.get(verdict)?.size ?? 0]),
    ) as Record<Verdict, number>,
    unmanaged: plan.clusters.flatMap(unmanagedObjects).length,
    changedNodes: nodes.filter(({ steps }) => steps.length > 0).length,
    nodes: nodes.length,
    unreadable: unreadableNodes(plan).map(({ node }) => node),
    errors,
    warnings: findings.length - errors,
  };
}

const MOST_NAMES = 5;

/** `2 nodes unreadable (a, b)`; undefined where all could be read. */
export function unreadableText(unreadable: readonly string[]): string | undefined {
  if (unreadable.length === 0) return undefined;
  const names = unreadable.slice(0, MOST_NAMES).map(visibleNode);
  if (unreadable.length > MOST_NAMES) names.push(`${formatCount(unreadable.length - MOST_NAMES)} more`);
  return `${counted(unreadable.length, 'node')} unreadable (${names.join(', ')})`;
}

const some = (count: number, words: string): string[] =>
  count > 0 ? [`${formatCount(count)} ${words}`] : [];

/** What a summary line says after its counts: by hand, unreadable, errors and warnings. */
export function caveats({ unreadable, errors, warnings }: PlanSummary): string[] {
  const unknown = unreadableText(unreadable);
  return [
    ...(unknown ? [unknown] : []),
    ...(errors > 0 ? [counted(errors, 'error')] : []),
    ...(warnings > 0 ? [counted(warnings, 'warning')] : []),
  ];
}

function repairText({ repairs, repairBytes }: PlanSummary): string[] {
  if (repairs === 0) return [];
  return [`${counted(repairs, 'partition')} to repair (${formatBytes(repairBytes)})`];
}

/** `3 to create · 2 to alter · 1 to drop on 3 nodes · 1 node unreadable (shop-2)`, or `No changes.` */
export function verdictLine(plan: Plan): string {
  const summary = summarize(plan);
  const counts = [
    ...some(summary.creates, 'to create'),
    ...some(summary.alters, 'to alter'),
    ...some(summary.replaces, 'to replace'),
    ...some(summary.renames, 'to rename'),
    ...some(summary.drops, 'to drop'),
    ...repairText(summary),
    ...some(summary.manual, 'by hand'),
  ];
  const rest = caveats(summary);
  if (counts.length > 0) {
    return [`${counts.join(' · ')} on ${counted(summary.changedNodes, 'node')}`, ...rest].join(' · ');
  }
  if (rest.length === 0) return 'No changes.';
  const known = summary.nodes - summary.unreadable.length;
  const none = known > 0 || summary.nodes === 0 ? ['No changes'] : [];
  const where =
    summary.unreadable.length > 0 && known > 0 ? [`No changes on ${counted(known, 'node')}`] : none;
  return [...where, ...rest].join(' · ');
}
