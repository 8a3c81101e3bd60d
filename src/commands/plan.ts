/** `plumbline plan`: shows how the live servers differ from the declarations. */
import { writeFile } from 'node:fs/promises';
import { survey } from '../apply/survey.ts';
import { planWithLint } from '../lint/in-plan.ts';
import { isAsDeclared, type Plan, planFindings, plannedSteps, unreadableNodes } from '../model/plan.ts';
import { VERSION } from '../model/version.ts';
import { rehearse } from '../rehearse/rehearse.ts';
import { renderJson } from '../render/json.ts';
import { renderJunit } from '../render/junit.ts';
import { renderMarkdown } from '../render/markdown.ts';
import { renderSarif } from '../render/sarif.ts';
import { renderText } from '../render/text.ts';
import { visible } from '../render/visible.ts';
import { lintDeclared } from './declared-lint.ts';
import type { EstateOptions } from './estate-options.ts';
import type { Format } from './formats.ts';
import { openToPlan } from './open-to-plan.ts';
import type { Output } from './output.ts';
import { wantedRepairs } from './wanted-repairs.ts';

export interface PlanOptions extends EstateOptions {
  readonly format: Format;
  readonly out?: string | undefined;
  readonly rehearse?: true | undefined;
  readonly refreshSecrets?: true | undefined;
  /** Conditions of stages that do not count. */
  readonly override?: readonly string[] | undefined;
  /** Whether the pairs of sites are compared, and their repairs are in the plan. */
  readonly repairs?: true | undefined;
}

export function renderPlan(plan: Plan, format: Format, output: Output): string {
  if (format === 'json') return renderJson(plan);
  if (format === 'markdown') return renderMarkdown(plan);
  if (format === 'sarif') return renderSarif(planFindings(plan), { estate: '.', version: VERSION });
  if (format === 'junit') return renderJunit(plan, { changesFail: false });
  return renderText(plan, { colour: output.colour });
}

/** 1 when something could not be read or must be mended first, 2 when there are changes, 0 when there are none. */
export function planExitCode(plan: Plan): number {
  if (isAsDeclared(plan)) return 0;
  const errors = planFindings(plan).some(({ severity }) => severity === 'error');
  return errors || unreadableNodes(plan).length > 0 ? 1 : 2;
}

export async function plan(options: PlanOptions, output: Output): Promise<number> {
  const opened = await openToPlan(options, output);
  try {
    const surveyed = await survey(opened.estate, {
      ...opened,
      keepStates: options.rehearse === true,
      refreshSecrets: options.refreshSecrets === true,
      overrides: new Set(options.override),
      ...(options.repairs && { repairs: wantedRepairs(opened, options.estate) }),
    });
    await surveyed.close();
    if (options.out !== undefined) await writeFile(options.out, renderJson(surveyed.plan));
    const changes = plannedSteps(surveyed.plan).length > 0;
    const lint = changes ? lintDeclared(opened.estate, options.estate) : [];
    const plan = planWithLint(surveyed.plan, lint);
    output.result(renderPlan(plan, options.format, output));
    if (!options.rehearse) return planExitCode(plan);
    const { outcome, text } = await rehearse(opened.estate, surveyed.plan, surveyed.states);
    output.note(`Rehearsal: ${visible(text)}`);
    return outcome === 'failed' || outcome === 'not empty' ? 1 : planExitCode(plan);
  } finally {
    await opened.close();
  }
}
