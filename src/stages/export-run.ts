/** What every part of an export works with, and the reasons for which one stops. */
import type { Content } from '../dr/comparison.ts';
import { contentOf, NOTHING as NO_ROWS } from '../dr/digests.ts';
import { readPartSets } from '../dr/part-sets.ts';
import { exactly, type SiteFacts } from '../dr/site.ts';
import type { Server } from '../live/server.ts';
import { PlumblineError } from '../model/errors.ts';
import { pathKey, showPath } from '../model/object.ts';
import type { Export } from '../model/stage.ts';
import { literal } from '../sql/quote.ts';
import type { SourceDigests } from './source-digests.ts';

/** Why a partition is not brought back now. docs/federation.md says what to do about each. */
export type ExportRefusal =
  /** Somebody asked to stop. */
  | 'stopped'
  /** Something is still to be written into the partition. */
  | 'pending mutations'
  /** The member that leaves got rows while they were copied, or since. */
  | 'moved'
  /** What was put together is not what the member has. */
  | 'not verified'
  /** What stands beside the table is not what was put there. */
  | 'lost staging';

export class ExportError extends PlumblineError {
  override readonly name = 'ExportError';
  readonly refusal: ExportRefusal;

  constructor(refusal: ExportRefusal, { path, order }: Pick<ExportRun, 'path' | 'order'>, reason: string) {
    const { partition, source } = order.copy;
    super(`${refusal}: partition ${partition} of ${showPath(path)} from ${source}: ${reason}`);
    this.refusal = refusal;
  }
}

export interface ExportRun {
  readonly path: readonly string[];
  readonly order: Export;
  readonly target: Server;
  /** The node of the member that leaves. */
  readonly source: Server;
  readonly digests: SourceDigests;
  readonly queryId: string;
  /** Asked before every statement that changes anything; throws when the lock is lost. */
  readonly keepLock: () => Promise<void>;
  readonly shouldStop: () => boolean;
}

export interface Part {
  readonly name: string;
  readonly hash: string;
  readonly block: number;
  readonly rows: number;
}

/** Active parts with rows of the partition. */
export async function readParts(server: Server, path: readonly string[], partition: string): Promise<Part[]> {
  const [database = '', table = ''] = path;
  const rows = await server.rows<[string, string, string, string]>(
    `SELECT name, hash_of_all_files, toString(min_block_number), toString(rows) FROM system.parts
     WHERE active AND rows > 0 AND database = ${literal(database)} AND table = ${literal(table)}
       AND partition_id = ${literal(partition)} ORDER BY min_block_number`,
  );
  return rows.map(([name, hash, block, count]) => ({
    name,
    hash,
    block: Number(block),
    rows: Number(count),
  }));
}

/** Throws where something is still to be written into the source's partition. Gives the fingerprint of its parts. */
export async function stillSource(run: ExportRun): Promise<string> {
  const { source, path, order } = run;
  if (run.shouldStop()) throw new ExportError('stopped', run, 'somebody asked to stop');
  const parts = (await readPartSets(source, [path])).get(pathKey(path));
  const { partition } = order.copy;
  const found = parts?.partitions.get(partition);
  const isPending =
    parts?.mutating === 'all' || parts?.mutating.has(partition) || (found?.patchParts ?? 0) > 0;
  if (isPending)
    throw new ExportError('pending mutations', run, 'a mutation or a lightweight update is not written yet');
  return found?.fingerprint ?? '';
}

export const NOTHING: Content = contentOf(NO_ROWS, 'digest');

/** Asks for rows and digest of each value by which the query groups; of all rows it is the empty one. */
export async function contentsBy(
  server: Server,
  facts: SiteFacts,
  query: string,
): Promise<Map<string, Content>> {
  const rows = await server.rows<[string, string, string, string?]>(query, exactly(facts));
  return new Map(
    rows.map(([count, sum, xor, value = '']) => [
      value,
      contentOf({ rows: Number(count), sum: BigInt(sum), xor: BigInt(xor), firm: 0n }, 'digest'),
    ]),
  );
}

/** Asks for rows and digest. */
export async function contentBy(server: Server, facts: SiteFacts, query: string): Promise<Content> {
  return (await contentsBy(server, facts, query)).get('') ?? NOTHING;
}

export const isSame = (a: Content, b: Content): boolean => a.rows === b.rows && a.digest === b.digest;

export const show = ({ rows, digest }: Content): string => `${rows} rows of digest ${digest}`;
