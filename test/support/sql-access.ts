/**
 * Access objects of two declared states go in; the plan from one to the other comes out, for a cluster that keeps them by statements
 * and prunes them.
 */
import { abilitiesByClass } from '../../src/live/abilities.ts';
import { authoredText, desiredState, type NormalTrees } from '../../src/live/desired.ts';
import { normaliserOf } from '../../src/live/normalise.ts';
import { readFacts } from '../../src/live/read.ts';
import type { Server } from '../../src/live/server.ts';
import type { Cluster, Estate } from '../../src/model/estate.ts';
import { isAccess, type Tree } from '../../src/model/object.ts';
import type { Plan } from '../../src/model/plan.ts';
import { lazyRoot, type State, stateOf } from '../../src/model/state.ts';
import { planOf } from '../../src/plan/digest.ts';
import { diffStates, stepsOf } from '../../src/plan/plan.ts';
import { withTenants } from '../../src/plan/with-tenants.ts';

/** As a server shows it: without its secrets. */
function shown(state: State): State {
  const hidden = (text: string): string => text.replace(/\{secret:\w+\}/g, '[HIDDEN]');
  const roots = [...state.values()].map((root) => {
    const { identified } = root.tree().root.attributes;
    if (root.id.kind !== 'user' || typeof identified !== 'string') return root;
    const before = root.tree();
    const attributes = { ...before.root.attributes, identified: hidden(identified) };
    const tree: Tree = { ...before, root: { ...before.root, attributes } };
    return lazyRoot(root.id, authoredText(tree), () => tree);
  });
  return stateOf(roots);
}

/** Asks a server how it writes what is declared; what is live there does not count. */
export async function sqlPlans(server: Server): Promise<(before: Estate, after: Estate) => Promise<Plan>> {
  const facts = await readFacts(server, 10_000);
  const engines = { as: 'plain' } as const;
  const abilities = abilitiesByClass()('test', server);
  const normaliser = normaliserOf(server, facts, [], abilities, engines);
  const trees: NormalTrees = new Map();
  const desired = ({ objects, clusters }: Estate, live: State) =>
    desiredState({
      objects: objects.filter(({ tree }) => isAccess(tree.root.id)),
      cluster: { ...(clusters[0] as Cluster), access: 'sql' },
      node: 'test',
      live,
      unshown: new Map(),
      serverClass: 'test',
      normaliser,
      abilities,
      settled: { has: () => false, add: () => {}, save: () => {} },
      trees,
    });
  return async (before, after) => {
    const live = shown((await desired(before, new Map())).state);
    const wanted = await desired(after, live);
    const absent = new Set(live.keys());
    const differences = diffStates(live, { ...wanted, absent }, new Map());
    const node = {
      node: 'test',
      address: 'test.example:8123',
      version: '26.7',
      steps: withTenants(stepsOf(differences, new Map()), after),
      unmanaged: differences.unmanaged.map(({ id }) => id),
      findings: [...wanted.findings, ...differences.findings],
    };
    return planOf([{ cluster: 'test', edition: 'community', nodes: [node] }]);
  };
}
