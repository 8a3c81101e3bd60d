/** `plumbline drift`: the same comparison as `plan`, told as what has changed on the servers. */
import { survey } from '../apply/survey.ts';
import { renderDrift } from '../render/drift.ts';
import { openDeclaredEstate } from './estate-options.ts';
import type { Output } from './output.ts';
import { type PlanOptions, planExitCode, renderPlan } from './plan.ts';

/** Exits like `plan`: 2 means drift. */
export async function drift(options: PlanOptions, output: Output): Promise<number> {
  const opened = await openDeclaredEstate(options);
  try {
    const { plan, close } = await survey(opened.estate, opened);
    await close();
    const text =
      options.format === 'text'
        ? renderDrift(plan, { colour: output.colour })
        : renderPlan(plan, options.format, output);
    output.result(text);
    return planExitCode(plan);
  } finally {
    await opened.close();
  }
}
