/** A tenant as plain data: whose rows they are, where they stand, and who may read them. */
import type { Place } from './place.ts';

export interface Tenant {
  readonly name: string;
  /** As it stands in the tenant column. */
  readonly id: string;
  readonly clusters: ReadonlySet<string>;
  /** The role that reads the tenant's rows, and nobody else's. */
  readonly role: string;
  /** Names of the users who have the role. */
  readonly users: readonly string[];
  /** Names of feeds; absent where all feeds load this tenant. */
  readonly feeds?: readonly string[];
  /** How long ended versions stay, as SQL such as `INTERVAL 3 YEAR`; absent where all stay. */
  readonly retention?: string;
  /** Paths of the tables and views that the role may read. */
  readonly readable: readonly (readonly string[])[];
  /** Of these, the tables of which each partition holds the rows of one tenant. */
  readonly partitioned: readonly (readonly string[])[];
  /** Whether it is to go; its rows stay. */
  readonly removed: boolean;
  readonly place?: Place;
}
