/** Fills in the secrets of a statement at the last moment, and keeps them out of everything that is said about it afterwards. */
import { readFileSync } from 'node:fs';
import { fillSecrets, secretMark, secretsIn } from '../kinds/secret.ts';
import { PERMISSIVE } from '../live/normalise.ts';
import { type RequestOptions, type Server, ServerError } from '../live/server.ts';
import { PlumblineError } from '../model/errors.ts';
import { type Plan, plannedSteps } from '../model/plan.ts';
import { literal } from '../sql/quote.ts';

type Lookup = { readonly value: string } | { readonly missing: string };

/** An empty variable counts as missing: CI sets those of unknown secrets to nothing. */
function lookUp(name: string): Lookup {
  const value = process.env[name];
  if (value) return { value };
  const file = process.env[`${name}_FILE`];
  if (!file) return { missing: `neither the environment variable ${name} nor ${name}_FILE is set` };
  try {
    const text = readFileSync(file, 'utf8').replace(/\r?\n$/, '');
    return text ? { value: text } : { missing: `the file that ${name}_FILE names is empty` };
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    return { missing: `the file that ${name}_FILE names can't be read (${code})` };
  }
}

/** One reason for each secret that the plan needs and nobody gave. */
export function missingSecrets(plan: Plan): string[] {
  const names = new Set(plannedSteps(plan).flatMap(({ step }) => step.statements.flatMap(secretsIn)));
  return [...names].sort().flatMap((name) => {
    const found = lookUp(name);
    return 'missing' in found ? [`the secret ${name} is missing: ${found.missing}`] : [];
  });
}

function secretOf(name: string): string {
  const found = lookUp(name);
  if ('missing' in found) throw new PlumblineError(`The secret ${name} is missing: ${found.missing}.`);
  return found.value;
}

/** The shortest beginning of a secret that is taken out of a text, which may be cut in the middle of it. */
const SHORTEST = 6;

/** The text without the secrets, and without the beginnings of those that are cut off. */
function scrub(text: string, names: readonly string[]): string {
  return names.reduce((scrubbed, name) => {
    const value = secretOf(name);
    const spellings = [literal(value).slice(1, -1), value];
    const cuts = spellings.flatMap((spelling) =>
      Array.from({ length: spelling.length }, (_, cut) => spelling.slice(0, spelling.length - cut)),
    );
    return cuts
      .filter((cut, at) => at === 0 || cut === value || cut.length >= SHORTEST)
      .reduce((left, cut) => left.replaceAll(cut, secretMark(name)), scrubbed);
  }, text);
}

/**
 * Runs a statement of a plan, with its secrets filled in. The server looks at it without them first, so that one with a mistake never
 * reaches its logs with them. Throws ServerError, whose reason holds no secret.
 */
export async function runWithSecrets(
  server: Server,
  statement: string,
  options: RequestOptions,
): Promise<void> {
  const names = secretsIn(statement);
  const permitting = { ...options, settings: { ...PERMISSIVE, ...options.settings } };
  if (names.length === 0) return server.run(statement, permitting);
  await server.rows(`SELECT formatQuerySingleLine(${literal(statement)})`);
  try {
    await server.run(fillSecrets(statement, secretOf), permitting);
  } catch (error) {
    if (!(error instanceof ServerError)) throw error;
    throw new ServerError(server.node, error.code, scrub(error.reason, names));
  }
}
