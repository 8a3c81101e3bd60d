/** What both sites answered about one partition goes in; its verdict comes out, with where the difference is. */
import type { Side } from './bounds.ts';
import type { Difference, PartitionComparison, PartSet } from './comparison.ts';
import { add, contentOf, isSame, NOTHING, type Reading, readDigests, type Sum } from './digests.ts';
import { differing, locate, type Region, together } from './locate.ts';
import { countPassiveOnly } from './passive-only.ts';
import { type Split, WHOLE } from './pieces.ts';
import { both } from './site.ts';
import { splitOf } from './split.ts';

/** One partition, with its rows in pieces, as each site has it. */
export interface Answers {
  readonly partition: string;
  readonly activeParts: PartSet | undefined;
  readonly passiveParts: PartSet | undefined;
  readonly split: Split;
  readonly active: ReadonlyMap<string, Sum>;
  readonly passive: ReadonlyMap<string, Sum>;
}

export type Judgement = Pick<PartitionComparison, 'verdict' | 'reason' | 'differences'> &
  Partial<Pick<PartitionComparison, 'active' | 'passive' | 'passiveOnlyRows'>>;

const total = (pieces: ReadonlyMap<string, Sum>): Sum => [...pieces.values()].reduce(add, NOTHING);

function unclear({ question }: Reading, active: Sum, passive: Sum): string | undefined {
  if (question.groups)
    return 'a TTL merges old rows into fewer, on each site in its own time (TTL … GROUP BY)';
  if (!question.loose || active.rows !== passive.rows || active.firm !== passive.firm) return undefined;
  return `all that must be equal is; the rest need not be, since ${question.loose.why}`;
}

function verdictOf(
  active: Sum,
  passive: Sum,
  passiveOnlyRows: number | undefined,
  differences: readonly Difference[],
): Pick<Judgement, 'verdict' | 'reason'> {
  if (passive.rows === 0) return { verdict: 'missing on passive', reason: '' };
  if (active.rows === 0) return { verdict: 'only on passive', reason: '' };
  if (passiveOnlyRows !== undefined && passiveOnlyRows > 0)
    return { verdict: 'only on passive', reason: `${passiveOnlyRows} rows are on the passive site alone` };
  const more = differences.reduce((sum, one) => sum + Math.max(0, one.passive.rows - one.active.rows), 0);
  if (passiveOnlyRows === undefined && more > 0)
    return {
      verdict: 'only on passive',
      reason: `the passive site has ${more} rows more in some key ranges`,
    };
  return { verdict: 'different', reason: '' };
}

/** The same partition in pieces, where it was read as a whole. */
async function split(
  sides: readonly [Side, Side],
  reading: Reading,
  answers: Answers,
): Promise<Pick<Answers, 'split' | 'active' | 'passive'>> {
  if (answers.split !== WHOLE) return answers;
  const { partition } = answers;
  const rows = Math.max(total(answers.active).rows, total(answers.passive).rows);
  const pieces = await splitOf(sides[0].server, reading, partition, rows);
  if (pieces === WHOLE) return answers;
  const slice = { partitions: [partition], where: [], split: pieces };
  const [active, passive] = await both(sides, async ({ server, facts }) =>
    (await readDigests(server, facts, reading, slice)).get(partition),
  );
  return { split: pieces, active: active ?? new Map(), passive: passive ?? new Map() };
}

/** Where the sites differ, as close as `close` asks for. */
async function differencesOf(
  sides: readonly [Side, Side],
  reading: Reading,
  answers: Answers,
  close: boolean,
): Promise<readonly Difference[]> {
  const isClose = close && reading.depth === 'digest';
  const pieces = isClose ? await split(sides, reading, answers) : answers;
  const regions: readonly Region[] = differing(pieces.active, pieces.passive, pieces.split);
  const rows = total(pieces.active).rows + total(pieces.passive).rows;
  if (!isClose) return [together(regions, pieces.split, reading, rows)];
  return locate(sides, reading, answers.partition, { regions, split: pieces.split, rows });
}

/** Asks for no more rows where the partition is equal, or missing on one side. */
export async function judge(
  sides: readonly [Side, Side],
  reading: Reading,
  answers: Answers,
  close: boolean,
): Promise<Judgement> {
  const [active, passive] = [total(answers.active), total(answers.passive)];
  const contents = {
    active: contentOf(active, reading.depth),
    passive: contentOf(passive, reading.depth),
    differences: [],
  };
  if (isSame(active, passive)) return { verdict: 'equal', reason: '', ...contents };
  const isOneSided = active.rows === 0 || passive.rows === 0;
  const why = isOneSided ? undefined : unclear(reading, active, passive);
  if (why !== undefined) return { verdict: 'not comparable', reason: why, ...contents };
  const differences = await differencesOf(sides, reading, answers, close && !isOneSided);
  const passiveOnlyRows =
    isOneSided || !close
      ? onOneSide(active, passive)
      : await countPassiveOnly(sides, reading, answers.partition, differences);
  const found = {
    ...verdictOf(active, passive, passiveOnlyRows, differences),
    ...contents,
    differences,
    ...(passiveOnlyRows !== undefined && { passiveOnlyRows }),
  };
  const patches = (answers.activeParts?.patchParts ?? 0) + (answers.passiveParts?.patchParts ?? 0);
  if (patches === 0 || found.verdict === 'only on passive') return found;
  const reason = `${patches} patch parts of lightweight updates are not merged yet, and no partition can be replaced before`;
  return { ...found, verdict: 'pending mutations', reason };
}

function onOneSide(active: Sum, passive: Sum): number | undefined {
  if (passive.rows === 0) return 0;
  return active.rows === 0 ? passive.rows : undefined;
}
