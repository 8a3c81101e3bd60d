/** What a comparison found that no repair may touch goes in; what a person must read of it comes out. */
import type { DrPair } from '../model/dr-pair.ts';
import type { Finding } from '../model/finding.ts';
import { pathKey, showPath } from '../model/object.ts';
import type { PartitionVerdict, TableComparison } from './comparison.ts';
import type { RefusedRepair } from './plan-repairs.ts';

/** Partitions that a finding names one by one. */
const NAMED = 5;

function warning(rule: string, message: string, path: readonly string[], { place }: DrPair): Finding {
  return {
    ...{ severity: 'warning', rule: `dr-${rule.replaceAll(' ', '-')}`, message, object: pathKey(path) },
    ...(place && { place }),
  };
}

function named(partitions: readonly string[]): string {
  const more = partitions.length - NAMED;
  return `${partitions.slice(0, NAMED).join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
}

/** Hot partitions are for the next time: nothing is wrong with them. */
const LEFT: readonly PartitionVerdict[] = ['only on passive', 'pending mutations', 'not comparable'];

function tableFindings(pair: DrPair, { path, verdict, reason, partitions }: TableComparison): Finding[] {
  if (verdict !== 'compared') {
    const why = reason === '' ? verdict : `${verdict}: ${reason}`;
    return [warning(verdict, `${showPath(path)} is not repaired: ${why}`, path, pair)];
  }
  return LEFT.flatMap((left) => {
    const found = partitions.filter((one) => one.verdict === left);
    const [first] = found;
    if (!first) return [];
    const why = [left, first.reason].filter((words) => words !== '').join(': ');
    const message = `${showPath(path)}: not repaired: ${why} (partition ${named(found.map(({ partition }) => partition))})`;
    return [warning(left, message, path, pair)];
  });
}

export function verdictFindings(pair: DrPair, tables: readonly TableComparison[]): Finding[] {
  return tables.flatMap((table) => tableFindings(pair, table));
}

/** One for each table and reason. */
export function refusedFindings(pair: DrPair, refused: readonly RefusedRepair[]): Finding[] {
  const groups = new Map<string, RefusedRepair[]>();
  for (const one of refused) {
    const key = `${one.refusal} ${pathKey(one.path)}`;
    groups.set(key, [...(groups.get(key) ?? []), one]);
  }
  return [...groups.values()].flatMap((group) => {
    const [first] = group;
    if (!first) return [];
    const partitions = named(group.map(({ partition }) => partition));
    const message = `${showPath(first.path)}: not repaired now: ${first.refusal}: ${first.reason} (partition ${partitions})`;
    return [warning(first.refusal, message, first.path, pair)];
  });
}
