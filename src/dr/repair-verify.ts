/** Proves by count and digest that what was put together is what the active site has, and that the passive site took it over whole. */

import type { Server } from '../live/server.ts';
import { literal } from '../sql/quote.ts';
import type { Content } from './comparison.ts';
import { contentOf } from './digests.ts';
import { proveStill } from './repair-guards.ts';
import { RepairError, type RepairOrder } from './repair-run.ts';
import { ANY_MOMENT, digestSql, hasKey, lostSql, stagingPath } from './repair-sql.ts';
import { exactly, readSiteFacts, type SiteFacts, soon } from './site.ts';

export interface Verification {
  readonly order: RepairOrder;
  /** Of the active and the passive site. */
  readonly facts: readonly [SiteFacts, SiteFacts];
}

export async function openVerification(order: RepairOrder): Promise<Verification> {
  const facts = await Promise.all([order.source, order.target].map((server) => readSiteFacts({ server })));
  return { order, facts: facts as [SiteFacts, SiteFacts] };
}

async function read(
  server: Server,
  facts: SiteFacts,
  path: readonly string[],
  { order: { repair } }: Verification,
  now: number,
): Promise<Content> {
  const rows = await server.rows<[string, string, string]>(digestSql(path, repair, now), exactly(facts));
  const [count = '0', sum = '0', xor = '0'] = rows[0] ?? [];
  return contentOf({ rows: Number(count), sum: BigInt(sum), xor: BigInt(xor), firm: 0n }, 'digest');
}

const isSame = (a: Content, b: Content): boolean => a.rows === b.rows && a.digest === b.digest;

const show = ({ rows, digest }: Content): string => `${rows} rows of digest ${digest}`;

/** What the active site has: as it was compared where its parts are the same and no time passes over them, else read again. */
async function expectedContent(verification: Verification, now: number): Promise<Content> {
  const { order, facts } = verification;
  const { repair, source, path } = order;
  const fingerprint = await proveStill(order);
  const isTimeless = ![repair.row, ...repair.alive].some((text) => text.includes(ANY_MOMENT));
  if (isTimeless && repair.active.digest !== '' && fingerprint === repair.active.fingerprint)
    return repair.active;
  const content = await read(source, facts[0], path, verification, now);
  if ((await proveStill(order)) !== fingerprint)
    throw new RepairError('moved', order, 'the active site wrote or merged parts of it while it was read');
  return content;
}

/** Throws unless the table beside has exactly the rows of the active site, of which there is at least one. */
export async function proveStaging(verification: Verification): Promise<Content> {
  const { order, facts } = verification;
  const { repair, target } = order;
  const now = soon(facts);
  const expected = await expectedContent(verification, now);
  const found = await read(target, facts[1], stagingPath(repair.staging), verification, now);
  if (!isSame(expected, found)) {
    const message = `the active site has ${show(expected)}, and ${show(found)} was copied`;
    throw new RepairError('not verified', order, message);
  }
  if (found.rows === 0) throw new RepairError('not verified', order, 'the active site has no rows in it');
  return found;
}

/** Keys of so many rows are looked at in one query. */
const LOOKED_AT = 4_000_000;

/** Throws where the passive site has rows that the active one lacks, which nobody could count when they were compared. */
export async function proveNothingLost({ order, facts }: Verification, rows: number): Promise<void> {
  const { repair, path, target } = order;
  if (!hasKey(repair)) return;
  const shares = Math.ceil((rows + repair.passive.rows) / LOOKED_AT);
  for (let share = 0; share < shares; share++) {
    const query = lostSql(path, repair, [share, shares], soon(facts));
    const [row] = await target.rows<[string]>(query, exactly(facts[1]));
    if (row?.[0] === '0') continue;
    throw new RepairError(
      'only on passive',
      order,
      `the passive site has rows that the active one lacks: ${row?.[0]} or more`,
    );
  }
}

interface PartRow {
  readonly block: number;
  readonly hash: string;
  readonly active: boolean;
}

/** Of all parts with rows of the partition, those that were replaced included. */
export async function partRows({ target, path, repair }: RepairOrder): Promise<readonly PartRow[]> {
  const [database = '', table = ''] = path;
  const rows = await target.rows<[string, string, number]>(
    `SELECT toString(max_block_number), hash_of_all_files, toUInt8(active) FROM system.parts
     WHERE database = ${literal(database)} AND table = ${literal(table)}
       AND partition_id = ${literal(repair.partition)} AND rows > 0`,
  );
  return rows.map(([block, hash, active]) => ({ block: Number(block), hash, active: Number(active) === 1 }));
}

const highest = (parts: readonly PartRow[]): number => Math.max(-1, ...parts.map(({ block }) => block));

/**
 * Throws where an insert ended between the last look and the swap, whose rows went with the old parts, and where the passive site
 * does not show what was put together.
 */
export async function proveReplaced(verification: Verification, before: readonly PartRow[]): Promise<void> {
  const { order, facts } = verification;
  const after = await partRows(order);
  const known = highest(before);
  const lost = after.filter(({ block, active }) => !active && block > known);
  const staged = await stagedHashes(order);
  const here = new Set(after.filter(({ active }) => active).map(({ hash }) => hash));
  const isWhole = staged.every((hash) => here.has(hash));
  // Parts that were merged since have other hashes; so have those that were replaced by a merged part in between.
  if (lost.length > 0 && !lost.every(({ hash }) => staged.includes(hash))) {
    throw new RepairError(
      'raced',
      order,
      `${lost.length} parts were written to the passive site in the moment in which it was replaced; compare again`,
    );
  }
  if (isWhole) return;
  const now = soon(facts);
  const [path, staging] = [order.path, stagingPath(order.repair.staging)];
  const [found, expected] = await Promise.all(
    [path, staging].map((one) => read(order.target, facts[1], one, verification, now)),
  );
  if (found && expected && isSame(found, expected)) return;
  throw new RepairError('not verified', order, 'the passive site shows other rows than were put there');
}

async function stagedHashes({ target, repair }: RepairOrder): Promise<readonly string[]> {
  const [database = '', table = ''] = stagingPath(repair.staging);
  const rows = await target.rows<[string]>(
    `SELECT hash_of_all_files FROM system.parts
     WHERE database = ${literal(database)} AND table = ${literal(table)} AND active AND rows > 0`,
  );
  return rows.map(([hash]) => hash);
}
