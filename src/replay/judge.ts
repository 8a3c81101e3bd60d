/** What two servers answered to one query goes in; how the answers compare, and what to do about it, comes out. */
import type { ReplayClass } from '../model/replay.ts';
import type { Answer, Refusal } from './answer.ts';
import type { QueryText } from './query-text.ts';

export interface Judged {
  readonly became: ReplayClass;
  readonly seen?: string;
  /** What a server said, which may hold values. */
  readonly reason?: string;
  readonly fix?: string;
}

/** TIMEOUT_EXCEEDED, TOO_MANY_ROWS_OR_BYTES, MEMORY_LIMIT_EXCEEDED, TOO_SLOW. */
const LIMITS: ReadonlySet<number | undefined> = new Set([159, 160, 241, 396]);

/** What to do about an error, by its code. */
const FIXES: Readonly<Record<number, string>> = {
  46: 'declare the function for that cluster too, or say it in the query in another way',
  47: 'declare the column on that cluster too',
  60: 'declare the table on that cluster too',
  81: 'declare the database on that cluster too',
  115: 'take the setting out of the query; that server does not know it',
  164: 'the query changes something, and was asked read-only',
  497: 'grant what the query needs to those who ask it there',
};

const USUAL_FIX = 'change the query, or a setting of those who ask it, until that server takes it';

export const isAnswer = (one: Answer | Refusal): one is Answer => 'columns' in one;

/** A column without a name of its own is called like its expression, in which literals stand. */
const shown = (name: string, at: number): string =>
  /^[A-Za-z_]\w*$/.test(name) ? `\`${name}\`` : `column ${at + 1}`;

const rowsText = (count: number): string => `${count} ${count === 1 ? 'row' : 'rows'}`;

function columnsDiffer(here: Answer, there: Answer): string | undefined {
  if (here.columns.length !== there.columns.length)
    return `${there.columns.length} columns instead of ${here.columns.length}`;
  const found = here.columns.flatMap(([name, type], at) => {
    const [otherName = '', otherType] = there.columns[at] ?? [];
    if (otherName !== name) return [`${shown(name, at)} has another name`];
    return otherType === type ? [] : [`${shown(name, at)} is ${otherType} instead of ${type}`];
  });
  return found.length > 0 ? found.join(', ') : undefined;
}

function casts(here: Answer, there: Answer): string {
  const other = here.columns.flatMap(([name, type], at) =>
    there.columns[at]?.[1] === type ? [] : [`${shown(name, at)} to ${type}`],
  );
  if (other.length === 0) return 'name the columns in the query with AS';
  return `CAST in the query: ${other.join(', ')}; or make the tables the same`;
}

function judgeRefusal(here: Answer | Refusal, there: Refusal): Judged {
  const isLimit = LIMITS.has(there.code);
  if (isLimit && isAnswer(here)) {
    const fix = 'look at EXPLAIN there, or allow the query more time, rows or memory';
    return { became: 'slower', seen: 'it is cut off there', reason: there.reason, fix };
  }
  return { became: 'error', reason: there.reason, fix: FIXES[there.code ?? 0] ?? USUAL_FIX };
}

/** `again`: the same query asked a second time of the server where it comes from, where that was worth it. */
export function judge(
  query: Pick<QueryText, 'isOrdered' | 'unrepeatable'>,
  here: Answer | Refusal,
  there: Answer | Refusal,
  { again, slower }: { readonly again?: Answer | Refusal; readonly slower: number },
): Judged {
  if (!isAnswer(here)) {
    const same = isAnswer(there) ? 'here only' : 'on both';
    return { became: 'not compared', seen: `it fails ${same}`, reason: here.reason };
  }
  if (!isAnswer(there)) return judgeRefusal(here, there);
  const columns = columnsDiffer(here, there);
  if (columns !== undefined) return { became: 'schema', seen: columns, fix: casts(here, there) };
  if (here.digest !== there.digest) {
    const { unrepeatable } = query;
    if (unrepeatable.length > 0) return { became: 'not repeatable', seen: unrepeatable.join(', ') };
    if (again && isAnswer(again) && again.digest !== here.digest)
      return { became: 'not repeatable', seen: 'it gives other rows here every time it is asked' };
    const seen =
      here.rows === there.rows
        ? `${rowsText(there.rows)} on both, and they differ`
        : `${rowsText(there.rows)} instead of ${here.rows}`;
    const fix =
      'compare the rows of the tables first; if those are the same, say what the query leaves to the version';
    return { became: 'result', seen, fix };
  }
  if (query.isOrdered && here.ordered !== there.ordered && query.unrepeatable.length === 0) {
    const fix = 'name more columns in ORDER BY, until no two rows are equal by them';
    return { became: 'order', seen: 'the same rows in another order', fix };
  }
  const took = again && isAnswer(again) ? Math.min(here.milliseconds, again.milliseconds) : here.milliseconds;
  if (there.milliseconds > took * slower) {
    const fix = 'look at EXPLAIN indexes = 1 there; keys, projections and settings may be others';
    return { became: 'slower', seen: `${(there.milliseconds / took).toFixed(1)} times as long`, fix };
  }
  return { became: 'same' };
}
