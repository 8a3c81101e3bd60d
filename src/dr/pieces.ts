/** Values of a key go in; how to split rows by them into pieces, and which rows a piece has, comes out. */
import type { Ordinal } from './ordinal.ts';

export interface Split {
  /** SQL for the number of a row's piece. */
  readonly sql: string;
  /** A condition that holds for the rows of these pieces, and for no others. Empty where there is only one piece. */
  holds(pieces: readonly string[]): string;
}

/** Leaves all rows in one piece. */
export const WHOLE: Split = { sql: '0', holds: () => '' };

/** Into as many pieces as the expression has values. */
export function splitBy(expression: string): Split {
  const holds = (pieces: readonly string[]): string =>
    pieces.length === 1 ? `${expression} = ${pieces[0]}` : `${expression} IN (${pieces.join(', ')})`;
  return { sql: expression, holds };
}

const byValue = (a: bigint, b: bigint): number => (a < b ? -1 : Number(a > b));

export const sorted = (values: readonly bigint[]): bigint[] => [...values].sort(byValue);

/** Of sorted values, so many that lie at the same distance from one another. */
function picksOf(values: readonly bigint[], count: number): bigint[] {
  return Array.from({ length: count }, (_, at) => values[Math.floor((at * values.length) / count)] ?? 0n);
}

/**
 * Where pieces begin that have about the same number of rows, given some of the rows' values, sorted, and the lowest and the
 * highest of all; even ranges where none is given. A value that many rows have is a piece by itself, so that others come away from it.
 */
export function cutsOf(
  values: readonly bigint[],
  [low, high]: readonly [bigint, bigint],
  pieces: number,
): bigint[] {
  const at = (number: number): bigint => low + ((high - low) * BigInt(number)) / BigInt(pieces);
  const picks =
    values.length > 0 ? picksOf(values, pieces) : Array.from({ length: pieces }, (_, number) => at(number));
  const ends = picks
    .filter((value, at) => value === picks[at - 1] && value < high)
    .map((value) => value + 1n);
  return sorted([...new Set([low, ...picks, ...ends])]);
}

/** The largest share of so many picks that one value has: 1 where it is the only one. */
export function heaviest(values: readonly bigint[], pieces: number): number {
  const counts = new Map<bigint, number>();
  for (const value of picksOf(values, pieces)) counts.set(value, (counts.get(value) ?? 0) + 1);
  return Math.max(...counts.values()) / pieces;
}

/** Into ranges of an expression: one from each cut up to the next; the first and the last have what lies beyond them, too. */
export function splitAt(expression: string, { sql, type, value }: Ordinal, cuts: readonly bigint[]): Split {
  const at = new Map(cuts.map((cut, number) => [String(cut), number]));
  const range = (from: number, to: number): string => {
    const [low, high] = [cuts[from], cuts[to + 1]];
    const ends = [
      ...(from === 0 || low === undefined ? [] : [`${expression} >= ${value(low)}`]),
      ...(high === undefined ? [] : [`${expression} < ${value(high)}`]),
    ];
    return ends.length === 0 ? '1' : ends.join(' AND ');
  };
  return {
    sql: `roundDown(${sql}, CAST([${cuts.join(', ')}], 'Array(${type})'))`,
    holds(pieces) {
      const numbers = pieces.map((piece) => at.get(piece) ?? 0).sort((a, b) => a - b);
      const runs: [number, number][] = [];
      for (const number of numbers) {
        const last = runs.at(-1);
        if (last && last[1] === number - 1) last[1] = number;
        else runs.push([number, number]);
      }
      const ranges = runs.map(([from, to]) => range(from, to));
      return ranges.length === 1 ? (ranges[0] ?? '') : ranges.map((one) => `(${one})`).join(' OR ');
    },
  };
}
