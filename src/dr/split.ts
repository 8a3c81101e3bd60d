/** A table's sorting key and what the active site's index says of it go in; how to split a partition into pieces comes out. */
import type { Server } from '../live/server.ts';
import { ServerError } from '../live/server.ts';
import { literal } from '../sql/quote.ts';
import type { Reading } from './digests.ts';
import { endsOf, type Ordinal, ordinalOf } from './ordinal.ts';
import { cutsOf, heaviest, type Split, splitAt, splitBy, WHOLE } from './pieces.ts';
import type { KeyPart } from './question.ts';

/** Rows that a piece should have: four granules. */
const PIECE_ROWS = 32_768;
const MOST_PIECES = 1024;

/** A part of the key of which one value has a greater share of the rows is no good to split by. */
const HEAVY = 1 / 8;

/**
 * Values at which so many pieces of about the same number of granules begin, sorted, by the primary index: no row is read. None
 * where the index is not shown, or does not have what is measured.
 */
async function readMarks(
  server: Server,
  path: readonly string[],
  partition: string,
  measure: string,
  pieces: number,
): Promise<readonly bigint[]> {
  const rows = await server
    .rows<[string[]]>(
      `SELECT arrayMap(at -> toString(marks[intDiv(at * length(marks), ${pieces}) + 1]), range(least(${pieces}, length(marks))))
       FROM (SELECT arraySort(groupArray(${measure})) AS marks FROM mergeTreeIndex(${path.map(literal).join(', ')})
       WHERE startsWith(part_name, ${literal(`${partition}_`)}))`,
    )
    .catch((error: unknown) => {
      // Without the right, or the function, pieces are less even and no less right.
      if (error instanceof ServerError && error.code !== undefined) return [];
      throw error;
    });
  return rows[0]?.[0].map(BigInt) ?? [];
}

/** What rows can be split by: ranges of a number or a time, or a hash of what stands in front of one. */
type Way = { readonly part: KeyPart; readonly ordinal: Ordinal } | { readonly hash: string };

const hashOf = (parts: readonly KeyPart[]): string =>
  `cityHash64(tuple(${parts.map(({ expression }) => expression).join(', ')}))`;

function waysOf(key: readonly KeyPart[]): Way[] {
  const ways: Way[] = [];
  let others: KeyPart[] = [];
  for (const part of key) {
    const ordinal = ordinalOf(part);
    if (!ordinal) others.push(part);
    else {
      if (others.length > 0) ways.push({ hash: hashOf(others) });
      ways.push({ part, ordinal });
      others = [];
    }
  }
  return others.length > 0 ? [...ways, { hash: hashOf(others) }] : ways;
}

/**
 * How to split a partition of so many rows: by the first part of the key that has values enough. Rows that lie side by side stay
 * together, so that few granules have to be read again to look closer. The server is that of the active site.
 */
export async function splitOf(
  server: Server,
  { question, path, depth, now }: Reading,
  partition: string,
  rows: number,
): Promise<Split> {
  const pieces = Math.min(Math.ceil(rows / PIECE_ROWS), MOST_PIECES);
  if (pieces <= 1 || depth === 'rows') return WHOLE;
  let best: { readonly split: Split; readonly share: number } | undefined;
  for (const way of waysOf(question.key)) {
    const isHash = 'hash' in way;
    const marks = await readMarks(server, path, partition, isHash ? way.hash : way.ordinal.sql, pieces);
    if (marks.length === 0 && !isHash) continue;
    // Where the index does not say, a hash is as good as can be.
    const share = marks.length === 0 ? 0 : heaviest(marks, marks.length);
    if (best && best.share <= share) continue;
    const split = isHash
      ? splitBy(`${way.hash} % ${pieces}`)
      : splitAt(way.part.expression, way.ordinal, cutsOf(marks, endsOf(marks), marks.length));
    best = { split, share };
    if (share <= Math.max(HEAVY, 1 / marks.length)) break;
  }
  return best?.split ?? splitBy(`${question.row(now)} % ${pieces}`);
}
