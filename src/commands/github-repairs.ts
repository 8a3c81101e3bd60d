/** Behind an apply after a merge: repairs the pairs that are declared so, and gives what became of it for the apply's report. */
import { applyPlan } from '../apply/apply.ts';
import { objections } from '../apply/gate.ts';
import { survey } from '../apply/survey.ts';
import { PlumblineError, RefusedError } from '../model/errors.ts';
import { plannedSteps, unreadableNodes } from '../model/plan.ts';
import type { RunIdentity } from '../model/report.ts';
import { renderRepairsMarkdown, renderUnrepaired } from '../render/report-markdown.ts';
import type { OpenEstate } from './estate-options.ts';
import { newRun } from './identity.ts';
import type { Output } from './output.ts';
import { showProgress } from './progress.ts';
import { wantedRepairs } from './wanted-repairs.ts';

export interface RepairsReport {
  /** Markdown, empty where no pair is to be repaired; ends in a newline. */
  readonly text: string;
  /** Whether something was refused or did not end well; what is beyond the limits of a run is next, and no failure. */
  readonly failed: boolean;
}

const NOTHING: RepairsReport = { text: '', failed: false };

/** Seconds. */
const LOCK = 60;

async function repairPairs(
  opened: OpenEstate,
  folder: string,
  identity: RunIdentity,
  output: Output,
): Promise<RepairsReport> {
  const pairs = opened.estate.pairs.filter(({ repairOnApply }) => repairOnApply);
  const surveying = {
    ...opened,
    clusters: new Set(pairs.flatMap(({ sites }) => sites.map(({ cluster }) => cluster))),
    repairs: wantedRepairs(opened, folder, { pairs: new Set(pairs.map(({ name }) => name)), alone: true }),
  };
  const agreed = await survey(opened.estate, surveying);
  try {
    const reasons = objections(agreed.plan, new Set());
    if (reasons.length > 0) throw new RefusedError('Nothing was repaired.', reasons);
    const unread = unreadableNodes(agreed.plan).map(
      ({ node, unreadable }) => `${node} can't be read: ${unreadable}`,
    );
    if (plannedSteps(agreed.plan).length === 0)
      return {
        text: renderUnrepaired(
          unread.length > 0 ? ['Nothing was repaired.', ...unread] : ['Nothing was to be repaired.'],
        ),
        failed: unread.length > 0,
      };
    const progress = showProgress(output);
    const report = await applyPlan(opened.estate, agreed, {
      ...{ ...surveying, identity, allowed: new Set<string>(), lockSeconds: LOCK, progress },
      shouldStop: () => false,
    }).finally(progress.close);
    const failed = report.results.some(({ outcome }) => outcome !== 'done');
    return { text: renderRepairsMarkdown(report), failed };
  } finally {
    await agreed.close();
  }
}

/** Nothing that goes wrong here undoes the apply or hides its report. */
export async function repairAfterApply(
  opened: OpenEstate,
  folder: string,
  output: Output,
): Promise<RepairsReport> {
  if (!opened.estate.pairs.some(({ repairOnApply }) => repairOnApply)) return NOTHING;
  try {
    return await repairPairs(opened, folder, await newRun(folder), output);
  } catch (error) {
    if (!(error instanceof PlumblineError)) throw error;
    const reasons = error instanceof RefusedError ? error.reasons : [];
    return { text: renderUnrepaired([error.message, ...reasons]), failed: true };
  }
}
