/** Lists of addresses that let the servers of one cluster into another: as declared for a federation, and as a step changes them. */
import type { Credential } from './estate.ts';

/** What of a member's network is declared for a federation. */
export interface Network {
  /** The member whose list it is. */
  readonly cluster: string;
  /** `host:port` of its Keeper, or `tls://host:port`; none where only its servers can be asked. */
  readonly keeper: readonly string[];
  /** The node of the Keeper that holds the list. */
  readonly path: string;
  /** `user:password` for the Keeper's digest scheme. */
  readonly signIn?: Credential;
  /** The certificate by which the Keeper is trusted, as PEM. */
  readonly ca?: Credential;
  /** Of the reading cluster's nodes, by name. */
  readonly addresses: Readonly<Record<string, string>>;
}

/** How a list is changed. */
export type RegisterBy =
  | { readonly keeper: readonly string[]; readonly signIn?: Credential; readonly ca?: Credential }
  /** What people have to do. */
  | { readonly manual: string };

/** A list of addresses as a step changes it. */
export interface Registration {
  readonly by: RegisterBy;
  readonly add: readonly string[];
  readonly remove: readonly string[];
  /** Absent where it can't be read. */
  readonly before?: string;
  readonly text: string;
  /** Addresses of it that Plumbline brought, and may take away again. */
  readonly owned: readonly string[];
}
