/** A table and the partitions that were copied for it go in; they are written down, merges are held, and given back when all are in it. */
import { readPartSets, type TableParts } from '../dr/part-sets.ts';
import { pathKey } from '../model/object.ts';
import { literal, qualified } from '../sql/quote.ts';
import {
  ExportError,
  type ExportRun,
  isSame,
  type Part,
  readParts,
  type Send,
  show,
  stillIn,
} from './export-run.ts';
import { exportSql, ownStill, STILL } from './export-sql.ts';
import { entryOf, type LedgerEntry, readLedger, type Written, writeLedger } from './ledger.ts';

const MINUTE = 60_000;

/** A partition that is to be shown. */
export interface Due {
  readonly run: ExportRun;
  readonly entry: LedgerEntry;
  /** Hashes of parts that are not in the table yet. */
  readonly missing: readonly string[];
  /** What stands beside the table. */
  readonly beside: readonly Part[];
}

export interface OpenTable {
  /** The step that began with it. */
  readonly run: ExportRun;
  /** By {@link dueKey}. */
  readonly due: ReadonlyMap<string, Due>;
  /** Keys of those that are in the table now. */
  readonly done: Set<string>;
  /** Proves that they are there, writes it down, and gives back what was borrowed. */
  close(send: Send): Promise<void>;
}

export const dueKey = ({ order: { copy } }: Pick<ExportRun, 'order'>): string =>
  JSON.stringify([copy.source, copy.partition]);

/** The hashes that no part of the table has which came behind that block. Equal ones count as often as they are there. */
export function missingHashes(hashes: readonly string[], there: readonly Part[], block: number): string[] {
  const found = new Map<string, number>();
  for (const { hash, block: own } of there) if (own > block) found.set(hash, (found.get(hash) ?? 0) + 1);
  return hashes.filter((hash) => {
    const count = found.get(hash) ?? 0;
    if (count > 0) found.set(hash, count - 1);
    return count === 0;
  });
}

/** What the table's own text says. */
async function readText({ target, path: [database = '', table = ''] }: ExportRun): Promise<string> {
  const [row] = await target.rows<[string]>(
    `SELECT engine_full FROM system.tables WHERE database = ${literal(database)} AND name = ${literal(table)}`,
  );
  return row?.[0] ?? '';
}

/** The settings that the table has itself, as JSON; where a run that was killed still borrows them, as it wrote them down. */
function ownSettings(text: string, entries: readonly LedgerEntry[]): string {
  const settings = /\bSETTINGS (.*)$/.exec(text)?.[1] ?? '';
  const own = ownStill(
    Object.fromEntries(settings.split(', ').map((one) => one.split(' = ') as [string, string])),
  );
  const isHeld = Object.entries(STILL).every(([name, value]) => own[name] === value);
  const borrowed = entries.filter(({ state }) => state === 'attaching' || state === 'attached');
  const last = borrowed.reduce<LedgerEntry | undefined>(
    (newest, one) => (newest && newest.version > one.version ? newest : one),
    undefined,
  );
  return isHeld && last ? last.settings : JSON.stringify(own);
}

async function readHighest({ target, path: [database = '', table = ''] }: ExportRun): Promise<number> {
  const rows = await target.rows<[string]>(
    `SELECT toString(max(max_block_number)) FROM system.parts
     WHERE database = ${literal(database)} AND table = ${literal(table)}`,
  );
  return Number(rows[0]?.[0] ?? 0);
}

async function refuse(
  { run, entry }: Due,
  refusal: 'moved' | 'lost staging',
  reason: string,
): Promise<never> {
  await run.keepLock();
  await writeLedger(run.target, [{ path: run.path, order: run.order, entry: { ...entry, state: 'void' } }]);
  throw new ExportError(refusal, run, `${reason}; the next run copies it again`);
}

/** The source still has what was copied, as its parts show, or its digest where they were merged; and so has what stands beside the table. */
async function proveFresh(due: Due, sets: ReadonlyMap<string, TableParts>): Promise<void> {
  const { run, entry, beside } = due;
  const { source } = run;
  const fingerprint = stillIn(sets, run);
  if (fingerprint !== entry.fingerprint) {
    const { content } = await run.memory.digests.of(run, fingerprint);
    if (!isSame(content, entry))
      await refuse(
        due,
        'moved',
        `${source.node.name} has ${show(content)} now, and ${show(entry)} was copied`,
      );
  }
  const hashes = beside.map(({ hash }) => hash).sort();
  if (hashes.join() !== [...entry.parts].sort().join())
    await refuse(due, 'lost staging', 'what stands beside the table is not what was proven');
}

/** Partitions that nothing was shown of yet come first proven, then written down. */
async function openDue(run: ExportRun, entries: readonly LedgerEntry[]): Promise<Due[]> {
  const { target, path, shown } = run;
  const stagings = shown.map(({ order }) => exportSql(path, order).staging);
  const partitions = [...new Set(shown.map(({ order }) => order.copy.partition))];
  const parts = await readParts(target, [path, ...stagings], partitions);
  const at = (where: readonly string[], partition: string): Part[] =>
    parts.filter((one) => one.partition === partition && pathKey(one.path) === pathKey(where));
  return shown.flatMap(({ order, source }): Due[] => {
    const own = { ...run, order, source };
    const entry = entryOf(entries, path, order.copy);
    if (!entry) throw new ExportError('lost staging', own, 'nothing was copied yet; plan again');
    const { partition } = order.copy;
    const beside = at(exportSql(path, order).staging, partition);
    const there = at(path, partition);
    const missing =
      entry.state === 'attaching' ? missingHashes(entry.parts, there, entry.block) : entry.parts;
    return [{ run: own, entry, missing: entry.state === 'attached' ? [] : missing, beside }];
  });
}

/** Throws ExportError, and then has changed nothing that readers see. */
export async function openTable(run: ExportRun, send: Send): Promise<OpenTable> {
  const { target, path, order, keepLock } = run;
  const entries = await readLedger(target, order.federation, order.since, MINUTE);
  const ofTable = entries.filter((one) => pathKey(one.path) === pathKey(path));
  const [due, text, block] = await Promise.all([openDue(run, ofTable), readText(run), readHighest(run)]);
  const settings = ownSettings(text, ofTable);
  // Of those that a kill left untouched, nothing is in the table either.
  const fresh = due.filter(
    ({ entry, missing }) => entry.state !== 'attached' && missing.length === entry.parts.length,
  );
  for (const source of new Set(fresh.map((one) => one.run.source))) {
    const sets = await readPartSets(source, [path]);
    for (const one of fresh) if (one.run.source === source) await proveFresh(one, sets);
  }
  const note = async (noted: readonly Due[], change: Partial<Written>): Promise<void> => {
    if (noted.length === 0) return;
    await keepLock();
    await writeLedger(
      target,
      noted.map((one) => ({ path, order: one.run.order, entry: { ...one.entry, ...change } })),
    );
  };
  // Written down before anything is borrowed, so that it is always given back.
  const attaching = { state: 'attaching', settings, block } as const;
  await note(fresh, attaching);
  const opened = new Map(
    due.map((one) => [
      dueKey(one.run),
      fresh.includes(one) ? { ...one, entry: { ...one.entry, ...attaching } } : one,
    ]),
  );
  const isDue = due.some(({ entry }) => entry.state !== 'attached');
  if (isDue) await send(exportSql(path, order).hold());
  const done = new Set<string>();
  return {
    run,
    due: opened,
    done,
    async close(sendLast) {
      const shown = [...opened].filter(([key]) => done.has(key)).map(([, one]) => one);
      const proven = shown.filter(({ entry }) => entry.state !== 'attached');
      const there = await readParts(
        target,
        [path],
        proven.map(({ entry: { partition } }) => partition),
      );
      for (const { run: one, entry } of proven) {
        const own = there.filter(({ partition }) => partition === entry.partition);
        const left = missingHashes(entry.parts, own, entry.block);
        if (left.length > 0)
          throw new ExportError('not verified', one, `${left.length} parts were not attached`);
      }
      await note(proven, { state: 'attached' });
      for (const statement of exportSql(path, order).release(JSON.parse(settings))) await sendLast(statement);
      for (const one of shown) await sendLast(exportSql(path, one.run.order).drop());
    },
  };
}

/** Shows a partition to readers, of which a kill may have left some parts in the table. */
export async function attachDue({ run, missing, beside }: Due, send: Send): Promise<void> {
  if (missing.length === 0) return;
  const sql = exportSql(run.path, run.order);
  const wanted = [...missing];
  const shown = beside.filter(({ hash }) => {
    const at = wanted.indexOf(hash);
    if (at >= 0) wanted.splice(at, 1);
    return at < 0;
  });
  if (wanted.length > 0)
    throw new ExportError(
      'lost staging',
      run,
      `${wanted.length} parts are neither beside the table nor in it`,
    );
  for (const { name } of shown)
    await send(`ALTER TABLE ${qualified(sql.staging)} DROP PART ${literal(name)}`);
  await send(sql.attach());
}
