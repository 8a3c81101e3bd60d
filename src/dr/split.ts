/** A table's sorting key and what the active site's index says of it go in; how to split partitions into pieces comes out. */
import type { Server } from '../live/server.ts';
import { ServerError } from '../live/server.ts';
import { literal } from '../sql/quote.ts';
import type { PartSet } from './comparison.ts';
import { type Reading, WHOLE } from './digests.ts';
import { type Ordinal, ordinalOf } from './ordinal.ts';
import type { KeyPart } from './question.ts';

/** Rows that a piece should have: four granules. */
const PIECE_ROWS = 32_768;
const MOST_PIECES = 1024;

/** The lowest and the highest value of the key's first part, by the primary index: no row is read. */
async function readSpan(
  server: Server,
  path: readonly string[],
  partition: string,
  ordinal: Ordinal,
): Promise<readonly [bigint, bigint] | undefined> {
  const rows = await server
    .rows<[string, string, string]>(
      `SELECT toString(count()), toString(min(${ordinal.sql})), toString(max(${ordinal.sql}))
       FROM mergeTreeIndex(${path.map(literal).join(', ')}) WHERE startsWith(part_name, ${literal(`${partition}_`)})`,
    )
    .catch((error: unknown) => {
      // Without the right, or the function, pieces are less even and no less right.
      if (error instanceof ServerError && error.code !== undefined) return [];
      throw error;
    });
  const [[count, low, high] = ['0', '0', '0']] = rows;
  return count === '0' ? undefined : [BigInt(low), BigInt(high)];
}

/** Rounded up. */
const divide = (a: bigint, b: bigint): bigint => (a + b - 1n) / b;

/** Up to the first part that is a number or a time; the first part alone where none is. */
function hashSplit(key: readonly KeyPart[], pieces: number): string {
  const end = key.findIndex((part) => ordinalOf(part) !== undefined);
  const leading = key.slice(0, Math.max(1, end)).map(({ expression }) => expression);
  return `cityHash64(tuple(${leading.join(', ')})) % ${pieces}`;
}

/**
 * SQL that splits a partition of so many rows: by ranges of the key's first part where that is a number or a time, else by a hash
 * of what stands in front of one. In both cases rows that lie side by side stay together, so that few granules have to be read
 * again to look closer. The server is that of the active site.
 */
export async function splitOf(
  server: Server,
  { question, path, depth, now }: Reading,
  partition: string,
  rows: number,
): Promise<string> {
  const pieces = Math.min(Math.ceil(rows / PIECE_ROWS), MOST_PIECES);
  if (pieces <= 1 || depth === 'rows') return WHOLE;
  const [first] = question.key;
  if (!first) return `${question.row(now)} % ${pieces}`;
  const ordinal = ordinalOf(first);
  const span = ordinal && (await readSpan(server, path, partition, ordinal));
  if (!ordinal || !span) return hashSplit(question.key, pieces);
  const [low, high] = span;
  const step = divide(high - low + 1n, BigInt(pieces));
  const { sql, cast } = ordinal;
  return `least(greatest(intDiv(${sql}, ${step}), ${cast}(${low / step})), ${cast}(${high / step}))`;
}

/** Partitions of so many rows are read by themselves. */
const ALONE_ROWS = 1_000_000;

/** Largest first; many small partitions are read in one query, until it would have more rows, or partitions, than that. */
export function batchesOf(
  sizes: ReadonlyMap<string, Pick<PartSet, 'storedRows'>>,
  most: { readonly rows: number; readonly partitions: number },
): { readonly partitions: readonly string[]; readonly rows: number }[] {
  const batches: { partitions: string[]; rows: number; sum: number }[] = [];
  for (const [partition, { storedRows }] of [...sizes].sort(([, a], [, b]) => b.storedRows - a.storedRows)) {
    const last = batches.at(-1);
    if (
      last &&
      last.rows < ALONE_ROWS &&
      last.sum + storedRows <= most.rows &&
      last.partitions.length < most.partitions
    ) {
      last.partitions.push(partition);
      last.sum += storedRows;
    } else batches.push({ partitions: [partition], rows: storedRows, sum: storedRows });
  }
  return batches;
}
