/** A table of a pair as it was compared goes in; in a few words, whether its partitions are in sync comes out. */
import { isInSync, type PartitionComparison, type TableComparison } from '../dr/comparison.ts';
import type { PairStatus } from '../dr/pair-status.ts';
import { counted, formatCount } from './units.ts';
import { visible, visiblePath } from './visible.ts';

/** `11 of 12 partitions in sync · 1 different`, `structure differs`. */
export function tableWords({ verdict, partitions }: TableComparison): string {
  if (verdict !== 'compared') return verdict;
  const equal = partitions.filter((one) => one.verdict === 'equal').length;
  if (partitions.length === 0) return 'empty on both sites';
  if (equal === partitions.length) return `${counted(equal, 'partition')} in sync`;
  const others = new Map<string, number>();
  for (const { verdict } of partitions)
    if (verdict !== 'equal') others.set(verdict, (others.get(verdict) ?? 0) + 1);
  const counts = [...others].map(([verdict, count]) => `${formatCount(count)} ${verdict}`);
  return [`${formatCount(equal)} of ${counted(partitions.length, 'partition')} in sync`, ...counts].join(
    ' · ',
  );
}

/** `different: 100 rows and 99, 1 of them only on the passive site`. */
export function partitionWords(one: PartitionComparison): string {
  const { verdict, reason, active, passive, passiveOnlyRows } = one;
  const rows = active && passive ? `${counted(active.rows, 'row')} and ${formatCount(passive.rows)}` : '';
  const own = passiveOnlyRows ? `${counted(passiveOnlyRows, 'row')} only on the passive site` : '';
  const told = [rows, own, visible(reason)].filter((text) => text !== '').join('; ');
  return told === '' ? verdict : `${verdict}: ${told}`;
}

export interface ShownTable {
  /** `telemetry.measurements`, with the shard where there are several. */
  readonly name: string;
  readonly table: TableComparison;
  readonly inSync: boolean;
}

export function shownTables({ shards }: PairStatus): ShownTable[] {
  return shards.flatMap(({ shard, tables }) =>
    tables.map((table) => ({
      name: `${visiblePath(table.path)}${shards.length > 1 ? ` (shard ${shard})` : ''}`,
      table,
      inSync: isInSync(table),
    })),
  );
}
