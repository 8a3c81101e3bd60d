/**
 * A table that a killed repair left goes in; whether the passive site was killed in the midst of the swap comes out. ClickHouse
 * adds the new parts to the partition before it covers the old ones: killed in between, it shows both when it is started again.
 */
import type { Server } from '../live/server.ts';
import { ServerError } from '../live/server.ts';
import type { Tree } from '../model/object.ts';
import type { Repair } from '../model/repair.ts';
import type { PartitionVerdict, TableComparison } from './comparison.ts';
import { add, NOTHING, type Sum } from './digests.ts';
import { type RepairScope, repairOf } from './plan-repairs.ts';
import { digestSql, REPLACED, stagingOf, stagingPath } from './repair-sql.ts';
import { exactly, readSiteFacts, type SiteFacts, soon } from './site.ts';

/** A table in which a partition was put together, as it says itself. */
export interface LeftStaging {
  readonly name: string;
  readonly comment: string;
}

/** So often a swap is looked for that was begun, and cut short again. */
const MOST_SWAPS = 3;

/** What the partition had when it was compared; undefined where the table does not say so. */
function replacedRows({ comment }: LeftStaging): Sum | undefined {
  const [, rows, sum, xor] = REPLACED.exec(comment) ?? [];
  if (rows === undefined) return undefined;
  return { ...NOTHING, rows: Number(rows), sum: BigInt(`0x${sum}`), xor: BigInt(`0x${xor}`) };
}

async function read(server: Server, facts: SiteFacts, path: readonly string[], repair: Repair): Promise<Sum> {
  const [row] = await server.rows<[string, string, string]>(
    digestSql(path, repair, soon([facts, facts])),
    exactly(facts),
  );
  const [rows = '0', sum = '0', xor = '0'] = row ?? [];
  return { ...NOTHING, rows: Number(rows), sum: BigInt(sum), xor: BigInt(xor) };
}

const isSame = (a: Sum, b: Sum): boolean => a.rows === b.rows && a.sum === b.sum && a.xor === b.xor;

/**
 * Whether the partition holds exactly the rows that were to be replaced and those that were put together in their place. Engines
 * that merge rows make one of both, or add them up: there the sites are compared as they are.
 */
async function isCutShort(
  target: Server,
  facts: SiteFacts,
  path: readonly string[],
  repair: Repair,
  left: LeftStaging,
): Promise<boolean> {
  const before = replacedRows(left);
  if (before === undefined || before.rows === 0 || repair.final) return false;
  try {
    const [now, staged] = await Promise.all(
      [path, stagingPath(left.name)].map((one) => read(target, facts, one, repair)),
    );
    if (!now || !staged || staged.rows === 0) return false;
    let shown = before;
    for (let swap = 0; swap < MOST_SWAPS; swap++) {
      shown = add(shown, staged);
      if (isSame(shown, now)) return true;
    }
    return false;
  } catch (error) {
    // It may have been of another structure.
    if (error instanceof ServerError && error.code !== undefined) return false;
    throw error;
  }
}

/** The ids of the partitions of a compared table whose swap a kill cut short. */
export async function cutShort(
  target: Server,
  { path, partitions }: TableComparison,
  tree: Tree,
  scope: RepairScope,
  left: readonly LeftStaging[],
): Promise<ReadonlySet<string>> {
  const found = new Set<string>();
  if (left.length === 0) return found;
  const facts = await readSiteFacts({ server: target });
  for (const compared of partitions) {
    if (compared.verdict !== 'different' && compared.verdict !== 'only on passive') continue;
    const repair = repairOf(tree, compared, scope);
    const one = left.find(({ name }) => name === repair.staging);
    if (one && (await isCutShort(target, facts, path, repair, one))) found.add(compared.partition);
  }
  return found;
}

/** Only of these is it known what they have become: all others may still be what is left of a swap. */
const JUDGED: readonly PartitionVerdict[] = ['equal', 'different', 'missing on passive', 'only on passive'];

/**
 * The names of those tables that nothing needs any more, given the compared tables without what was cut short: each belongs to a
 * partition that was looked at, or to none that the passive site still has.
 */
export async function idle(
  target: Server,
  tables: readonly TableComparison[],
  left: readonly LeftStaging[],
): Promise<readonly string[]> {
  if (left.length === 0) return [];
  const judged = tables.flatMap(({ path, partitions }) =>
    partitions.flatMap(({ partition, verdict }) =>
      JUDGED.includes(verdict) ? [stagingOf(path, partition)] : [],
    ),
  );
  const rows = await target.rows<[string, string, string]>(
    'SELECT DISTINCT database, table, partition_id FROM system.parts WHERE active',
  );
  const needed = new Set(rows.map(([database, table, partition]) => stagingOf([database, table], partition)));
  for (const name of judged) needed.delete(name);
  return left.flatMap(({ name }) => (needed.has(name) ? [] : [name]));
}
