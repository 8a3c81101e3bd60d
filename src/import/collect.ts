/** The live states of an estate's nodes go in; each object that is to be declared comes out once, with where it stands. */
import type { Survey } from '../apply/survey.ts';
import { rootKind } from '../kinds/index.ts';
import type { Estate } from '../model/estate.ts';
import type { Finding } from '../model/finding.ts';
import { nameKey, type ObjectId, showId } from '../model/object.ts';
import type { ClusterPlan, NodePlan } from '../model/plan.ts';
import type { Root, State } from '../model/state.ts';
import { isOfRebuild } from '../plan/rebuild.ts';

/** A live object as one of its nodes has it, and the clusters on which it is the same. */
export interface Found {
  readonly root: Root;
  readonly clusters: readonly string[];
  /** The node from which it was taken. */
  readonly node: string;
}

export interface Choice {
  /** Only what is in these databases; everything where it is left out. */
  readonly databases?: ReadonlySet<string> | undefined;
  /** Also what is declared already. */
  readonly all: boolean;
}

type Report = (rule: string, message: string, id: ObjectId, node?: string) => void;

/** The database `default`, and users and roles of its configuration files, which no statement would make. */
const comesWithServer = ({ id, statement }: Root): boolean =>
  (id.path.length === 1 && id.path[0] === 'default') ||
  rootKind(id.kind).comesWithServer?.(statement) === true;

/** What nobody declared, with what is only told where its owner is declared: the rights of a user. */
function isUnmanaged({ id, statement }: Root, unmanaged: ReadonlySet<string>): boolean {
  const owners = rootKind(id.kind).concerns?.(statement) ?? [];
  return [id, ...owners].some((one) => unmanaged.has(nameKey(one)));
}

function chosen({ plan, state }: ReadNode, { all, databases }: Choice): Root[] {
  const unmanaged = new Set(plan.unmanaged.map(nameKey));
  return [...state.values()].filter(
    (root) =>
      !comesWithServer(root) &&
      !isOfRebuild(root.id) &&
      (all || isUnmanaged(root, unmanaged)) &&
      (databases === undefined || databases.has(root.id.path[0] ?? '')),
  );
}

interface ReadNode {
  readonly plan: NodePlan;
  readonly state: State;
}

/** What the nodes of one cluster have, each as the first of them has it. */
function ofCluster(nodes: readonly ReadNode[], choice: Choice, report: Report): Map<string, Found> {
  const found = new Map<string, Found>();
  for (const { plan, root } of nodes.flatMap((node) =>
    chosen(node, choice).map((root) => ({ ...node, root })),
  )) {
    const key = nameKey(root.id);
    const first = found.get(key);
    if (!first) found.set(key, { root, clusters: [], node: plan.node });
    else if (first.root.statement !== root.statement) {
      const message = `${showId(root.id)} is not on ${plan.node} as it is on ${first.node}, from where it is taken`;
      report('nodes-disagree', message, root.id, plan.node);
    }
  }
  for (const [key, { root, node }] of found) {
    const without = nodes.filter(({ state }) => !state.has(key)).map(({ plan }) => plan.node);
    if (without.length > 0) {
      const message = `${showId(root.id)} is on ${node} and missing on ${without.join(', ')}: the next plan creates it there`;
      report('nodes-disagree', message, root.id, node);
    }
  }
  return found;
}

/**
 * What is live and to be declared, by name. An object that differs between clusters is declared for the first of them only,
 * because a name has one declaration.
 */
export function collect(
  { plan, states }: Survey,
  estate: Estate,
  choice: Choice,
): { readonly found: readonly Found[]; readonly findings: readonly Finding[] } {
  const findings: Finding[] = [];
  const report: Report = (rule, message, id, node) =>
    findings.push({ severity: 'warning', rule, message, object: nameKey(id), ...(node && { node }) });
  const declared = new Set(choice.all ? [] : estate.objects.map(({ tree }) => nameKey(tree.root.id)));
  const found = new Map<string, Found>();
  const readNodes = ({ nodes }: ClusterPlan): ReadNode[] =>
    nodes.flatMap((node) => {
      const state = states.get(node.node);
      return state ? [{ plan: node, state }] : [];
    });
  for (const cluster of plan.clusters) {
    for (const [key, one] of ofCluster(readNodes(cluster), choice, report)) {
      const before = found.get(key);
      const { id } = one.root;
      if (declared.has(key)) {
        report(
          'declared-elsewhere',
          `${showId(id)} is declared for other clusters; say that it is \`on\` ${cluster.cluster} too`,
          id,
        );
      } else if (before && before.root.statement !== one.root.statement) {
        const where = `${before.clusters.join(', ')}, for which it is declared`;
        report('clusters-disagree', `${showId(id)} is not on ${cluster.cluster} as it is on ${where}`, id);
      } else {
        found.set(key, { ...(before ?? one), clusters: [...(before?.clusters ?? []), cluster.cluster] });
      }
    }
  }
  return { found: [...found.values()], findings };
}
