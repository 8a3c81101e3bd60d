/** Takes the plans of a cluster's nodes, each made by itself; gives them with every step where the server wants it run. */
import type { Cluster } from '../model/estate.ts';
import type { Finding } from '../model/finding.ts';
import { nameKey, showId, showPath } from '../model/object.ts';
import type { NodePlan } from '../model/plan.ts';
import type { Replica } from '../model/replica.ts';
import type { Step } from '../model/step.ts';
import type { ReachingStep } from './plan.ts';
import { refusedCreate } from './replica-creates.ts';
import { type Group, groupsOf, type Holder, type UnroutedNode } from './replica-groups.ts';
import { macroFindings } from './replica-macros.ts';

type NodeFinding = readonly [UnroutedNode, Finding];

interface Routed {
  /** Nobody where all that have the step only lag behind others. */
  readonly leader: Holder | undefined;
  readonly followers: readonly string[];
  readonly findings: readonly NodeFinding[];
}

const nameOf = ({ plan }: UnroutedNode): string => plan.node;

const listed = (nodes: readonly UnroutedNode[]): string => nodes.map(nameOf).join(', ');

function about(
  node: UnroutedNode,
  step: Step,
  [severity, rule]: readonly [Finding['severity'], string],
  message: string,
): NodeFinding {
  const place = step.place && { place: step.place };
  return [node, { severity, rule, message, object: nameKey(step.object), node: nameOf(node), ...place }];
}

/** Whether the member has said that it can't be compared, so that nothing follows from its having no step. */
const isSilent = ({ plan }: UnroutedNode, object: string): boolean =>
  plan.findings.some((finding) => finding.severity === 'error' && finding.object === object);

const replicaOf = (node: UnroutedNode, { object }: Step): Replica | undefined =>
  node.replicas.get(nameKey(object));

/** Those of the holders whose definition is the newest that any member has; the others would repeat what was done. */
function upToDate({ members, holders, areReplicas }: Group, step: Step): readonly Holder[] {
  if (areReplicas) {
    const versions = members.map((member) => replicaOf(member, step)?.version ?? 0);
    const newest = Math.max(...versions);
    return holders.filter(({ node }) => (replicaOf(node, step)?.version ?? 0) === newest);
  }
  const holding = new Set(holders.map(({ node }) => node));
  const object = nameKey(step.object);
  const isDone = members.some((member) => !holding.has(member) && !isSilent(member, object));
  return isDone ? [] : holders;
}

function behind(node: UnroutedNode, step: Step, ahead: readonly UnroutedNode[]): NodeFinding {
  const waits = replicaOf(node, step)?.queue ?? 0;
  const what = showId(step.object);
  return about(
    node,
    step,
    ['warning', 'replica-behind'],
    `${what} has not followed ${listed(ahead)} yet${waits > 0 ? `, ${waits} entries of its queue wait` : ''}; ` +
      `nothing is run for that. If it stays behind, system.replication_queue says why, and SYSTEM RESTART REPLICA ${showPath(step.object.path)} helps`,
  );
}

function readOnlyFindings({ members }: Group, { node, step }: Holder): NodeFinding[] {
  const isReadOnly = (member: UnroutedNode): boolean => replicaOf(member, step)?.isReadOnly === true;
  const what = showId(step.object);
  if (members.every(isReadOnly) && members.length > 0 && replicaOf(node, step)) {
    const message = `no replica of ${what} takes changes: Keeper can't be reached, or the tables lost their place in it; see system.replicas`;
    return [about(node, step, ['error', 'replicas-read-only'], message)];
  }
  const message = `${what} is read-only there, so ${nameOf(node)} runs its changes; it follows when it reaches Keeper again`;
  return members
    .filter(isReadOnly)
    .map((member) => about(member, step, ['warning', 'replica-read-only'], message));
}

function routed(group: Group, step: Step): Routed {
  const { members, holders, missing } = group;
  const candidates = upToDate(group, step);
  const leader = candidates.find(({ node }) => !replicaOf(node, step)?.isReadOnly) ?? candidates[0];
  const ahead = leader
    ? [leader.node]
    : members.filter((member) => holders.every(({ node }) => node !== member));
  const late = holders.filter((holder) => !candidates.includes(holder));
  const alone =
    leader && missing.length > 0
      ? [
          about(
            leader.node,
            step,
            ['warning', 'replica-alone'],
            `${showId(step.object)} would be changed without ${listed(missing)}, which can't be read`,
          ),
        ]
      : [];
  return {
    leader,
    followers: leader ? members.filter((member) => member !== leader.node).map(nameOf) : [],
    findings: [
      ...late.map(({ node }) => behind(node, step, ahead)),
      ...(leader ? readOnlyFindings(group, leader) : []),
      ...alone,
    ],
  };
}

/** The step as people and apply see it. */
function settled({ reaches: _reaches, ...step }: ReachingStep, followers?: readonly string[]): Step {
  return followers ? { ...step, followers } : step;
}

/** Every node's plan; what the server carries over stands on the node that runs it, and names the nodes that follow. */
export function routeReplicas(cluster: Cluster, nodes: readonly UnroutedNode[]): NodePlan[] {
  const groups = groupsOf(cluster, nodes);
  const routes = new Map<Group, Routed>();
  const routeOf = (group: Group, step: Step): Routed => {
    const known = routes.get(group) ?? routed(group, step);
    routes.set(group, known);
    return known;
  };
  const steps = nodes.map((node) =>
    node.plan.steps.flatMap((step): Step[] => {
      const group = groups.get(step);
      if (!group) return [refusedCreate(node, nodes, settled(step)) ?? settled(step)];
      const { leader, followers } = routeOf(group, step);
      return leader?.step === step ? [settled(step, followers)] : [];
    }),
  );
  const ofMacros = macroFindings(nodes);
  return nodes.map((node, at) => {
    const found = [...routes.values()].flatMap(({ findings }) =>
      findings.flatMap(([where, finding]) => (where === node ? [finding] : [])),
    );
    const { plan } = node;
    return {
      ...plan,
      steps: steps[at] ?? [],
      findings: [...plan.findings, ...found, ...(ofMacros.get(node) ?? [])],
    };
  });
}
