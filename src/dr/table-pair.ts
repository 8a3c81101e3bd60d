/** A table as both sites have it goes in; what to ask about its rows comes out, or the verdict that leaves nothing to ask. */
import type { Tree } from '../model/object.ts';
import { showId } from '../model/object.ts';
import type { Root } from '../model/state.ts';
import { ParseError } from '../sql/cursor.ts';
import { TokenError } from '../sql/tokens.ts';
import { comparedTable, structureDifferences } from './compared-table.ts';
import type { TableComparison } from './comparison.ts';
import { NotComparable } from './digest-expression.ts';
import { type Question, questionOf } from './question.ts';
import type { SiteFacts } from './site.ts';
import { zoneDependence } from './time-zone.ts';

/** A table whose rows can be compared. */
export interface TablePair {
  readonly path: readonly string[];
  readonly question: Question;
}

export type Verdict = Omit<TableComparison, 'partitions' | 'path'>;

function treeOf(root: Root): Tree {
  if (root.id.kind !== 'table') throw new NotComparable(`it is a ${root.id.kind}`);
  try {
    return root.tree();
  } catch (error) {
    if (error instanceof ParseError || error instanceof TokenError)
      throw new NotComparable(`${showId(root.id)} is not fully understood: ${error.message}`);
    throw error;
  }
}

function pairOf(active: Root, passive: Root, facts: readonly [SiteFacts, SiteFacts]): TablePair | Verdict {
  const [a, b] = [comparedTable(treeOf(active)), comparedTable(treeOf(passive))];
  const differences = structureDifferences(a, b);
  if (differences.length > 0)
    return { verdict: 'structure differs', reason: `${differences.join('; ')} (active, then passive)` };
  const question = questionOf(a);
  const [here, there] = facts.map(({ timezone }) => timezone);
  const dependent = here === there ? undefined : zoneDependence(a);
  if (dependent !== undefined) {
    throw new NotComparable(
      `the servers' time zones differ (${here} and ${there}), and ${dependent} depends on them`,
    );
  }
  return { path: a.path, question };
}

/** Both definitions, as far as the sites have them. */
export function tablePair(
  active: Root | undefined,
  passive: Root | undefined,
  facts: readonly [SiteFacts, SiteFacts],
): TablePair | Verdict {
  try {
    if (active && passive) return pairOf(active, passive, facts);
    if (active) return { verdict: 'missing on passive', reason: 'the passive site has no such table' };
    if (passive) return { verdict: 'only on passive', reason: 'the active site has no such table' };
    return { verdict: 'not comparable', reason: 'neither site has such a table' };
  } catch (error) {
    if (error instanceof NotComparable) return { verdict: 'not comparable', reason: error.message };
    throw error;
  }
}
