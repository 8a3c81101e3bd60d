/** One table of two sites and its parts go in; a verdict for each partition comes out. No row is read that a memory vouches for. */
import type { Settled } from '../live/settled.ts';
import { pathKey } from '../model/object.ts';
import { batchesOf } from './batches.ts';
import type { Side } from './bounds.ts';
import type { Depth, PartitionComparison, PartSet, TableComparison } from './comparison.ts';
import { type Reading, readDigests } from './digests.ts';
import { type Answers, type Judgement, judge } from './judge.ts';
import { readPartSets, type TableParts } from './part-sets.ts';
import { WHOLE } from './pieces.ts';
import { both, soon } from './site.ts';
import { splitOf } from './split.ts';
import type { TablePair } from './table-pair.ts';

export interface CompareOptions {
  readonly depth: Depth;
  /** Partitions with a part younger than that are left alone, in seconds. */
  readonly hotSeconds: number;
  /** What was proven equal, of which parts. */
  readonly proven: Settled;
  /** One query of each site reads at most so many stored rows, and so many partitions. */
  readonly batch?: { readonly rows: number; readonly partitions: number };
  /** In so many differing partitions of a table it is looked for where they differ. */
  readonly located?: number;
}

const BATCH = { rows: 100_000_000, partitions: 1000 };
const LOCATED = 50;

/** Raised whenever what is compared changes: what older rules found equal may no longer be. */
const RULES = 'rows 1';

type Parts = readonly [TableParts, TableParts];

const isMutating = ({ mutating }: TableParts, partition: string): boolean =>
  mutating === 'all' || mutating.has(partition);

const question = ({ question: { fingerprint } }: TablePair, { depth }: CompareOptions): string =>
  `${RULES} ${depth} ${fingerprint}`;

const NO_PARTS = 'no parts';
const fingerprint = (parts: PartSet | undefined): string => parts?.fingerprint ?? NO_PARTS;

/** What can be said of a partition before any row is read. */
function glance(
  partition: string,
  parts: Parts,
  pair: TablePair,
  options: CompareOptions,
): Judgement | undefined {
  const names = ['active', 'passive'];
  const mutating = names.filter((_name, at) => isMutating(parts[at] as TableParts, partition));
  if (mutating.length > 0) {
    const reason = `a mutation is still to rewrite it on the ${mutating.join(' and the ')} site`;
    return { verdict: 'pending mutations', reason, differences: [] };
  }
  const [active, passive] = parts.map(({ partitions }) => partitions.get(partition));
  if (options.proven.has(question(pair, options), fingerprint(active), fingerprint(passive)))
    return { verdict: 'equal', reason: '', differences: [] };
  const ages = [active, passive].map((one) => one?.age ?? Number.POSITIVE_INFINITY);
  const age = Math.min(...ages);
  if (age >= options.hotSeconds) return undefined;
  const reason = `the ${names[ages.indexOf(age)]} site wrote or merged a part of it ${age} s ago`;
  return { verdict: 'hot', reason, differences: [] };
}

function sizesOf(
  partitions: readonly string[],
  [active, passive]: Parts,
): Map<string, { storedRows: number }> {
  const rows = (parts: TableParts, partition: string): number =>
    parts.partitions.get(partition)?.storedRows ?? 0;
  return new Map(
    partitions.map((one) => [one, { storedRows: Math.max(rows(active, one), rows(passive, one)) }]),
  );
}

async function readBatch(
  sides: readonly [Side, Side],
  reading: Reading,
  batch: { readonly partitions: readonly string[]; readonly rows: number },
  [active, passive]: Parts,
): Promise<Answers[]> {
  const [first = '', ...others] = batch.partitions;
  const stored = [active, passive].map(({ partitions }) => partitions.get(first)?.storedRows);
  // Splitting costs a fifth of the query: only those are split at once that are likely to differ.
  const isLikely = others.length === 0 && stored[0] !== stored[1] && !stored.includes(undefined);
  const split = isLikely ? await splitOf(sides[0].server, reading, first, batch.rows) : WHOLE;
  const slice = { partitions: batch.partitions, where: [], split };
  const [here, there] = await both(sides, ({ server, facts }) => readDigests(server, facts, reading, slice));
  return batch.partitions.map((partition) => ({
    partition,
    split,
    activeParts: active.partitions.get(partition),
    passiveParts: passive.partitions.get(partition),
    active: here.get(partition) ?? new Map(),
    passive: there.get(partition) ?? new Map(),
  }));
}

/** Reads the parts again: what was read of a partition that changed meanwhile proves nothing. */
async function settle(
  sides: readonly [Side, Side],
  pair: TablePair,
  before: Parts,
  judged: ReadonlyMap<string, Judgement>,
  options: CompareOptions,
): Promise<Map<string, Judgement>> {
  const [active, passive] = await both(sides, async ({ server }) =>
    (await readPartSets(server, [pair.path])).get(pathKey(pair.path)),
  );
  const after = [active, passive];
  return new Map(
    [...judged].map(([partition, judgement]) => {
      const [here, there] = before.map(({ partitions }) => fingerprint(partitions.get(partition)));
      const now = after.map((parts) => fingerprint(parts?.partitions.get(partition)));
      const isStill = now[0] === here && now[1] === there;
      if (judgement.verdict === 'equal') {
        if (isStill) options.proven.add(question(pair, options), here ?? '', there ?? '');
        return [partition, judgement];
      }
      if (isStill) return [partition, judgement];
      const reason = 'its parts changed while it was compared';
      return [partition, { verdict: 'hot', reason, differences: [] }];
    }),
  );
}

async function readAll(
  sides: readonly [Side, Side],
  pair: TablePair,
  parts: Parts,
  partitions: readonly string[],
  options: CompareOptions,
): Promise<Map<string, Judgement>> {
  const judged = new Map<string, Judgement>();
  if (partitions.length === 0) return judged;
  let close = options.located ?? LOCATED;
  for (const batch of batchesOf(sizesOf(partitions, parts), options.batch ?? BATCH)) {
    const reading = { ...pair, depth: options.depth, now: soon([sides[0].facts, sides[1].facts]) };
    for (const answers of await readBatch(sides, reading, batch, parts)) {
      const judgement = await judge(sides, reading, answers, close > 0);
      if (judgement.verdict !== 'equal') close--;
      judged.set(answers.partition, judgement);
    }
  }
  return settle(sides, pair, parts, judged, options);
}

/** Compares all partitions of a table that has the same structure on both sites. */
export async function compareTable(
  sides: readonly [Side, Side],
  pair: TablePair,
  parts: Parts,
  options: CompareOptions,
): Promise<TableComparison> {
  const [active, passive] = parts.map(({ partitions }) => partitions);
  const names = [...new Set([...(active?.keys() ?? []), ...(passive?.keys() ?? [])])].sort();
  const known = new Map(names.map((one) => [one, glance(one, parts, pair, options)]));
  const unknown = names.filter((one) => known.get(one) === undefined);
  const read = await readAll(sides, pair, parts, unknown, options);
  const partitions = names.map((partition): PartitionComparison => {
    const judgement = (known.get(partition) ?? read.get(partition)) as Judgement;
    const [here, there] = [active?.get(partition), passive?.get(partition)];
    return {
      partition,
      ...judgement,
      ...(here && { activeParts: here }),
      ...(there && { passiveParts: there }),
      remembered: judgement.verdict === 'equal' && !read.has(partition),
    };
  });
  return { path: pair.path, verdict: 'compared', reason: '', partitions };
}
