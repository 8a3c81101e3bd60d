/** A plan goes in and comes out, unless one of its nodes could not be read: such a plan is empty, and says nothing. */
import { type Plan, unreadableNodes } from '../../src/model/plan.ts';

export function allRead(plan: Plan): Plan {
  const reasons = unreadableNodes(plan).map(({ node, unreadable }) => `${node} can't be read: ${unreadable}`);
  if (reasons.length > 0) throw new Error(reasons.join('; '));
  return plan;
}
