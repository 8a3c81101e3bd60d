/** A federation as declared: clusters that are read as one, the tables it covers, and how far the migration between them has come. */
import { fitsTable } from './dr-pair.ts';
import type { Network } from './network.ts';
import type { Place } from './place.ts';

/** From the first to the last; a step backwards rolls back. */
export const STAGES = ['compatibility', 'network', 'switchover', 'decommission', 'final'] as const;
export type Stage = (typeof STAGES)[number];

/** A table that is read across the members, and the Distributed table by which it is. */
export interface CoveredTable {
  readonly path: readonly string[];
  readonly federated: readonly string[];
  /** Whether loads lay their rows over it, by the versions that are there already. */
  readonly isHistory?: true;
}

/** A covered view that nobody can read across the members. */
export interface Unfederated {
  readonly path: readonly string[];
  /** The view that would do it, if somebody declares it. */
  readonly federated: readonly string[];
  readonly why: string;
  readonly place?: Place;
}

export interface Federation {
  /** Also the name of the cluster that spans the members. */
  readonly name: string;
  /** Names of clusters, that of the reads first; their shards stand in this order. */
  readonly members: readonly string[];
  /** The cluster that answers reads, whose nodes have the federation in their topology. */
  readonly reads: string;
  /** The cluster that takes writes. */
  readonly writes: string;
  readonly stage: Stage;
  /** Patterns such as `avesa.*`. */
  readonly tables: readonly string[];
  readonly except: readonly string[];
  /** Names of the reading cluster's nodes that stay while it is decommissioned; absent before. */
  readonly kept?: readonly string[];
  /** Absent where nobody but people keeps the lists of who may connect. */
  readonly network?: Network;
  /** Users and roles that may INSERT into covered tables, on the cluster that takes writes only; absent where Plumbline leaves that alone. */
  readonly writers?: readonly string[];
  /** Seconds without a row after which a member counts as no longer written to. */
  readonly quiet: number;
  /** SQL over a covered table's columns by which rows go to the shards of the reading cluster, by pattern of tables. */
  readonly shardBy: Readonly<Record<string, string>>;
  /** Why conditions of stages do not count, by their names. */
  readonly overrides: Readonly<Record<string, string>>;
  /** What the patterns come to, on the reading cluster. */
  readonly covered: readonly CoveredTable[];
  /** Views over covered tables, and those by which they are read across the members. */
  readonly views: readonly CoveredTable[];
  readonly unfederated: readonly Unfederated[];
  readonly place?: Place;
}

/** As it is written, before anybody knows what its patterns come to. */
export type WrittenFederation = Omit<Federation, 'covered' | 'views' | 'unfederated'>;

/** Where writes go in a stage, if nobody says otherwise. */
export function usualWriter({ members, reads }: Pick<Federation, 'members' | 'reads'>, stage: Stage): string {
  return STAGES.indexOf(stage) < STAGES.indexOf('switchover') ? reads : (members.at(-1) ?? reads);
}

/** Whether the patterns name a table. */
export function isCovered(
  { tables, except }: Pick<Federation, 'tables' | 'except'>,
  path: readonly string[],
): boolean {
  return tables.some((one) => fitsTable(one, path)) && !except.some((one) => fitsTable(one, path));
}

/** The same federations where no server has a Keeper, or is kept from anything. */
export function withoutNetworks(federations: readonly Federation[] = []): Federation[] {
  return federations.map(({ network: _network, ...federation }) => federation);
}

/** `26.7` of `26.7.2`: the setting `compatibility` knows no more. */
export function compatibilityOf(version: string): string {
  return version.split('.').slice(0, 2).join('.');
}
