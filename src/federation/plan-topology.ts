/** An estate, one of its clusters, and what a node of it knows go in; the step that gives the node its topology comes out, where it needs one. */
import type { Cluster, Estate } from '../model/estate.ts';
import { CONFIG_FILE } from '../model/node-file.ts';
import type { Change, Hazard, Step } from '../model/step.ts';
import type { RemoteCluster, RemoteReplica } from '../model/topology.ts';
import { fileId, fileStep } from '../plan/file-step.ts';
import { type ClusterDifference, compareTopology, lostReplicas } from './compare-topology.ts';
import { federationsRead, remoteClusters } from './remote-clusters.ts';
import { topologyXml } from './topology-xml.ts';

export interface SeenTopology {
  readonly live: readonly RemoteReplica[];
  /** The text that was delivered last, where that is known. */
  readonly delivered: string | undefined;
}

function changeOf({ name, from, to }: ClusterDifference): Change {
  const attribute = { name: 'definition', to, ...(from !== undefined && { from }) };
  return {
    action: from === undefined ? 'create' : 'alter',
    object: { kind: 'cluster', path: [...fileId(CONFIG_FILE).path, name] },
    attributes: [attribute],
  };
}

function hazardsOf(clusters: readonly RemoteCluster[], live: readonly RemoteReplica[]): Hazard[] {
  return lostReplicas(clusters, live).map((reason) => ({ kind: 'changes results', reason }));
}

/**
 * What a node says it knows decides; a text that was delivered and is not what it should be counts as well, because users and
 * TLS can't be seen. A cluster that reads no federation any more gives back what it was given.
 */
export function planTopology(estate: Estate, cluster: Cluster, seen: SeenTopology): Step | undefined {
  const { files, name } = cluster;
  const { live, delivered } = seen;
  const clusters = remoteClusters(estate, name) ?? [];
  if (!files || (clusters.length === 0 && delivered === undefined)) return undefined;
  const text = topologyXml(clusters);
  const differences = compareTopology(clusters, live);
  if (differences.length === 0 && (delivered === undefined || delivered === text)) return undefined;
  const names = new Set(clusters.map((one) => one.name));
  return fileStep({
    path: CONFIG_FILE,
    text,
    delivered,
    files,
    changes: differences.map(changeOf),
    hazards: hazardsOf(clusters, live),
    seen: JSON.stringify(live.filter((row) => names.has(row.cluster))),
    place: federationsRead(estate, name)[0]?.place ?? cluster.place,
  });
}
