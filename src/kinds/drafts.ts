/** Short forms in which kinds write their drafts. */
import type { ClauseDraft, Hazard, StatementDraft, Verdict } from '../model/step.ts';

/**
 * The order of clauses inside one `ALTER TABLE`: what others depend on is added first and dropped last, and clauses that
 * take a list come at the end.
 */
export const RANK = {
  dropDependent: 1,
  column: 2,
  key: 3,
  dropColumn: 4,
  addDependent: 5,
  comment: 6,
  settings: 7,
  ttl: 8,
  query: 9,
} as const;

export function clause(
  text: string,
  rank: number,
  verdict: Verdict = 'metadata',
  hazards: readonly Hazard[] = [],
): ClauseDraft {
  return { clause: text, rank, verdict, hazards };
}

/** A clause that must end its statement, because a comma behind it would be read as more of its list. */
export function greedyClause(
  text: string,
  rank: number,
  verdict: Verdict = 'metadata',
  hazards: readonly Hazard[] = [],
): ClauseDraft {
  return { clause: text, rank, verdict, hazards, greedy: true };
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
