/** Takes a cluster's plan, gives its steps in the order in which they run. */
import { keyOf } from '../model/object.ts';
import type { ClusterPlan, PlannedStep } from '../model/plan.ts';

interface Item {
  readonly key: string;
  readonly planned: PlannedStep;
}

/** A node's steps, each known by its object and by which of the object's steps it is. */
function itemsOf(cluster: string, { node, steps }: ClusterPlan['nodes'][number]): Item[] {
  const seen = new Map<string, number>();
  return steps.map((step) => {
    const object = keyOf(step.object);
    const number = seen.get(object) ?? 0;
    seen.set(object, number + 1);
    return { key: `${number} ${object}`, planned: { cluster, node, step } };
  });
}

/** Where an object is altered on one node and created on another, the new replica needs the definition that the old one gets. */
const alterFirst = (a: PlannedStep, b: PlannedStep): number =>
  Number(a.step.action !== 'alter') - Number(b.step.action !== 'alter');

/**
 * Node after node; but where the server carries steps over to other nodes, object after object: a view must be changed on all
 * of them before the column that it reads is dropped from all. Nodes that disagree about the order go by the first of them.
 */
function ordinaryOrder({ cluster, nodes }: ClusterPlan): PlannedStep[] {
  const queues = nodes.map((node) => itemsOf(cluster, node));
  const carries = nodes.some(({ steps }) => steps.some(({ followers }) => followers !== undefined));
  if (!carries) return queues.flat().map(({ planned }) => planned);
  const waiting = new Map<string, number>();
  for (const { key } of queues.flat()) waiting.set(key, (waiting.get(key) ?? 0) + 1);
  const order: PlannedStep[] = [];
  for (let left = queues.flat().length; left > 0; ) {
    const heads = queues.flatMap(([head]) => (head ? [head.key] : []));
    const count = (key: string): number => heads.filter((head) => head === key).length;
    const next = heads.find((key) => count(key) === waiting.get(key)) ?? heads[0];
    const taken = queues.flatMap((queue) => (queue[0]?.key === next ? queue.splice(0, 1) : []));
    order.push(...taken.map(({ planned }) => planned).sort(alterFirst));
    waiting.set(next ?? '', (waiting.get(next ?? '') ?? 0) - taken.length);
    left -= taken.length;
  }
  return order;
}

/** Phase after phase; within one, in the ordinary order. */
export function runOrder(cluster: ClusterPlan): PlannedStep[] {
  const phase = ({ step }: PlannedStep): number => step.phase ?? 0;
  return ordinaryOrder(cluster).sort((a, b) => phase(a) - phase(b));
}

/** The same plan with every step on every node that it changes, also where the server would carry it over. */
export function everywhere(cluster: ClusterPlan): ClusterPlan {
  const order = runOrder(cluster);
  const nodes = cluster.nodes.map((plan) => ({
    ...plan,
    steps: order.flatMap(({ node, step }) =>
      node === plan.node || step.followers?.includes(plan.node) ? [step] : [],
    ),
  }));
  return { ...cluster, nodes };
}
