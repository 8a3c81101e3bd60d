/** What the declarations say as a whole: clusters of nodes, and the objects that belong on them. */
import type { DrPair } from './dr-pair.ts';
import type { Federation } from './federation.ts';
import type { Feed } from './feed.ts';
import type { Files } from './node-file.ts';
import type { ObjectId, Tree } from './object.ts';
import type { Place } from './place.ts';
import type { Guarded } from './review.ts';
import type { ScdTable } from './scd.ts';
import type { Tenant } from './tenant.ts';

/** Where a credential comes from; its value never stands in a declaration. */
export type Credential = { readonly plain: string } | { readonly env: string } | { readonly file: string };

/** How the servers of other nodes reach it; what signs them in stands in their environment, under these names. */
export interface Peer {
  readonly host: string;
  /** Of the native protocol. */
  readonly port: number;
  readonly secure: boolean;
  readonly user?: string;
  readonly password?: string;
}

export interface Node {
  /** Unique in the estate; `community-2`, or the cluster's name where it has one node. */
  readonly name: string;
  readonly cluster: string;
  /** Shard and replica, counted from 1. */
  readonly shard: number;
  readonly replica: number;
  readonly host: string;
  readonly httpPort: number;
  readonly nativePort: number;
  readonly secure: boolean;
  readonly user: Credential;
  readonly password?: Credential | undefined;
  /** As it is declared, also where Plumbline itself reaches the node elsewhere. */
  readonly peer?: Peer;
  readonly place?: Place;
}

/**
 * How a cluster keeps tables of the MergeTree family. `replicated`: with this path in Keeper and this name of a replica, in which
 * `{database}` and `{table}` stand for those of the table. `shared`: the server makes plain, replicated or shared tables of
 * plain ones as it sees fit. `any` is that without nodes that share anything: what a rehearsal needs.
 */
export type Engines =
  | { readonly as: 'plain' | 'shared' | 'any' }
  | { readonly as: 'replicated'; readonly path: string; readonly replica: string };

export interface Cluster {
  readonly name: string;
  readonly edition: 'community' | 'enterprise' | 'cloud';
  /** The ClickHouse version it is meant to run, such as `26.7`. */
  readonly version: string;
  readonly engines: Engines;
  /** How users, roles and what else is about access reach it: as statements where it is left out. */
  readonly access?: 'sql' | 'users_xml';
  /** Whether users, roles, rights … go that an apply made and no declaration names any more; else they stay, unmanaged. */
  readonly prunesAccess?: true;
  /** How configuration files reach its nodes; absent where none do. */
  readonly files?: Files;
  /** The variable in the environment of all servers by whose value they know each other. */
  readonly peerSecret?: string;
  readonly nodes: readonly Node[];
  readonly place?: Place;
}

/** A lint rule that a declaration silences, and why. */
export interface Ignore {
  readonly rule: string;
  readonly reason: string;
  /** The column it is silenced for; absent where it is silenced for the whole object. */
  readonly column?: string;
  readonly place: Place;
}

/** What the document of an object says beside the object itself. */
export interface ObjectDocument {
  /** The place of the key at a path, or of the nearest key around it. */
  keyPlace(path: readonly (string | number)[]): Place;
  readonly ignores: readonly Ignore[];
}

/** A declared object as its author wrote it, and the clusters it belongs on. */
export interface DeclaredObject {
  readonly tree: Tree;
  readonly clusters: ReadonlySet<string>;
  /** Absent for objects that no file declares. */
  readonly document?: ObjectDocument;
  /** `ScdTable avesa.companies`: the declaration that it is a piece of; absent where a document declares just this object. */
  readonly generatedBy?: string;
  /** Its shape is no author's, so that lint has nobody to tell. */
  readonly unlinted?: true;
}

/** An object that is dropped where it is live, because a declaration asks for that. */
export interface AbsentObject {
  readonly id: ObjectId;
  readonly clusters: ReadonlySet<string>;
  readonly place?: Place;
  /** `Tenant acme`: the declaration. */
  readonly generatedBy: string;
}

/** What may be dropped from a database although no declaration names it: everything, or these objects, where `*` is any text. */
export type Prune = 'all' | ReadonlySet<string>;

/** Below so many bytes a guarded step needs nobody's permission. */
export interface SizeLimit {
  readonly bytes: number;
  readonly place: Place;
}

export type SizeLimits = Readonly<Partial<Record<Guarded, SizeLimit>>>;

export interface Estate {
  readonly clusters: readonly Cluster[];
  readonly objects: readonly DeclaredObject[];
  /** By database. */
  readonly prune: ReadonlyMap<string, Prune>;
  /** By database; absent where none is declared. */
  readonly limits?: ReadonlyMap<string, SizeLimits>;
  readonly pairs: readonly DrPair[];
  /** Absent where none is declared. */
  readonly scd?: readonly ScdTable[];
  readonly feeds?: readonly Feed[];
  /** Absent where none is declared. */
  readonly federations?: readonly Federation[];
  /** Absent where none is declared. */
  readonly tenants?: readonly Tenant[];
  /** What declarations say must not be there. */
  readonly absent?: readonly AbsentObject[];
}

/** The same estate with some nodes at other addresses, by node name; the others stay where they are. */
export function atAddresses(estate: Estate, addresses: ReadonlyMap<string, Partial<Node>>): Estate {
  const move = (node: Node): Node => ({ ...node, ...addresses.get(node.name) });
  const clusters = estate.clusters.map((cluster) => ({ ...cluster, nodes: cluster.nodes.map(move) }));
  return { ...estate, clusters };
}

/** The address of an embedded server, which lets everybody in from this machine. */
export function embeddedAddress(url: string, nativePort: number): Partial<Node> {
  const httpPort = Number(new URL(url).port);
  return {
    host: '127.0.0.1',
    httpPort,
    nativePort,
    secure: false,
    user: { plain: 'default' },
    password: undefined,
    peer: { host: '127.0.0.1', port: nativePort, secure: false },
  };
}
