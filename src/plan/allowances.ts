/** A plan and the sizes below which the declarations allow guarded steps go in; the plan that says so at each step comes out. */
import type { SizeLimits } from '../model/estate.ts';
import type { Plan } from '../model/plan.ts';
import { isGuarded } from '../model/review.ts';
import type { Step } from '../model/step.ts';

type Limits = ReadonlyMap<string, SizeLimits>;

/** What nobody knows the size of is never below a limit, and below a limit of 0 is nothing. */
function judged({ allowance: _older, ...step }: Step, limits: Limits | undefined): Step {
  const { verdict, impact, object } = step;
  const limit = isGuarded(verdict) ? limits?.get(object.path[0] ?? '')?.[verdict] : undefined;
  if (!limit || !impact || impact.isUnsized || impact.bytes >= limit.bytes) return step;
  return { ...step, allowance: limit };
}

/** The same plan under other limits: they are no part of what it means. */
export function withAllowances(plan: Plan, limits: Limits | undefined): Plan {
  const clusters = plan.clusters.map((cluster) => ({
    ...cluster,
    nodes: cluster.nodes.map((node) => ({
      ...node,
      steps: node.steps.map((step) => judged(step, limits)),
    })),
  }));
  return { ...plan, clusters };
}

/** What both allow: the lower limit of each pair, shown where `limits` has it. */
export function withinBoth(limits: Limits | undefined, others: Limits | undefined): Limits {
  const lower = (own: SizeLimits, other: SizeLimits): SizeLimits => {
    const pairs = (['destructive', 'rebuild'] as const).flatMap((verdict) => {
      const [a, b] = [own[verdict], other[verdict]];
      return a && b ? [[verdict, { ...a, bytes: Math.min(a.bytes, b.bytes) }] as const] : [];
    });
    return Object.fromEntries(pairs);
  };
  return new Map([...(limits ?? [])].map(([name, own]) => [name, lower(own, others?.get(name) ?? {})]));
}
