/** Reads every node of an estate side by side and plans it: the one place where live, desired and plan meet. */
import pLimit from 'p-limit';
import { planPairs, type WantedRepairs } from '../dr/plan-pairs.ts';
import type { MemberNode } from '../federation/check-structure.ts';
import { type AbilitiesByClass, abilitiesByClass } from '../live/abilities.ts';
import { appliedAccess } from '../live/applied-access.ts';
import { desiredState, type NormalTrees, settle } from '../live/desired.ts';
import { normaliserOf } from '../live/normalise.ts';
import { readFacts, readImpacts, readNode, type ServerFacts } from '../live/read.ts';
import { unshownFindings } from '../live/read-beside.ts';
import { readTenantRows } from '../live/read-tenant-rows.ts';
import { connect, type Server, ServerError } from '../live/server.ts';
import { type Settled, serverClass, withoutSecrets } from '../live/settled.ts';
import { checkSight } from '../live/sight.ts';
import { PlumblineError } from '../model/errors.ts';
import type { Cluster, Estate, Node } from '../model/estate.ts';
import type { Finding } from '../model/finding.ts';
import { nameKey } from '../model/object.ts';
import type { NodePlan, Plan } from '../model/plan.ts';
import type { Root, State } from '../model/state.ts';
import { withAllowances } from '../plan/allowances.ts';
import { planOf } from '../plan/digest.ts';
import { disagreements } from '../plan/disagreement.ts';
import { diffStates, type NodeDifferences, stepsOf, touched } from '../plan/plan.ts';
import { keptFindings } from '../plan/rebuild-kept.ts';
import { withoutBorrowed } from '../plan/rebuild-left.ts';
import type { UnroutedNode } from '../plan/replica-groups.ts';
import { absentOn, withTenants } from '../plan/with-tenants.ts';
import { withoutHeld } from '../stages/held.ts';
import { planStages } from '../stages/plan-stages.ts';
import { checkFederations, isMember, withFindings } from './check-federations.ts';
import { awaitLeftBehind } from './left-behind.ts';
import { planFiles } from './plan-files.ts';
import { planNetworks } from './plan-networks.ts';
import { accessPlan } from './plan-users-file.ts';
import { readWritten } from './read-written.ts';
import { readLeftRebuilds } from './rebuild-left.ts';
import { routeNodes, unrouted } from './route-nodes.ts';

/** Nodes that are read at the same time; each holds a few megabytes while it is. */
const NODES_AT_ONCE = 8;

export interface SurveyOptions {
  readonly settled: Settled;
  /** Milliseconds after which a node that says nothing counts as unreachable. */
  readonly connectTimeout: number;
  /** Leaves the other clusters alone. */
  readonly clusters?: ReadonlySet<string>;
  /** Keeps what was read of every node, which takes memory. */
  readonly keepStates?: boolean;
  /** Has the secrets of all declared objects written again, which no comparison can ask for. */
  readonly refreshSecrets?: boolean;
  /** Of an earlier survey; servers don't learn to do other things between a plan and its end. */
  readonly abilitiesOf?: AbilitiesByClass;
  /** The run that asks, where one is under way: its own statements are not waited for. */
  readonly run?: string;
  /** Which partitions of which pairs to compare and plan repairs of; none where it is left out. */
  readonly repairs?: WantedRepairs;
  /** Conditions of stages that do not count: `federation/<name>/<condition>`. */
  readonly overrides?: ReadonlySet<string>;
}

export interface Survey {
  readonly plan: Plan;
  /** What was asked of servers, for a later survey of the same run. */
  readonly abilitiesOf: AbilitiesByClass;
  /** Open connections to the nodes that answered, by node name. */
  readonly servers: ReadonlyMap<string, Server>;
  /** The live states by node name; empty unless they were to be kept. */
  readonly states: ReadonlyMap<string, State>;
  close(): Promise<void>;
}

function otherVersion(cluster: Cluster, facts: ServerFacts): Finding[] {
  if (`${facts.version}.`.startsWith(`${cluster.version}.`)) return [];
  const message = `the server runs ${facts.version}, the declaration means ${cluster.version}`;
  return [
    { severity: 'warning', rule: 'other-version', message, ...(cluster.place && { place: cluster.place }) },
  ];
}

function differingNames({ creates, alters, findings }: NodeDifferences): Set<string> {
  const roots = [...creates, ...alters.map(({ live }) => live)];
  return new Set([
    ...roots.map(({ id }) => nameKey(id)),
    ...findings.flatMap(({ object }) => (object ? [object] : [])),
  ]);
}

function declaredKinds({ objects }: Estate, cluster: string): Set<string> {
  const here = objects.filter(({ clusters }) => clusters.has(cluster));
  return new Set(here.map(({ tree }) => tree.root.id.kind));
}

interface PlannedNode {
  readonly node: UnroutedNode;
  /** Of nodes of a federation's members that could be read. */
  readonly member?: MemberNode;
  /** Absent for a node that could not be read. */
  readonly unmanaged?: readonly Root[];
  readonly state?: State;
}

async function planNode(
  server: Server,
  journal: Server | undefined,
  facts: ServerFacts,
  cluster: Cluster,
  estate: Estate,
  trees: NormalTrees,
  abilitiesOf: AbilitiesByClass,
  { settled, connectTimeout, run, keepStates, refreshSecrets }: SurveyOptions,
): Promise<PlannedNode> {
  const { node } = server;
  const leftBehind = await awaitLeftBehind(server, cluster, { run, connectTimeout });
  const read = await readNode(server, facts);
  const left = await readLeftRebuilds(server, read.state);
  const declared = declaredKinds(estate, cluster.name);
  const own = withoutBorrowed(read.state, left);
  const { federations = [] } = estate;
  const given = await withoutHeld(own, server, journal, federations, connectTimeout);
  const written = await readWritten(given, journal, server, declared, connectTimeout);
  const reading = { ...read, state: written.state };
  await checkSight(server, estate.objects, cluster.name, reading.state);
  const serverClassName = serverClass(facts, cluster.engines, reading.state);
  const abilities = abilitiesOf(serverClassName, server);
  const files = await planFiles(server, journal, cluster, estate, reading.state, connectTimeout);
  const access = await accessPlan(
    server,
    journal,
    cluster,
    files.objects,
    reading.state,
    facts,
    connectTimeout,
  );
  const desired = await desiredState({
    objects: access.objects,
    cluster,
    node: node.name,
    live: reading.state,
    unshown: reading.unshown,
    comingClusters: files.clusters,
    serverClass: serverClassName,
    normaliser: normaliserOf(server, facts, [...reading.state.values()], abilities, cluster.engines),
    abilities,
    settled: refreshSecrets ? withoutSecrets(settled) : settled,
    trees,
  });
  const gone = cluster.prunesAccess
    ? await appliedAccess(reading.state, journal, node.name, connectTimeout)
    : [];
  const all = diffStates(
    reading.state,
    { ...desired, absent: new Set([...absentOn(estate, cluster.name), ...gone]) },
    estate.prune,
    left,
    refreshSecrets,
  );
  const differing = new Set([...differingNames(all), ...desired.blocked]);
  const byFile = access.plan(all, desired);
  const { differences } = byFile;
  settle(access.objects, cluster, reading.state, differing, serverClassName, settled);
  const impacts = await readImpacts(server, touched(differences));
  const plan = {
    node: node.name,
    address: `${node.host}:${node.httpPort}`,
    version: facts.version,
    steps: withTenants([...files.steps, ...byFile.steps, ...stepsOf(differences, impacts, left)], estate),
    unmanaged: differences.unmanaged.map(({ id }) => id),
    findings: [
      ...otherVersion(cluster, facts),
      ...leftBehind,
      ...files.findings,
      ...reading.findings,
      ...written.findings,
      ...(await readTenantRows(server, estate.tenants ?? [])),
      ...unshownFindings(reading.unshown, declared, node.name),
      ...desired.findings,
      ...byFile.findings,
      ...differences.findings,
      ...keptFindings(differences.unmanaged, impacts),
    ],
  };
  return {
    node: unrouted(plan, node, {
      live: reading.state,
      desired: desired.state,
      creates: differences.creates,
    }),
    unmanaged: differences.unmanaged,
    ...(isMember(estate, cluster.name) && {
      member: {
        node: node.name,
        cluster: cluster.name,
        at: (key) => desired.state.get(key) ?? reading.state.get(key),
        all: () => [...new Map([...reading.state, ...desired.state]).values()],
      },
    }),
    ...(keepStates && { state: reading.state }),
  };
}

/** The nodes' plans, each with what its cluster's nodes don't agree on. */
function compareNodes(nodes: readonly PlannedNode[], plans: readonly NodePlan[]): NodePlan[] {
  const read = nodes.flatMap(({ node, unmanaged }) =>
    unmanaged ? [{ node: node.plan.node, roots: unmanaged }] : [],
  );
  const findings = disagreements(read);
  return plans.map((plan) => {
    const finding = findings.get(plan.node);
    return finding ? { ...plan, findings: [...plan.findings, finding] } : plan;
  });
}

function unreadable(node: Node, error: unknown): PlannedNode {
  if (!(error instanceof PlumblineError)) throw error;
  const reason = error instanceof ServerError ? error.reason : error.message;
  const address = `${node.host}:${node.httpPort}`;
  const plan = { node: node.name, address, steps: [], unmanaged: [], findings: [], unreadable: reason };
  return { node: unrouted(plan, node) };
}

/** Plans the estate. A node that can't be read is named in its own plan and hides nobody else's. */
export async function survey(estate: Estate, options: SurveyOptions): Promise<Survey> {
  const limit = pLimit(NODES_AT_ONCE);
  const servers = new Map<string, Server>();
  const states = new Map<string, State>();
  const members: MemberNode[] = [];
  const trees: NormalTrees = new Map();
  const abilitiesOf = options.abilitiesOf ?? abilitiesByClass();
  const plan = async (cluster: Cluster, node: Node): Promise<PlannedNode> => {
    try {
      const server = connect(node);
      servers.set(node.name, server);
      // Without a limit: one node that says nothing must not make the others wait for their turn.
      const facts = await readFacts(server, options.connectTimeout);
      const journal = servers.get(cluster.nodes[0]?.name ?? '');
      const planned = await limit(() =>
        planNode(server, journal, facts, cluster, estate, trees, abilitiesOf, {
          ...options,
          keepStates: options.keepStates === true || options.repairs !== undefined,
        }),
      );
      if (planned.state) states.set(node.name, planned.state);
      return planned;
    } catch (error) {
      return unreadable(node, error);
    }
  };
  const clusters = await Promise.all(
    estate.clusters
      .filter(({ name }) => options.clusters?.has(name) ?? true)
      .map(async (cluster) => {
        const planned = await Promise.all(cluster.nodes.map((node) => plan(cluster, node)));
        members.push(...planned.flatMap(({ member }) => (member ? [member] : [])));
        const alone = planned.map(({ node }) => node);
        const plans = await routeNodes(cluster, alone, servers);
        return {
          cluster: cluster.name,
          edition: cluster.edition,
          nodes: compareNodes(planned, plans),
        };
      }),
  );
  options.settled.save();
  const { repairs } = options;
  const found = withFindings(clusters, checkFederations(estate, members));
  const { connectTimeout: timeout, overrides = new Set<string>() } = options;
  const checked = await planNetworks(estate, found, servers, timeout);
  const staged = await planStages(estate, checked, { servers, members, overrides, timeout });
  const { stages } = staged;
  const repaired = repairs
    ? await planPairs(estate, staged.clusters, { servers, states }, repairs)
    : staged.clusters;
  return {
    plan: { ...withAllowances(planOf(repaired), estate.limits), ...(stages.length > 0 && { stages }) },
    abilitiesOf,
    servers,
    states,
    close: async () => {
      await Promise.all([...servers.values()].map((server) => server.close()));
    },
  };
}
