/** Reads a saved plan, and refuses what is no plan of this format. */
import { readFile } from 'node:fs/promises';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { PlumblineError } from '../model/errors.ts';
import { PLAN_FORMAT, type Plan } from '../model/plan.ts';
import { planOf } from '../plan/digest.ts';
import schema from '../plan/plan.schema.json' with { type: 'json' };

const isPlan = new Ajv2020({ allErrors: false }).compile<Plan>(schema);

/** Throws a PlumblineError for a file that can't be read, is no plan, or was changed by hand. */
export async function readPlanFile(file: string): Promise<Plan> {
  const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    throw new PlumblineError(`The plan ${file} can't be read (${error.code}).`);
  });
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new PlumblineError(
      `${file} is no plan: it is not JSON. \`plumbline plan --out ${file}\` writes one.`,
    );
  }
  const format = (value as { format?: unknown } | null)?.format;
  if (format !== PLAN_FORMAT && typeof format === 'number') {
    throw new PlumblineError(
      `${file} is a plan of format ${format}; this version reads format ${PLAN_FORMAT}.`,
    );
  }
  if (!isPlan(value)) {
    const [problem] = isPlan.errors ?? [];
    throw new PlumblineError(
      `${file} is no plan: ${problem?.instancePath || 'the file'} ${problem?.message}.`,
    );
  }
  if (planOf(value.clusters).digest !== value.digest) {
    throw new PlumblineError(
      `${file} was changed after it was made: its steps don't have the digest it names.`,
    );
  }
  return value;
}
