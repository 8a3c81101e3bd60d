/** A table's sorting key and what the active site's index says of it go in; how to split partitions into pieces comes out. */
import type { Server } from '../live/server.ts';
import { ServerError } from '../live/server.ts';
import { identifier, literal } from '../sql/quote.ts';
import { bareColumn } from './compared-table.ts';
import type { PartSet } from './comparison.ts';
import type { Reading } from './digests.ts';
import { endsOf, ordinalOf } from './ordinal.ts';
import type { KeyPart } from './question.ts';

/** Rows that a piece should have: four granules. */
const PIECE_ROWS = 32_768;
const MOST_PIECES = 1024;

const PART_NAME = /^(.+?)_\d+_\d+_\d+(?:_\d+)?$/;

/** The lowest and the highest value of the key's first part in each partition, by the primary index: no row is read. */
async function readSpans(
  server: Server,
  path: readonly string[],
  part: KeyPart,
): Promise<Map<string, readonly [bigint, bigint]>> {
  const column = identifier(bareColumn(part.expression) ?? '');
  const sql = ordinalOf({ ...part, expression: column })?.sql;
  const spans = new Map<string, readonly [bigint, bigint]>();
  const rows = await server
    .rows<[string, string, string]>(
      `SELECT part_name, toString(min(${sql})), toString(max(${sql})) FROM mergeTreeIndex(${path.map(literal).join(', ')}) GROUP BY part_name`,
    )
    .catch((error: unknown) => {
      // Without the right, or the function, pieces are less even and no less right.
      if (error instanceof ServerError && error.code !== undefined) return [];
      throw error;
    });
  for (const [name, low, high] of rows) {
    const partition = PART_NAME.exec(name)?.[1] ?? '';
    spans.set(partition, endsOf([...(spans.get(partition) ?? []), BigInt(low), BigInt(high)]));
  }
  return spans;
}

const hash = (parts: readonly KeyPart[]): string =>
  `cityHash64(tuple(${parts.map(({ expression }) => expression).join(', ')}))`;

/** Rounded up. */
const divide = (a: bigint, b: bigint): bigint => (a + b - 1n) / b;

export interface Splitter {
  /** SQL that splits these partitions, of which the largest has so many rows. */
  split(partitions: readonly string[], rows: number): string;
}

/**
 * Splits by ranges of the key's first part where that is a number or a time, else by a hash of all parts up to the first one that
 * is: in both cases rows that lie side by side stay together, so that few granules have to be read again to look closer.
 */
export async function splitterOf(server: Server, reading: Reading): Promise<Splitter> {
  const { question, path } = reading;
  const [first] = question.key;
  const spans = first && ordinalOf(first) ? await readSpans(server, path, first) : undefined;
  const leading = question.key.slice(
    0,
    Math.max(
      1,
      question.key.findIndex((part) => ordinalOf(part) !== undefined),
    ),
  );
  return {
    split(partitions, rows) {
      const pieces = Math.min(Math.ceil(rows / PIECE_ROWS), MOST_PIECES);
      if (pieces <= 1 || reading.depth === 'rows') return '0';
      if (!first) return `${question.row(reading.now)} % ${pieces}`;
      const known = partitions.flatMap((partition) => {
        const span = spans?.get(partition);
        return span ? [span] : [];
      });
      const ordinal = ordinalOf(first);
      if (ordinal === undefined || known.length === 0) return `${hash(leading)} % ${pieces}`;
      const [low, high] = endsOf(known.flat());
      const [, step] = endsOf(known.map(([from, to]) => divide(to - from + 1n, BigInt(pieces))));
      const { sql, cast } = ordinal;
      return `least(greatest(intDiv(${sql}, ${step}), ${cast}(${low / step})), ${cast}(${high / step}))`;
    },
  };
}

/** Largest first, so that partitions of like size are read together; a batch ends where it would have more rows than that. */
export function batchesOf(
  sizes: ReadonlyMap<string, Pick<PartSet, 'storedRows'>>,
  most: { readonly rows: number; readonly partitions: number },
): { readonly partitions: readonly string[]; readonly rows: number }[] {
  const batches: { partitions: string[]; rows: number; sum: number }[] = [];
  for (const [partition, { storedRows }] of [...sizes].sort(([, a], [, b]) => b.storedRows - a.storedRows)) {
    const last = batches.at(-1);
    if (last && last.sum + storedRows <= most.rows && last.partitions.length < most.partitions) {
      last.partitions.push(partition);
      last.sum += storedRows;
    } else batches.push({ partitions: [partition], rows: storedRows, sum: storedRows });
  }
  return batches;
}
