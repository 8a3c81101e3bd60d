/** Pieces of a partition in which the sites differ go in; ever smaller ones come out, until a few rows are left or none can be left out. */
import { type Bounds, readBounds, type Side } from './bounds.ts';
import type { Difference } from './comparison.ts';
import { add, contentOf, isSame, NOTHING, type Reading, readDigests, type Sum } from './digests.ts';
import { ordinalOf } from './ordinal.ts';
import { cutsOf, type Split, splitAt, splitBy } from './pieces.ts';
import { both } from './site.ts';

export interface Region {
  /** Its number among the pieces that its `split` makes. */
  readonly piece: string;
  /** Conditions that make the region what it is. */
  readonly where: readonly string[];
  /** Conditions that all its rows meet besides, by which the primary index finds them. */
  readonly within: readonly string[];
  readonly active: Sum;
  readonly passive: Sum;
}

/** Rows on both sites together that are not worth another look. */
const FEW_ROWS = 256;
const PIECES = 64;
/** So often a piece is split again, and so many pieces of a partition are looked at. */
const DEEPEST = 6;
const MOST_LOOKS = 256;
/** With more differing pieces than that, looking closer costs more than it saves. */
const MOST_REGIONS = 16;

export const rowsOf = ({ active, passive }: Region): number => active.rows + passive.rows;

/** Both sites' pieces side by side; those that differ are left. */
export function differing(
  active: ReadonlyMap<string, Sum> = new Map(),
  passive: ReadonlyMap<string, Sum> = new Map(),
  split: Split,
  { where, within }: Pick<Region, 'where' | 'within'> = { where: [], within: [] },
): Region[] {
  return [...new Set([...active.keys(), ...passive.keys()])].flatMap((piece) => {
    const [a, b] = [active.get(piece) ?? NOTHING, passive.get(piece) ?? NOTHING];
    if (isSame(a, b)) return [];
    const holds = split.holds([piece]);
    return [{ piece, where: holds === '' ? where : [...where, holds], within, active: a, passive: b }];
  });
}

/** The next way to split a region: by the first part of the key that has more than one value there, else by whole rows. */
function nextSplit(bounds: readonly Bounds[], reading: Reading, level: number): Split {
  const varied = bounds.find(({ isConstant }) => !isConstant);
  // Each level looks at other digits of the hash: those of the levels above are the same for all rows that are left.
  const digit = (hash: string): Split =>
    splitBy(`intDiv(${hash}, ${BigInt(PIECES) ** BigInt(level)}) % ${PIECES}`);
  if (varied === undefined) return digit(reading.question.row(reading.now));
  const { part, span, sample } = varied;
  const ordinal = ordinalOf(part);
  if (!ordinal || !span) return digit(`cityHash64(tuple(${part.expression}))`);
  return splitAt(part.expression, ordinal, cutsOf(sample, span, PIECES));
}

/** A region as a difference of which nothing closer is known. */
function showRegion(region: Region, reading: Reading, bounds: readonly Bounds[] = []): Difference {
  return {
    where: [...region.where, ...region.within].join(' AND ') || '1',
    range: bounds.flatMap(({ range }) => range ?? []).join(', '),
    active: contentOf(region.active, reading.depth),
    passive: contentOf(region.passive, reading.depth),
  };
}

async function narrow(
  sides: readonly [Side, Side],
  reading: Reading,
  partition: string,
  region: Region,
  level: number,
  budget: { looks: number },
): Promise<Difference[]> {
  const partitions = [partition];
  const slice = { partitions, where: [...region.where, ...region.within] };
  const bounds = await readBounds(sides, reading, slice, rowsOf(region));
  const within = bounds.flatMap(({ where }) => where);
  const bounded = { ...region, within };
  const leaf = [showRegion(bounded, reading, bounds)];
  if (rowsOf(region) <= FEW_ROWS || level > DEEPEST || budget.looks-- <= 0) return leaf;
  const split = nextSplit(bounds, reading, level);
  const answers = await both(sides, ({ server, facts }) =>
    readDigests(server, facts, reading, { partitions, where: [...region.where, ...within], split }),
  );
  const [active, passive] = answers.map((answer) => answer.get(partition));
  const regions = differing(active, passive, split, bounded);
  if (regions.length === 0 || regions.length > MOST_REGIONS) return leaf;
  const found: Difference[] = [];
  for (const one of regions) found.push(...(await narrow(sides, reading, partition, one, level + 1, budget)));
  return found;
}

/** All of these pieces as one difference; none of them has a closer look behind it. */
export function together(
  regions: readonly Region[],
  split: Split,
  reading: Reading,
  rows: number,
): Difference {
  const whole = regions.reduce(
    (sum, { active, passive }) => ({ active: add(sum.active, active), passive: add(sum.passive, passive) }),
    { active: NOTHING, passive: NOTHING },
  );
  const isMost = (whole.active.rows + whole.passive.rows) * 2 > rows;
  const holds = isMost ? '' : split.holds(regions.map(({ piece }) => piece));
  const where = holds === '' ? [] : [`(${holds})`];
  return showRegion({ ...whole, piece: '', where, within: [] }, reading);
}

/**
 * Where the sites differ, given the pieces that do and all the rows of the partition. Asks for little: each look reads the rows
 * of one differing piece. Where too much differs, all of it is one difference: the pieces, or the whole partition.
 */
export async function locate(
  sides: readonly [Side, Side],
  reading: Reading,
  partition: string,
  {
    regions,
    split,
    rows,
  }: { readonly regions: readonly Region[]; readonly split: Split; readonly rows: number },
): Promise<Difference[]> {
  if (regions.length > MOST_REGIONS) return [together(regions, split, reading, rows)];
  const found: Difference[] = [];
  const budget = { looks: MOST_LOOKS };
  for (const region of regions) found.push(...(await narrow(sides, reading, partition, region, 1, budget)));
  return found;
}
