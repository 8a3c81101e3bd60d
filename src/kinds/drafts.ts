/** Short forms in which kinds write their drafts. */
import type { ClauseDraft, Hazard, StatementDraft, Verdict } from '../model/step.ts';

/**
 * The order of clauses inside one `ALTER TABLE`: what others depend on is added first and dropped last, and clauses that
 * take a list come at the end. A sorting key grows in the statement that adds its columns; the TTL stands with the dropped
 * columns, which the one before may have used. Clauses of one negative rank make a statement of their own: ClickHouse takes
 * hardly anything beside RENAME COLUMN that concerns the same column.
 */
export const RANK = {
  beforeRename: -2,
  rename: -1,
  first: 0,
  dropDependent: 1,
  column: 2,
  key: 3,
  columnRemoval: 4,
  dropColumn: 5,
  addDependent: 6,
  comment: 7,
  ttl: 8,
  settings: 9,
  query: 10,
} as const;

interface ClauseOptions {
  readonly verdict?: Verdict;
  readonly hazards?: readonly Hazard[];
  readonly guard?: string | undefined;
  readonly apart?: boolean;
  readonly local?: boolean;
}

export function clause(text: string, rank: number, options: ClauseOptions = {}): ClauseDraft {
  const { verdict = 'metadata', hazards = [], guard, apart, local } = options;
  return {
    clause: text,
    rank,
    verdict,
    hazards,
    ...(guard !== undefined && { guard }),
    ...(apart && { apart }),
    ...(local && { local }),
  };
}

/** A clause that must end its statement, because a comma behind it would be read as more of its list. */
export function greedyClause(text: string, rank: number, options: ClauseOptions = {}): ClauseDraft {
  return { ...clause(text, rank, options), greedy: true };
}

export function statement(
  texts: string | readonly string[],
  verdict: Verdict = 'metadata',
  hazards: readonly Hazard[] = [],
): StatementDraft {
  return { statements: typeof texts === 'string' ? [texts] : texts, verdict, hazards };
}

export function hazard(kind: Hazard['kind'], reason: string): Hazard {
  return { kind, reason };
}
