/** The stage of a federation as a plan shows it: where it stands, where it is to go, and what must hold before it may. */
import type { Stage } from './federation.ts';
import type { Repair } from './repair.ts';

export const CONDITIONS = [
  'one-stage',
  'reachable',
  'members-empty',
  'read-everywhere',
  'histories-whole',
  'writes-moved',
  'leaving-empty',
  'aggregation',
  'reads-empty',
  'reads-whole',
  'export-target',
  'export-room',
] as const;
export type ConditionName = (typeof CONDITIONS)[number];

/** What must hold before a stage is entered. */
export interface Condition {
  readonly name: ConditionName;
  /** The stage that it lets in. */
  readonly stage: Stage;
  /** `unknown`: nobody could look. `noted`: keeps nobody from anything, and is worth knowing. */
  readonly state: 'met' | 'unmet' | 'unknown' | 'noted';
  /** What was seen, a sentence each; never empty. */
  readonly seen: readonly string[];
  /** Why it does not count, where somebody said so. */
  readonly overridden?: string;
}

export interface StageChange {
  readonly federation: string;
  /** The stage that was entered last; absent where none is recorded. */
  readonly from?: Stage;
  readonly to: Stage;
  readonly conditions: readonly Condition[];
}

/** Of a step that writes down that a stage is entered. */
export interface StageRecord {
  readonly federation: string;
  readonly stage: Stage;
  /** Whether the other members leave what is read, so that all their rows must have come back before. */
  readonly proves: boolean;
}

/** Rows are shared out among shards by a number, counted from 0. */
export interface Share {
  /** SQL for the number of the shard that a row belongs on. */
  readonly number: string;
  readonly at: number;
  readonly shards: number;
}

/** Of a step that brings a partition's rows back from a member that leaves. */
export interface Export {
  readonly federation: string;
  /** When the members came to be read, which tells one way back from the next. */
  readonly since: string;
  /** `copy` puts the rows together beside the table and proves them; `attach` shows them to readers, once. */
  readonly act: 'copy' | 'attach';
  /** Which rows of the partition belong on this node; absent where all do. */
  readonly share?: Share;
  /** How they are copied and proven. */
  readonly copy: Repair;
}

export const isBlocking = ({ state, overridden }: Condition): boolean =>
  (state === 'unmet' || state === 'unknown') && overridden === undefined;

/** The name by which a condition is overridden. */
export const overrideName = (federation: string, { name }: Pick<Condition, 'name'>): string =>
  `federation/${federation}/${name}`;
