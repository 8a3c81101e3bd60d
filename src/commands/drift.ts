/** `plumbline drift`: the same comparison as `plan`, told as what has changed on the servers. */
import { survey } from '../apply/survey.ts';
import type { Plan } from '../model/plan.ts';
import { renderDrift } from '../render/drift.ts';
import { renderJunit } from '../render/junit.ts';
import type { Format } from './formats.ts';
import { openToPlan } from './open-to-plan.ts';
import type { Output } from './output.ts';
import { type PlanOptions, planExitCode, renderPlan } from './plan.ts';

function renderAs(plan: Plan, format: Format, output: Output): string {
  if (format === 'text') return renderDrift(plan, { colour: output.colour });
  return format === 'junit' ? renderJunit(plan, { changesFail: true }) : renderPlan(plan, format, output);
}

/** Exits like `plan`: 2 means drift. */
export async function drift(options: PlanOptions, output: Output): Promise<number> {
  const opened = await openToPlan(options, output);
  try {
    const { plan, close } = await survey(opened.estate, opened);
    await close();
    output.result(renderAs(plan, options.format, output));
    return planExitCode(plan);
  } finally {
    await opened.close();
  }
}
