/** What every part of an export works with, and the reasons for which one stops. */
import type { Content } from '../dr/comparison.ts';
import { contentOf, NOTHING as NO_ROWS } from '../dr/digests.ts';
import type { TableParts } from '../dr/part-sets.ts';
import { exactly, type SiteFacts } from '../dr/site.ts';
import type { RequestOptions, Server } from '../live/server.ts';
import { PlumblineError } from '../model/errors.ts';
import { pathKey, showPath } from '../model/object.ts';
import type { Export } from '../model/stage.ts';
import { literal } from '../sql/quote.ts';
import type { ExportMemory } from './export-memory.ts';

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

/** An export, and the node of the member that leaves. */
export interface Ordered {
  readonly order: Export;
  readonly source: Server;
}

export interface ExportRun extends Ordered {
  readonly path: readonly string[];
  /** All that is to be shown to readers of this table, on this node, by the same plan. */
  readonly shown: readonly Ordered[];
  readonly target: Server;
  readonly memory: ExportMemory;
  readonly queryId: string;
  /** Asked before every statement that changes anything; throws when the lock is lost. */
  readonly keepLock: () => Promise<void>;
  readonly shouldStop: () => boolean;
}

/** Sends one statement after the other to the node that gets rows, each while the lock is held. */
export type Send = (statement: string) => Promise<void>;

export function sender({ target, queryId, keepLock }: ExportRun, options: RequestOptions = {}): Send {
  let number = 0;
  return async (statement) => {
    await keepLock();
    await target.run(statement, { ...options, queryId: `${queryId}${number++}` });
  };
}

export interface Part {
  readonly path: readonly string[];
  readonly partition: string;
  readonly name: string;
  readonly hash: string;
  readonly block: number;
}

/** Active parts with rows of these partitions, in any of the tables. */
export async function readParts(
  server: Server,
  paths: readonly (readonly string[])[],
  partitions: readonly string[],
): Promise<Part[]> {
  if (partitions.length === 0) return [];
  const names = paths.map(([database = '', name = '']) => `(${literal(database)}, ${literal(name)})`);
  const rows = await server.rows<[string, string, string, string, string, string]>(
    `SELECT database, table, partition_id, name, hash_of_all_files, toString(min_block_number) FROM system.parts
     WHERE active AND rows > 0 AND (database, table) IN (${names.join(', ')})
       AND partition_id IN (${partitions.map(literal).join(', ')}) ORDER BY min_block_number`,
  );
  return rows.map(([database, table, partition, name, hash, block]) => ({
    ...{ path: [database, table], partition, name, hash, block: Number(block) },
  }));
}

/** Throws where somebody asked to stop. */
export function goOn(run: Pick<ExportRun, 'path' | 'order' | 'shouldStop'>): void {
  if (run.shouldStop()) throw new ExportError('stopped', run, 'somebody asked to stop');
}

/** The fingerprint of the partition's parts. Throws where something is still to be written into it. */
export function stillIn(
  sets: ReadonlyMap<string, TableParts>,
  run: Pick<ExportRun, 'path' | 'order'>,
): string {
  const parts = sets.get(pathKey(run.path));
  const { partition } = run.order.copy;
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
