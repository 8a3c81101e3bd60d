/** Folds the drafts of one object into statements: one `ALTER TABLE` where the clauses allow it, a few where not. */
import { shownSecrets } from '../kinds/shown-secrets.ts';
import type { ObjectId } from '../model/object.ts';
import type { Rebuild } from '../model/rebuild.ts';
import {
  type ClauseDraft,
  type Draft,
  type Hazard,
  type StatementDraft,
  type Verdict,
  worst,
} from '../model/step.ts';
import { qualified } from '../sql/quote.ts';

export interface Folded {
  readonly statements: readonly string[];
  readonly verdict: Verdict;
  readonly hazards: readonly Hazard[];
  readonly refusals: readonly string[];
  readonly rebuild?: Rebuild;
}

const isClause = (draft: Draft): draft is ClauseDraft => 'clause' in draft;
const isStatement = (draft: Draft): draft is StatementDraft => 'statements' in draft;

function alterStatements(object: ObjectId, clauses: readonly ClauseDraft[]): string[] {
  const statements: string[] = [];
  let open: string[] = [];
  let onlyApart = true;
  const flush = (): void => {
    if (open.length > 0) statements.push(`ALTER TABLE ${qualified(object.path)} ${open.join(', ')}`);
    open = [];
    onlyApart = true;
  };
  const written = new Set<string>();
  let last = 0;
  for (const { clause, greedy, apart, rank } of [...clauses].sort((a, b) => a.rank - b.rank)) {
    // Two parts may ask for the same, as two columns do that one projection stands on.
    if (written.has(clause)) continue;
    written.add(clause);
    if ((apart && !onlyApart) || (last < 0 && rank !== last)) flush();
    last = rank;
    open.push(clause);
    onlyApart &&= apart === true;
    if (greedy) flush();
  }
  flush();
  return statements;
}

const shownReason = (name: string): string =>
  `ClickHouse does not hide the secret ${name} in this place: it would stand in the query log; put it into a named collection`;

/** Two parts may warn of the same, as two columns do that a third one is computed from. */
function unrepeated(hazards: readonly Hazard[]): Hazard[] {
  return hazards.filter(
    ({ kind, reason }, at) =>
      hazards.findIndex((other) => other.kind === kind && other.reason === reason) === at,
  );
}

/** One step's worth: a single refusal blocks the whole object, so that nothing is left half done. */
export function fold(object: ObjectId, drafts: readonly Draft[]): Folded {
  const refusals = [...new Set(drafts.flatMap((draft) => ('refuse' in draft ? [draft.refuse] : [])))];
  const doable = drafts.filter((draft): draft is ClauseDraft | StatementDraft => !('refuse' in draft));
  const hazards = unrepeated(doable.flatMap((draft) => draft.hazards));
  if (refusals.length > 0) return { statements: [], verdict: 'manual', hazards, refusals };
  const statements = [
    ...drafts.filter(isClause).flatMap(({ guard }) => guard ?? []),
    ...alterStatements(object, drafts.filter(isClause)),
    ...drafts.filter(isStatement).flatMap((draft) => draft.statements),
  ];
  const shown = [...new Set(statements.flatMap(shownSecrets))].map(shownReason);
  if (shown.length > 0) return { statements: [], verdict: 'manual', hazards, refusals: shown };
  const [rebuild] = drafts.flatMap((draft) => ('recipe' in draft ? [draft.recipe] : []));
  const verdict = worst(doable.map((draft) => draft.verdict));
  return { statements, verdict, hazards, refusals, ...(rebuild && { rebuild }) };
}
