/** Copies rows from the old table into another one, a partition at a time, and proves every piece by count and digest. */
import { type BlockRange, HOLD_MS } from '../kinds/rebuild-sql.ts';
import {
  beside,
  type Parts,
  RebuildError,
  type RebuildRun,
  readMutations,
  readParts,
  shownTable,
} from './rebuild-run.ts';

/** How far copying has come. */
export interface Copied {
  /** Rows of the old table up to this block are copied. */
  readonly upto: bigint;
  readonly rows: bigint;
}

export const NOTHING: Copied = { upto: -1n, rows: 0n };

/** A round that takes no longer leaves so little for the next that inserts can wait for it. */
const SHORT_MS = HOLD_MS / 8;

/** Rows that are copied in one piece whatever partitions they are in. */
const AT_ONCE = 1_000_000n;

type Digest = readonly [count: string, sum: string];

async function compare(run: RebuildRun, before: string, after: string, what: string): Promise<Digest> {
  const [[expected], [found]] = await Promise.all([
    run.ask<[...Digest]>(before),
    run.ask<[...Digest]>(after),
  ]);
  if (expected && found && expected[0] === found[0] && expected[1] === found[1]) return found;
  const show = (digest: Digest | undefined): string => `${digest?.[0]} rows of digest ${digest?.[1]}`;
  throw new RebuildError(
    `${what} of ${shownTable(run)} was ${show(expected)} and became ${show(found)}: it was changed while it was copied, or a key of the new table takes several rows for one`,
  );
}

/** What is copied at a time: a partition, or all of them where there is little to copy. */
function piecesOf({ partitions, rows }: Parts, done: Copied): readonly Pick<BlockRange, 'partition'>[] {
  const later = partitions.filter(({ block }) => block > done.upto);
  if (later.length > 1 && rows - done.rows <= AT_ONCE) return [{}];
  return later.map(({ partition }) => ({ partition }));
}

/** Copies what came after `done`; the rows are read under the name `from` and written to `to`. */
export async function copyRound(run: RebuildRun, done: Copied, from: string, to: string): Promise<Copied> {
  const { rebuild, sql } = run;
  const paths = new Map([
    [sql.table, run.path],
    [sql.shadow, beside(run, rebuild.shadow)],
    [sql.late, beside(run, rebuild.late)],
  ]);
  const blockOf = async (): Promise<bigint> => (await readParts(run, paths.get(to) ?? [])).block;
  const parts = await readParts(run, paths.get(from) ?? []);
  if (parts.patched)
    throw new RebuildError(`${shownTable(run)} has lightweight updates that no merge has applied yet`);
  let rows = done.rows;
  let written = await blockOf();
  for (const partition of piecesOf(parts, done)) {
    if (from === sql.table && run.shouldStop()) throw new RebuildError('stopped, as somebody asked');
    const range: BlockRange = { ...partition, after: String(done.upto), upto: String(parts.block) };
    await run.send(sql.copy(from, to, range));
    const upto = await blockOf();
    const piece: BlockRange = { after: String(written), upto: String(upto) };
    const what = range.partition === undefined ? 'what was inserted last' : `partition ${range.partition}`;
    const [copied] = await compare(run, sql.digestBefore(from, range), sql.digestAfter(to, piece), what);
    rows += BigInt(copied);
    written = upto;
  }
  return { upto: parts.block, rows };
}

/** Copies until what is inserted meanwhile takes next to no time, or no less than the round before. */
export async function copyRounds(run: RebuildRun): Promise<Copied> {
  let done = NOTHING;
  for (let before = Number.POSITIVE_INFINITY; ; ) {
    const began = Date.now();
    done = await copyRound(run, done, run.sql.table, run.sql.shadow);
    const took = Date.now() - began;
    if (took < SHORT_MS || took > before / 2) return done;
    before = took;
  }
}

/** Copies a table that can't tell old rows from new ones, and proves that it is still the same afterwards. */
export async function copyWhole(run: RebuildRun): Promise<Digest> {
  const { sql } = run;
  await run.send(sql.copy(sql.table, sql.shadow));
  return compare(run, sql.digestBefore(sql.table), sql.digestAfter(sql.shadow), 'the whole');
}

/** Throws where rows that are copied already were changed or removed since. */
export async function proveUnchanged(run: RebuildRun, done: Copied, mutations: string): Promise<void> {
  const [parts, now] = await Promise.all([readParts(run, run.path), readMutations(run, run.path)]);
  const changed = now.ids !== mutations || parts.patched;
  if (changed) throw new RebuildError(`a mutation changed rows of ${shownTable(run)} while they were copied`);
  if (parts.block !== done.upto || parts.hidesRows) return;
  if (parts.rows !== done.rows) {
    throw new RebuildError(
      `${shownTable(run)} has ${parts.rows} rows, and ${done.rows} of them could be read and copied: ` +
        'rows came or went by other ways than INSERT, or a row policy hides some from this user',
    );
  }
}
