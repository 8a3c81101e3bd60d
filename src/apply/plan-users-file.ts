/** A node whose access objects come from a file, and what is declared go in; what to compare comes out, and then how the file gets there. */
import { configure } from '../access/configure.ts';
import { heldBy, heldForAll, STANDARD_PROFILE } from '../access/held.ts';
import { mistakeFinding } from '../access/mistake-finding.ts';
import { type PlannedAccess, planAccess } from '../access/plan-access.ts';
import { rootKind } from '../kinds/index.ts';
import type { Desired } from '../live/desired.ts';
import type { ServerFacts } from '../live/read.ts';
import { readDelivered } from '../live/read-topology.ts';
import type { Server } from '../live/server.ts';
import type { Cluster, DeclaredObject } from '../model/estate.ts';
import { USERS_FILE } from '../model/node-file.ts';
import { isAccess, nameKey, type Tree } from '../model/object.ts';
import type { State } from '../model/state.ts';
import type { NodeDifferences } from '../plan/plan.ts';
import { ParseError } from '../sql/cursor.ts';

export interface AccessPlan {
  /** With the access objects as the server shows them once it has the file. */
  readonly objects: readonly DeclaredObject[];
  plan(differences: NodeDifferences, desired: Desired): PlannedAccess;
}

/** Configuration files of servers before this one know one method for each user. */
const SEVERAL_METHODS = 26.07;

function knowsSeveralMethods(version: string): boolean {
  const [year = '', month = ''] = version.split('.');
  return Number(year) + Number(month) / 100 >= SEVERAL_METHODS;
}

function profilesOfOthers(live: State, delivered: string | undefined): Set<string> {
  const ours = heldBy(delivered)['settings profile'];
  const names = [...live.values()].flatMap(({ id }) => (id.kind === 'settings profile' ? id.path : []));
  return new Set(names.filter((name) => !ours.has(name)));
}

/** Undefined where none of the server's files has it, or nobody can read what it says. */
function standardOf(live: State): Tree | undefined {
  const root = live.get(nameKey({ kind: 'settings profile', path: [STANDARD_PROFILE] }));
  try {
    return root && rootKind(root.id.kind).comesWithServer?.(root.statement) ? root.tree() : undefined;
  } catch (error) {
    if (error instanceof ParseError) return undefined;
    throw error;
  }
}

/** Nothing is changed where statements make access objects. Throws a ServerError; `timeout` in milliseconds. */
export async function accessPlan(
  server: Server,
  journal: Server | undefined,
  cluster: Cluster,
  objects: readonly DeclaredObject[],
  live: State,
  facts: ServerFacts,
  timeout: number,
): Promise<AccessPlan> {
  const { name: node } = server.node;
  if (cluster.access !== 'users_xml')
    return { objects, plan: (differences) => ({ differences, steps: [], findings: [] }) };
  const delivered = await readDelivered(journal, node, USERS_FILE, timeout);
  const isOurs = ({ tree, clusters }: DeclaredObject): boolean =>
    isAccess(tree.root.id) && clusters.has(cluster.name);
  const declared = objects.filter(isOurs).map(({ tree }) => tree);
  const { trees, mistakes, forAll } = configure(declared, {
    signedInAs: facts.user,
    profiles: profilesOfOthers(live, delivered),
    severalMethods: knowsSeveralMethods(facts.version),
    standard: { live: standardOf(live), held: heldForAll(delivered) },
  });
  const here = new Set([cluster.name]);
  const findings = mistakes.map((mistake) => mistakeFinding(mistake, node));
  return {
    objects: [
      ...objects.filter((object) => !isOurs(object)),
      ...trees.map((tree) => ({ tree, clusters: here })),
    ],
    plan(differences, desired) {
      const planned = planAccess(differences, cluster, node, {
        ...{ live, desired, configured: trees, delivered },
        ...(forAll && { forAll }),
      });
      // A file that lacks what it has no word for would take it from the server.
      const steps = findings.length > 0 ? [] : planned.steps;
      return { ...planned, steps, findings: [...findings, ...planned.findings] };
    },
  };
}
