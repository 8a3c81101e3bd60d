/** `plumbline apply`: makes the servers as declared, from a saved plan or from one it makes and asks about. */
import { createInterface } from 'node:readline/promises';
import { applyPlan } from '../apply/apply.ts';
import { objections } from '../apply/gate.ts';
import { readPlanFile } from '../apply/plan-file.ts';
import { survey } from '../apply/survey.ts';
import { RefusedError } from '../model/errors.ts';
import { plannedSteps, unreadableNodes } from '../model/plan.ts';
import { movedSince } from '../plan/digest.ts';
import { renderReport } from '../render/report.ts';
import type { EstateOptions } from './estate-options.ts';
import { newRun } from './identity.ts';
import { openToPlan } from './open-to-plan.ts';
import type { Output } from './output.ts';
import { renderPlan } from './plan.ts';
import { showProgress } from './progress.ts';
import { reportExitCode } from './report-exit-code.ts';
import { stopOnSignal } from './stop-on-signal.ts';
import { wantedRepairs } from './wanted-repairs.ts';

export interface ApplyCommandOptions extends EstateOptions {
  readonly yes?: true | undefined;
  readonly allow?: readonly string[] | undefined;
  /** Whether the pairs of sites are compared, and repaired. */
  readonly repairs?: true | undefined;
  readonly lockSeconds: number;
  readonly refreshSecrets?: true | undefined;
  /** Conditions of stages that do not count. */
  readonly override?: readonly string[] | undefined;
}

export async function confirm(output: Output): Promise<boolean> {
  if (!process.stdin.isTTY) {
    throw new RefusedError('Nobody is there to be asked; say --yes to apply without asking.', []);
  }
  const prompt = createInterface({ input: process.stdin, output: process.stderr });
  const answer = await prompt.question('Apply this plan? Only "yes" applies it: ');
  prompt.close();
  if (answer.trim() !== 'yes') output.note('Not applied; nothing was changed.');
  return answer.trim() === 'yes';
}

export async function apply(
  file: string | undefined,
  options: ApplyCommandOptions,
  output: Output,
): Promise<number> {
  const saved = file === undefined ? undefined : await readPlanFile(file);
  const opened = await openToPlan(options, output);
  const allowed = new Set(options.allow);
  const signals = stopOnSignal(output, 'step');
  try {
    const surveying = {
      ...opened,
      refreshSecrets: options.refreshSecrets === true,
      overrides: new Set(options.override),
      ...(options.repairs && { repairs: wantedRepairs(opened, options.estate) }),
    };
    const agreed = await survey(opened.estate, surveying);
    try {
      if (saved) {
        const moved = movedSince(saved, agreed.plan);
        if (moved.length > 0)
          throw new RefusedError('The saved plan is out of date; nothing was changed.', moved);
      } else {
        output.result(renderPlan(agreed.plan, 'text', output));
      }
      const reasons = objections(agreed.plan, allowed);
      if (reasons.length > 0)
        throw new RefusedError('The plan was not applied; nothing was changed.', reasons);
      if (plannedSteps(agreed.plan).length === 0) return unreadableNodes(agreed.plan).length > 0 ? 1 : 0;
      if (!options.yes && !saved && !(await confirm(output))) return 1;
      const identity = await newRun(options.estate);
      const { shouldStop } = signals;
      const { lockSeconds } = options;
      const progress = showProgress(output);
      const report = await applyPlan(opened.estate, agreed, {
        ...surveying,
        identity,
        allowed,
        lockSeconds,
        progress,
        shouldStop,
      }).finally(progress.close);
      output.result(renderReport(report, { colour: output.colour }));
      return reportExitCode(report);
    } finally {
      await agreed.close();
    }
  } finally {
    signals.release();
    await opened.close();
  }
}
