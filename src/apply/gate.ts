/** Decides whether a plan may run at all; every reason against it is told at once, and then nothing runs. */
import { showId } from '../model/object.ts';
import { showPlace } from '../model/place.ts';
import { type Plan, type PlannedStep, planFindings, plannedSteps } from '../model/plan.ts';
import { GUARDED, isGuarded } from '../model/review.ts';
import { identifier } from '../sql/quote.ts';
import { tokenize } from '../sql/tokens.ts';
import { missingSecrets } from './secrets.ts';

/**
 * Whether a text holds the keywords of distributed DDL outside strings, comments and quoted names. Behind a JOIN the same
 * words are a condition on a column called `cluster`; distributed DDL says them before any query begins.
 */
export function isDistributedDdl(statement: string): boolean {
  const words = tokenize(statement).map((token) => (token.kind === 'word' ? token.text.toUpperCase() : ''));
  const join = words.indexOf('JOIN');
  const ddl = join < 0 ? words : words.slice(0, join);
  return ddl.some((word, at) => word === 'ON' && ddl[at + 1] === 'CLUSTER');
}

/** The name that allows an object; what a dot, a blank or a verdict would blur stands in backticks: `` a.`b.c` ``. */
function allowedAs(path: readonly string[]): string {
  const isPlain = (name: string): boolean =>
    /^[^\s.`]+$/.test(name) && !GUARDED.some((verdict) => verdict === name);
  return path.map((name) => (isPlain(name) ? name : identifier(name))).join('.');
}

/** The one name that allows a step's object and no other: with its kind. */
export function allowanceOf({ step }: PlannedStep): string {
  return `${step.object.kind} ${allowedAs(step.object.path)}`;
}

/** `destructive`, `rebuild`, `shop.orders` (and what is inside it), or the object with its kind. */
function isAllowed(planned: PlannedStep, allowed: ReadonlySet<string>): boolean {
  const { path } = planned.step.object;
  const names = path.map((_name, depth) => allowedAs(path.slice(0, depth + 1)));
  return [planned.step.verdict, allowanceOf(planned), ...names].some((name) => allowed.has(name));
}

/** The reasons why this plan can't be applied; none when it can. */
export function objections(plan: Plan, allowed: ReadonlySet<string>): string[] {
  const reasons = planFindings(plan)
    .filter(({ severity }) => severity === 'error')
    .map(
      ({ message, place, node }) =>
        `${place ? `${showPlace(place)}: ` : ''}${message}${node ? ` [${node}]` : ''}`,
    );
  for (const planned of plannedSteps(plan)) {
    const { step, node } = planned;
    const what = `${showId(step.object)} on ${node}`;
    if (step.verdict === 'manual')
      reasons.push(...step.refusals.map((why) => `${what} can't be changed: ${why}`));
    if (isGuarded(step.verdict) && !step.allowance && !isAllowed(planned, allowed)) {
      const name = allowedAs(step.object.path);
      reasons.push(
        `${what}: ${step.action} is ${step.verdict} and needs \`--allow ${name}\` or \`--allow ${step.verdict}\``,
      );
    }
    if (step.statements.some(isDistributedDdl)) {
      reasons.push(`${what}: the statement says ON CLUSTER; Plumbline runs DDL on every node separately`);
    }
  }
  return [...new Set([...reasons, ...missingSecrets(plan)])];
}
