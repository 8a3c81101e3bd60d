/** What a plan is made of: drafts that kinds write, and the steps that the plan folds them into. */
import type { Registration } from './network.ts';
import type { StepFile } from './node-file.ts';
import type { ObjectId } from './object.ts';
import type { Place } from './place.ts';
import type { Rebuild } from './rebuild.ts';
import type { Repair } from './repair.ts';
import type { Export, StageRecord } from './stage.ts';

/** How far a step goes, from harmless to impossible; a step has the worst verdict of its changes. */
export const VERDICTS = ['metadata', 'mutation', 'rebuild', 'destructive', 'manual'] as const;
export type Verdict = (typeof VERDICTS)[number];

/** Why a reader should look twice. */
export interface Hazard {
  readonly kind:
    | 'loses data'
    | 'rewrites data'
    | 'blocks writes'
    | 'misses inserts'
    | 'changes results'
    | 'changes access';
  readonly reason: string;
}

interface DraftBase {
  readonly verdict: Verdict;
  readonly hazards: readonly Hazard[];
}

/** One part of an `ALTER TABLE`; the plan folds the clauses of one object into as few statements as possible. */
export interface ClauseDraft extends DraftBase {
  readonly clause: string;
  /** Clauses run from the lowest rank to the highest. */
  readonly rank: number;
  /** It takes a list, so that a comma behind it would be read as more of it: it must end its statement. */
  readonly greedy?: boolean;
  /** It is refused in one statement with what comes before it: it must begin its own. */
  readonly apart?: boolean;
  /** Of a replicated table the server does it on the asked replica only, when it stands in a statement with no other kind. */
  readonly local?: boolean;
  /** A SELECT that runs before anything is altered, and fails where the clause would harm rows. */
  readonly guard?: string;
}

/** Whole statements, run one after the other. */
export interface StatementDraft extends DraftBase {
  readonly statements: readonly string[];
}

/** The statements of a rebuild, as a reviewer reads them, and what it is made of, as apply follows it. */
export interface RebuildDraft extends StatementDraft {
  readonly recipe: Rebuild;
  /** Reasons of hazards that an ALTER would have, and the rebuild has not. */
  readonly moot: ReadonlySet<string>;
}

/** A change that only people can make, and why. */
export interface RefusalDraft {
  readonly refuse: string;
}

export type Draft = ClauseDraft | StatementDraft | RebuildDraft | RefusalDraft;

/** What stands behind an object on the live server: its active parts, or what it holds in memory. */
export interface Impact {
  readonly rows: number;
  /** Compressed bytes on disk. */
  readonly bytes: number;
  readonly parts: number;
  /** Whether the server does not tell the bytes, so that `bytes` is 0. */
  readonly isUnsized?: true;
}

export type ChangeAction = 'create' | 'alter' | 'replace' | 'rename' | 'drop' | 'repair';

export interface AttributeChange {
  readonly name: string;
  readonly from?: string;
  readonly to?: string;
}

/** One object's change inside a step. */
export interface Change {
  readonly action: ChangeAction;
  readonly object: ObjectId;
  readonly attributes: readonly AttributeChange[];
  /** The declaration that asks for it. */
  readonly place?: Place;
}

export interface Step {
  readonly action: ChangeAction;
  readonly object: ObjectId;
  /**
   * Run in this order; empty when only people can do it. Those of a rebuild say `{partition}`, `{after}` and `{upto}` for what
   * is known only when they run, and are repeated for each partition and each round; those of a repair say `{now}`.
   */
  readonly statements: readonly string[];
  /** Of a step that copies a table's rows into one that takes its place. */
  readonly rebuild?: Rebuild;
  /** Of a step that makes a partition of a pair's passive site as the active site has it. */
  readonly repair?: Repair;
  /** Of a step that brings a partition's rows back from a member of a federation that leaves it. */
  readonly export?: Export;
  /** Of a step that writes down which stage a federation has entered. */
  readonly stage?: StageRecord;
  /** Steps of a lower phase run before it on all nodes of the cluster; 0 where it is left out. */
  readonly phase?: number;
  /** Of a step that delivers a file to the node; the statements, which have the server read it, run after that. */
  readonly file?: StepFile;
  /** Of a step that changes a list of addresses which no server keeps. */
  readonly registration?: Registration;
  readonly verdict: Verdict;
  readonly hazards: readonly Hazard[];
  readonly changes: readonly Change[];
  /** Why it must be done by hand, for `manual` steps. */
  readonly refusals: readonly string[];
  readonly impact?: Impact;
  /** The declared limit that lets the step do without permission; its impact is below. */
  readonly allowance?: { readonly bytes: number; readonly place: Place };
  readonly place?: Place;
  /**
   * Nodes that have no such step of their own, because the server carries this one over to them. There also where it would
   * carry it over and nobody is known to follow.
   */
  readonly followers?: readonly string[];
  /** Of the tenant whose declaration asks for it: its name, and what stands in the tenant column. */
  readonly tenant?: { readonly name: string; readonly id: string };
  /** Of the live object that this step was planned against; `absent` when there was none. */
  readonly fingerprint: string;
}

export function worst(verdicts: readonly Verdict[]): Verdict {
  return VERDICTS[Math.max(0, ...verdicts.map((verdict) => VERDICTS.indexOf(verdict)))] ?? 'metadata';
}
