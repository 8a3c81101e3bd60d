/** A node and what is declared for its cluster go in; the steps that deliver the node's files come out, and what they bring. */
import { planTopology } from '../federation/plan-topology.ts';
import { readersOf } from '../federation/readers.ts';
import { federationsRead, remoteClusters } from '../federation/remote-clusters.ts';
import { authoredText } from '../live/desired.ts';
import { readDelivered, readTopology } from '../live/read-topology.ts';
import type { Server } from '../live/server.ts';
import type { Cluster, DeclaredObject, Estate } from '../model/estate.ts';
import type { Finding } from '../model/finding.ts';
import { CONFIG_FILE } from '../model/node-file.ts';
import { nameKey, type ObjectId, pathKey } from '../model/object.ts';
import type { State } from '../model/state.ts';
import type { Step } from '../model/step.ts';
import type { RemoteReplica } from '../model/topology.ts';

export interface PlannedFiles {
  readonly steps: readonly Step[];
  /** Names of the clusters that the node knows afterwards. */
  readonly clusters: readonly string[];
  /** Without what can't be created before people have put a file in its place. */
  readonly objects: readonly DeclaredObject[];
  readonly findings: readonly Finding[];
}

/** No server creates a Distributed table over a cluster that it does not know. */
function held(
  estate: Estate,
  { name, files }: Cluster,
  node: string,
  live: State,
  topology: readonly RemoteReplica[],
): Pick<PlannedFiles, 'objects' | 'findings'> {
  const { objects } = estate;
  if (!files || !('manual' in files.by)) return { objects, findings: [] };
  const known = new Set(topology.map(({ cluster }) => cluster));
  const unknown = federationsRead(estate, name).filter((federation) => !known.has(federation.name));
  const tables = unknown.flatMap(({ covered }) => covered.map(({ federated }) => pathKey(federated)));
  const waiting = new Set(tables.filter((table) => !live.has(table)));
  if (waiting.size === 0) return { objects, findings: [] };
  const here = objects.map(({ tree }) => ({ id: tree.root.id, statement: authoredText(tree) }));
  const isReader = readersOf(here, waiting);
  const waits = (id: ObjectId, at: number): boolean => {
    const reader = here[at];
    return waiting.has(nameKey(id)) || (!live.has(nameKey(id)) && reader !== undefined && isReader(reader));
  };
  const findings = unknown.map((federation): Finding => {
    const message = `Distributed tables of federation ${federation.name}, and what reads them, wait until the node knows the cluster: put ${CONFIG_FILE} in its place`;
    const place = federation.place && { place: federation.place };
    return { severity: 'warning', rule: 'waits-for-file', message, node, ...place };
  });
  return { objects: objects.filter(({ tree }, at) => !waits(tree.root.id, at)), findings };
}

/** `journal` is the connection to the node that keeps the journal. Throws a ServerError; `timeout` in milliseconds. */
export async function planFiles(
  server: Server,
  journal: Server | undefined,
  cluster: Cluster,
  estate: Estate,
  state: State,
  timeout: number,
): Promise<PlannedFiles> {
  if (!cluster.files) return { steps: [], clusters: [], objects: estate.objects, findings: [] };
  const { name: node } = server.node;
  const [live, delivered] = await Promise.all([
    readTopology(server, timeout),
    readDelivered(journal, node, CONFIG_FILE, timeout),
  ]);
  const topology = planTopology(estate, cluster, { live, delivered });
  const clusters = remoteClusters(estate, cluster.name) ?? [];
  return {
    steps: topology ? [topology] : [],
    clusters: clusters.map(({ name }) => name),
    ...held(estate, cluster, node, state, live),
  };
}
