/** Takes an estate's nodes, gives their running servers, each of which knows every cluster and what spans several. */

import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { PlumblineError } from '../model/errors.ts';
import type { EstateNode } from './estate-state.ts';
import { keptPorts, type Ports } from './kept-ports.ts';
import { type RestartableServer, startRestartable } from './restartable.ts';
import type { RemoteCluster } from './server.ts';
import { StartError } from './start-error.ts';

type Placed = EstateNode & Ports;

/** A cluster that has the nodes of several, one after the other. */
export interface SpanningCluster {
  readonly name: string;
  readonly members: readonly string[];
}

const attempts = 10;

/** @throws PlumblineError when a name cannot be a folder's name, or two nodes would share one. */
export function checkNodes(nodes: readonly EstateNode[]): void {
  const seen = new Map<string, string>();
  for (const { name } of nodes) {
    if (!/^[A-Za-z0-9_][A-Za-z0-9_.-]{0,99}$/.test(name)) {
      throw new PlumblineError(
        `A node named ${JSON.stringify(name)} cannot be run embedded, because its name becomes a folder: use up to 100 ` +
          'letters, digits, "_", "-" and ".", and begin with a letter or digit.',
      );
    }
    const twin = seen.get(name.toLowerCase());
    if (twin !== undefined) {
      throw new PlumblineError(
        `The nodes ${twin} and ${name} would share a folder: give them different names.`,
      );
    }
    seen.set(name.toLowerCase(), name);
  }
}

/** Starts all nodes side by side, and either all of them run or none does. Data lives in `<folder>/nodes/<name>/data`. */
export async function startNodes(
  folder: string,
  nodes: readonly EstateNode[],
  spanning: readonly SpanningCluster[] = [],
): Promise<RestartableServer[]> {
  let portsTaken = false;
  for (let attempt = 1; ; attempt++) {
    try {
      return await startOnce(folder, nodes, spanning, portsTaken);
    } catch (error) {
      const passes = error instanceof StartError && error.failure !== 'other';
      if (!passes || attempt === attempts) throw error;
      portsTaken ||= error.failure === 'port-taken';
      // The servers of a holder that was killed need up to two seconds to notice and leave their folders.
      if (error.failure === 'folder-in-use') await sleep(300);
    }
  }
}

export function nodeFolder(folder: string, name: string): string {
  return join(folder, 'nodes', name);
}

async function startOnce(
  folder: string,
  nodes: readonly EstateNode[],
  spanning: readonly SpanningCluster[],
  portsTaken: boolean,
): Promise<RestartableServer[]> {
  const folders = nodes.map(({ name }) => nodeFolder(folder, name));
  const ports = await keptPorts(folders, portsTaken);
  const placed = nodes.map((node, index): Placed => ({ ...node, ...(ports[index] as Ports) }));
  const clusters = remoteClusters(placed);
  const remoteServers = [...clusters, ...spanning.map((one) => spanned(one, clusters))];
  const started = await Promise.allSettled(
    placed.map(({ name, cluster, shard, replica, httpPort, nativePort }) =>
      startRestartable({
        name,
        folder: nodeFolder(folder, name),
        httpPort,
        nativePort,
        remoteServers,
        macros: { cluster, shard: String(shard), replica: String(replica) },
      }),
    ),
  );
  const failed = started.find((result) => result.status === 'rejected');
  const servers = started.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
  if (failed === undefined) return servers;
  await Promise.all(servers.map((server) => server.stop()));
  throw failed.reason;
}

function remoteClusters(nodes: readonly Placed[]): RemoteCluster[] {
  const ordered = [...nodes].sort((a, b) => a.shard - b.shard || a.replica - b.replica);
  return [...grouped(ordered, (node) => node.cluster)].map(([name, members]) => ({
    name,
    shards: [...grouped(members, (node) => node.shard).values()].map((replicas) =>
      replicas.map(({ nativePort }) => ({ host: '127.0.0.1', port: nativePort })),
    ),
  }));
}

function spanned({ name, members }: SpanningCluster, clusters: readonly RemoteCluster[]): RemoteCluster {
  const shards = members.flatMap((member) => clusters.find((one) => one.name === member)?.shards ?? []);
  return { name, shards };
}

function grouped<T, K>(items: readonly T[], key: (item: T) => K): Map<K, T[]> {
  const groups = new Map<K, T[]>();
  for (const item of items) groups.set(key(item), [...(groups.get(key(item)) ?? []), item]);
  return groups;
}
