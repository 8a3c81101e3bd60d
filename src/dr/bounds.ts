/** A region of a partition goes in; the range of the sorting key that its rows span, on both sites together, comes out. */
import type { Server } from '../live/server.ts';
import { literal } from '../sql/quote.ts';
import { fromRows, type Reading } from './digests.ts';
import { endsOf, isText, ordinalOf } from './ordinal.ts';
import { sorted } from './pieces.ts';
import type { KeyPart } from './question.ts';
import { both, exactly, type SiteFacts } from './site.ts';

export interface Side {
  readonly server: Server;
  readonly facts: SiteFacts;
}

export interface Bounds {
  readonly part: KeyPart;
  readonly isConstant: boolean;
  /** Conditions that hold for every row of the region, and let the primary index find it. */
  readonly where: readonly string[];
  /** For people: `ts 17000000 to 17000060`; absent for values without an order of their own. */
  readonly range?: string;
  /** The lowest and highest number, for parts that are numbers or times. */
  readonly span?: readonly [bigint, bigint];
  /** Of those parts, the values of some rows, sorted. */
  readonly sample: readonly bigint[];
}

/** About so many rows' values are looked at to find pieces of the same number of rows. */
const SAMPLE = 1024;

/** What is asked for the least and the greatest of. */
function measure(part: KeyPart): string {
  const ordinal = ordinalOf(part);
  if (ordinal) return ordinal.sql;
  return isText(part) ? `toString(${part.expression})` : `cityHash64(tuple(${part.expression}))`;
}

function textBounds(part: KeyPart, low: string, high: string): Bounds {
  const show = (hex: string): string => Buffer.from(hex, 'hex').toString();
  const [from, to] = [low, high].map((hex) => {
    const bytes = Buffer.from(hex, 'hex');
    return bytes.equals(Buffer.from(bytes.toString())) ? literal(bytes.toString()) : `unhex('${hex}')`;
  });
  const isConstant = low === high;
  return {
    part,
    isConstant,
    sample: [],
    where: isConstant
      ? [`${part.expression} = ${from}`]
      : [`${part.expression} >= ${from}`, `${part.expression} <= ${to}`],
    range: `${part.expression} ${literal(show(low))}${isConstant ? '' : ` to ${literal(show(high))}`}`,
  };
}

function boundsOf(
  part: KeyPart,
  shown: readonly (readonly [string, string])[],
  sample: readonly string[],
): Bounds {
  const ordinal = ordinalOf(part);
  if (isText(part)) {
    const hexes = shown.flat().sort();
    return textBounds(part, hexes[0] ?? '', hexes.at(-1) ?? '');
  }
  const [low, high] = endsOf(shown.flat().map(BigInt));
  const isConstant = low === high;
  if (!ordinal) return { part, isConstant, where: [], sample: [] };
  return {
    part,
    isConstant,
    span: [low, high],
    sample: sorted(sample.map(BigInt)),
    where: isConstant
      ? [`${part.expression} = ${ordinal.value(low)}`]
      : [`${part.expression} >= ${ordinal.value(low)}`, `${part.expression} <= ${ordinal.value(high)}`],
    range: `${part.expression} ${ordinal.show(low)}${isConstant ? '' : ` to ${ordinal.show(high)}`}`,
  };
}

/** Reads nothing but the key's columns; of `rows` rows, it takes a sample. Empty where neither site has a row there, or the table has no sorting key. */
export async function readBounds(
  sides: readonly [Side, Side],
  reading: Reading,
  slice: { readonly partitions: readonly string[]; readonly where: readonly string[] },
  rows: number,
): Promise<readonly Bounds[]> {
  const { key } = reading.question;
  if (key.length === 0) return [];
  const ends = key.flatMap((part) =>
    ['min', 'max'].map((end) => {
      const value = `${end}(${measure(part)})`;
      return isText(part) ? `hex(${value})` : `toString(${value})`;
    }),
  );
  // The same rows each time: a plan that is made again must come out as it was. An odd step keeps no step with pairs of rows.
  const step = Math.ceil(rows / SAMPLE) | 1;
  const samples = key.map((part) => {
    const { sql } = ordinalOf(part) ?? {};
    return sql === undefined
      ? '[]'
      : `arrayMap(x -> toString(x), groupArrayIf(${sql}, _part_offset % ${step} = 0))`;
  });
  const answers = await both(sides, ({ server, facts }) =>
    server.rows<[string, string[][], ...string[]]>(
      `SELECT toString(count()), [${samples.join(', ')}], ${ends.join(', ')} ${fromRows(reading, slice)}`,
      exactly(facts),
    ),
  );
  const shown = answers.flatMap(([row]) => {
    if (!row || row[0] === '0') return [];
    const [, sample, ...values] = row;
    return [{ sample, values }];
  });
  if (shown.length === 0) return [];
  return key.map((part, at) =>
    boundsOf(
      part,
      shown.map(({ values }) => [values[at * 2] ?? '', values[at * 2 + 1] ?? ''] as const),
      shown.flatMap(({ sample }) => sample[at] ?? []),
    ),
  );
}
