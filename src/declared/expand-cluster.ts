/** Turns a Cluster document into nodes with names, addresses and credentials, every default made explicit. */
import type { Cluster, Credential, Engines, Node, Peer } from '../model/estate.ts';
import type { Files } from '../model/node-file.ts';
import type { Entry } from './files.ts';

type CredentialDocument = string | { readonly env: string } | { readonly file: string };

interface ReplicaDocument {
  readonly host: string;
  readonly name?: string;
  readonly secure?: boolean;
  readonly http_port?: number;
  readonly native_port?: number;
}

interface FromEnvironment {
  readonly from_env: string;
}

type FilesDocument = Files['by'] & { readonly reload?: Exclude<Files['reload'], 'restart'> };

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
  readonly access?: 'sql' | 'users_xml';
  readonly prune?: 'access';
  readonly files?: FilesDocument;
  readonly peers?: {
    readonly user?: FromEnvironment;
    readonly password?: FromEnvironment;
    readonly secret?: FromEnvironment;
  };
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

function filesOf({ files }: ClusterDocument): Pick<Cluster, 'files'> {
  if (files === undefined) return {};
  const { reload = 'config', ...by } = files;
  return { files: { by, reload } };
}

/** What the servers of other nodes need to sign in. */
function signIn({ peers = {} }: ClusterDocument): Pick<Peer, 'user' | 'password'> {
  const { user, password } = peers;
  return { ...(user && { user: user.from_env }), ...(password && { password: password.from_env }) };
}

export function expandCluster(document: ClusterDocument, entry: Pick<Entry, 'place'>): Cluster {
  const nodes = document.shards.flatMap(({ replicas }, shardAt) =>
    replicas.map((replica, replicaAt): Node => {
      const secure = replica.secure ?? document.secure ?? false;
      const nativePort = replica.native_port ?? document.native_port ?? (secure ? 9440 : 9000);
      return {
        name: replica.name ?? nodeName(document, shardAt + 1, replicaAt + 1),
        cluster: document.name,
        shard: shardAt + 1,
        replica: replicaAt + 1,
        host: replica.host,
        httpPort: replica.http_port ?? document.http_port ?? (secure ? 8443 : 8123),
        nativePort,
        secure,
        user: credential(document.user ?? 'default'),
        ...(document.password && { password: credential(document.password) }),
        peer: { host: replica.host, port: nativePort, secure, ...signIn(document) },
        place: entry.place(['shards', shardAt, 'replicas', replicaAt]),
      };
    }),
  );
  const { name, edition, version, access, peers } = document;
  return {
    ...{ name, edition, version, engines: enginesOf(document), nodes },
    ...(access && { access }),
    ...(document.prune === 'access' && { prunesAccess: true as const }),
    ...filesOf(document),
    ...(peers?.secret && { peerSecret: peers.secret.from_env }),
  };
}
