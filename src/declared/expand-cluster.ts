/** Turns a Cluster document into nodes with names, addresses and credentials, every default made explicit. */
import type { Cluster, Credential, Engines, Node } from '../model/estate.ts';
import type { Entry } from './files.ts';

type CredentialDocument = string | { readonly env: string } | { readonly file: string };

interface ReplicaDocument {
  readonly host: string;
  readonly name?: string;
  readonly secure?: boolean;
  readonly http_port?: number;
  readonly native_port?: number;
}

export interface ClusterDocument {
  readonly name: string;
  readonly edition: Cluster['edition'];
  readonly version: string;
  readonly secure?: boolean;
  readonly http_port?: number;
  readonly native_port?: number;
  readonly user?: CredentialDocument;
  readonly password?: CredentialDocument;
  readonly engines?: 'plain' | 'replicated' | 'shared';
  readonly replicated?: { readonly path?: string; readonly replica?: string };
  readonly shards: readonly { readonly replicas: readonly ReplicaDocument[] }[];
}

function credential(document: CredentialDocument): Credential {
  return typeof document === 'string' ? { plain: document } : document;
}

const hasReplicas = ({ shards }: ClusterDocument): boolean =>
  shards.some(({ replicas }) => replicas.length > 1);

/** `enterprise`, `community-2`, or `community-2-1` where shards have replicas: as short as the cluster allows. */
function nodeName(cluster: ClusterDocument, shard: number, replica: number): string {
  if (hasReplicas(cluster)) return `${cluster.name}-${shard}-${replica}`;
  return cluster.shards.length > 1 ? `${cluster.name}-${shard}` : cluster.name;
}

/**
 * No server but one with a Replicated database knows the `{uuid}` of the other replicas, so the default path is made of names:
 * https://clickhouse.com/docs/engines/table-engines/mergetree-family/replication
 */
function enginesOf(document: ClusterDocument): Engines {
  const { edition, replicated } = document;
  const usual = hasReplicas(document) ? 'replicated' : 'plain';
  const as = document.engines ?? (edition === 'community' ? usual : 'shared');
  if (as !== 'replicated') return { as };
  const { path = '/clickhouse/tables/{shard}/{database}/{table}', replica = '{replica}' } = replicated ?? {};
  return { as, path, replica };
}

export function expandCluster(document: ClusterDocument, entry: Pick<Entry, 'place'>): Cluster {
  const nodes = document.shards.flatMap(({ replicas }, shardAt) =>
    replicas.map((replica, replicaAt): Node => {
      const secure = replica.secure ?? document.secure ?? false;
      return {
        name: replica.name ?? nodeName(document, shardAt + 1, replicaAt + 1),
        cluster: document.name,
        shard: shardAt + 1,
        replica: replicaAt + 1,
        host: replica.host,
        httpPort: replica.http_port ?? document.http_port ?? (secure ? 8443 : 8123),
        nativePort: replica.native_port ?? document.native_port ?? (secure ? 9440 : 9000),
        secure,
        user: credential(document.user ?? 'default'),
        ...(document.password && { password: credential(document.password) }),
        place: entry.place(['shards', shardAt, 'replicas', replicaAt]),
      };
    }),
  );
  const { name, edition, version } = document;
  return { name, edition, version, engines: enginesOf(document), nodes };
}
