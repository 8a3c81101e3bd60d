/** `plumbline dr repair`: makes the passive site of pairs as the active one, partition by partition, as steps of an apply. */
import { applyPlan } from '../apply/apply.ts';
import { objections } from '../apply/gate.ts';
import { survey } from '../apply/survey.ts';
import { RefusedError } from '../model/errors.ts';
import { plannedSteps, unreadableNodes } from '../model/plan.ts';
import { renderReport } from '../render/report.ts';
import { type ApplyCommandOptions, confirm } from './apply.ts';
import { chosenPairs } from './dr.ts';
import { openDeclaredEstate } from './estate-options.ts';
import { newRun } from './identity.ts';
import type { Output } from './output.ts';
import { planExitCode, renderPlan } from './plan.ts';
import { showProgress } from './progress.ts';
import { type StopSignals, stopOnSignal } from './stop-on-signal.ts';
import { wantedRepairs } from './wanted-repairs.ts';

export interface DrRepairOptions extends Omit<ApplyCommandOptions, 'allow' | 'refreshSecrets' | 'repairs'> {
  readonly pair?: readonly string[] | undefined;
  /** Patterns. */
  readonly table?: readonly string[] | undefined;
  readonly partition?: readonly string[] | undefined;
}

/** 2 when some partitions are left for the next run. `heard` are the signals that somebody else listens to already. */
export async function drRepair(
  options: DrRepairOptions,
  output: Output,
  heard?: StopSignals,
): Promise<number> {
  const opened = await openDeclaredEstate(options);
  const signals = heard ?? stopOnSignal(output, 'step');
  try {
    const pairs = chosenPairs(opened.estate, options.pair);
    const surveying = {
      ...opened,
      clusters: new Set(pairs.flatMap(({ sites }) => sites.map(({ cluster }) => cluster))),
      repairs: wantedRepairs(opened, options.estate, {
        pairs: new Set(pairs.map(({ name }) => name)),
        tables: options.table,
        ...(options.partition && { partitions: new Set(options.partition) }),
        alone: true,
      }),
    };
    const agreed = await survey(opened.estate, surveying);
    try {
      output.result(renderPlan(agreed.plan, 'text', output));
      const reasons = objections(agreed.plan, new Set());
      if (reasons.length > 0) throw new RefusedError('Nothing was repaired.', reasons);
      if (plannedSteps(agreed.plan).length === 0) return unreadableNodes(agreed.plan).length > 0 ? 1 : 0;
      if (!options.yes && !(await confirm(output))) return 1;
      const progress = showProgress(output);
      const report = await applyPlan(opened.estate, agreed, {
        ...surveying,
        identity: await newRun(options.estate),
        allowed: new Set(),
        lockSeconds: options.lockSeconds,
        progress,
        shouldStop: signals.shouldStop,
      }).finally(progress.close);
      output.result(renderReport(report, { colour: output.colour }));
      const failed = report.results.some(({ outcome }) => outcome !== 'done');
      return failed ? 1 : planExitCode(report.remaining);
    } finally {
      await agreed.close();
    }
  } finally {
    if (!heard) signals.release();
    await opened.close();
  }
}
