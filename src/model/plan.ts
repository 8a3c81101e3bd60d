/** A plan: plain JSON that says, per cluster and node, what apply would do. It holds no secret. */
import type { Cluster } from './estate.ts';
import type { Finding } from './finding.ts';
import type { ObjectId } from './object.ts';
import type { StageChange } from './stage.ts';
import type { Step } from './step.ts';

/** Raised when a reader of an older format could misunderstand a plan. */
export const PLAN_FORMAT = 1;

export interface NodePlan {
  readonly node: string;
  /** `host:port` of the HTTP interface. */
  readonly address: string;
  /** What the server says it is; absent when it did not answer. */
  readonly version?: string;
  /** In the order in which they run. */
  readonly steps: readonly Step[];
  /** Live objects that no declaration names: listed, never touched. */
  readonly unmanaged: readonly ObjectId[];
  readonly findings: readonly Finding[];
  /** Why the node could not be read; then there are no steps, and nobody knows whether there should be. */
  readonly unreadable?: string;
}

export interface ClusterPlan {
  readonly cluster: string;
  readonly edition: Cluster['edition'];
  readonly nodes: readonly NodePlan[];
}

export interface Plan {
  readonly format: typeof PLAN_FORMAT;
  /** What the plan means (nodes, steps, their order, the state they start from), as 32 hexadecimal digits. */
  readonly digest: string;
  readonly clusters: readonly ClusterPlan[];
  /** Of federations that are to enter another stage; no part of what the plan means. */
  readonly stages?: readonly StageChange[];
}

export interface PlannedStep {
  readonly cluster: string;
  readonly node: string;
  readonly step: Step;
}

/** Every step with where it runs, in the plan's order. */
export function plannedSteps(plan: Plan): PlannedStep[] {
  return plan.clusters.flatMap(({ cluster, nodes }) =>
    nodes.flatMap(({ node, steps }) => steps.map((step) => ({ cluster, node, step }))),
  );
}

/** Every finding of every node, each with its node. */
export function planFindings(plan: Plan): Finding[] {
  return plan.clusters.flatMap(({ nodes }) =>
    nodes.flatMap(({ node, findings }) => findings.map((finding) => ({ node, ...finding }))),
  );
}

/** Whether every node could be read, and nothing is left to do or to mend there. An empty list of steps alone says less. */
export function isAsDeclared(plan: Plan): boolean {
  const isWrong = planFindings(plan).some(({ severity }) => severity === 'error');
  return plannedSteps(plan).length === 0 && unreadableNodes(plan).length === 0 && !isWrong;
}

/** Nodes whose state is not known. */
export function unreadableNodes(plan: Plan): NodePlan[] {
  return plan.clusters.flatMap(({ nodes }) => nodes.filter(({ unreadable }) => unreadable !== undefined));
}
