/** How the members of a federation stand, as `plumbline federation status` tells it. */
import type { Stage } from './federation.ts';
import type { Condition } from './stage.ts';

export interface NodeStatus {
  readonly node: string;
  readonly cluster: string;
  readonly version?: string;
  readonly tables: readonly {
    readonly path: readonly string[];
    readonly rows: number;
    readonly bytes: number;
    /** In ISO 8601, when the newest part was inserted; absent where merges took them all. */
    readonly written?: string;
  }[];
  /** Why it could not be read. */
  readonly unreadable?: string;
}

export interface FederationStatus {
  readonly federation: string;
  readonly declared: Stage;
  /** The stage that was entered last, and when; absent where none is recorded. */
  readonly entered?: Stage;
  readonly since?: string;
  /** The stage that the conditions are about. */
  readonly next: Stage;
  readonly members: readonly string[];
  readonly reads: string;
  readonly writes: string;
  readonly nodes: readonly NodeStatus[];
  /** Who received rows last. */
  readonly written?: { readonly node: string; readonly cluster: string; readonly at: string };
  /** Empty where a node could not be read. */
  readonly conditions: readonly Condition[];
}
