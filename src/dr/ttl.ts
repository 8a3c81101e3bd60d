/** The TTL clauses of a table go in; which rows and values count as expired comes out, as SQL. */
import { Cursor } from '../sql/cursor.ts';

const ACTIONS = ['DELETE', 'WHERE', 'TO DISK', 'TO VOLUME', 'GROUP BY', 'RECOMPRESS'];

export interface RowTtl {
  /** The times from which rows are deleted, each with the condition that such rows meet, if there is one. */
  readonly deletes: readonly { readonly expression: string; readonly where?: string }[];
  /** Whether old rows are merged into fewer, at a time of each server's own choice. */
  readonly groups: boolean;
}

/** Reads the TTL of a table as the server stores it. Moves and recompressions change no row and are left out. */
export function readRowTtl(text: string | undefined): RowTtl {
  const deletes: { expression: string; where?: string }[] = [];
  if (text === undefined) return { deletes, groups: false };
  const cursor = new Cursor(text);
  const action = (): boolean => ACTIONS.some((words) => cursor.sees(words));
  do {
    const expression = cursor.expression(action);
    if (cursor.takes('GROUP BY')) return { deletes, groups: true };
    if (cursor.takes('TO DISK') || cursor.takes('TO VOLUME')) cursor.string();
    else if (cursor.takes('RECOMPRESS CODEC')) cursor.parenthesized();
    else {
      cursor.takes('DELETE');
      deletes.push(cursor.takes('WHERE') ? { expression, where: cursor.expression() } : { expression });
    }
  } while (cursor.takes(','));
  if (!cursor.ended) cursor.fail('the end of the TTL');
  return { deletes, groups: false };
}

/** Holds when the time lies not behind `now`, in seconds. A time of 0 never comes: ClickHouse takes it for none. */
export function isPast(expression: string, now: string): string {
  return `toInt64(toDateTime64(${expression}, 0)) BETWEEN 1 AND ${now}`;
}

/** Holds for rows that no clause has deleted by `now`. */
export function unexpired(ttl: RowTtl, now: string): readonly string[] {
  return ttl.deletes.map(({ expression, where }) => {
    const past = isPast(expression, now);
    return `NOT (${where === undefined ? past : `${past} AND (${where})`})`;
  });
}
