/** What a server's `remote_servers` say: clusters of shards of replicas. */
import type { Peer } from './estate.ts';

export interface RemoteShard {
  /** Whether a Distributed table writes to one replica only, because the replicas share what they get. */
  readonly internalReplication: boolean;
  readonly replicas: readonly Peer[];
}

export interface RemoteCluster {
  readonly name: string;
  /** The variable in the servers' environment that holds what they know each other by. */
  readonly secret?: string;
  readonly shards: readonly RemoteShard[];
}

/** A row of `system.clusters`. */
export interface RemoteReplica {
  readonly cluster: string;
  /** Counted from 1, like the replica. */
  readonly shard: number;
  readonly replica: number;
  readonly host: string;
  readonly port: number;
  /** Undefined where the server does not show it. */
  readonly internalReplication: boolean | undefined;
}
