/** A table goes in; the reason why two servers of different time zones would not store the same for it comes out. */
import { mentions } from '../kinds/mentions.ts';
import { bareColumn, type ComparedTable } from './compared-table.ts';

/** A moment without a zone of its own, which functions read in the zone of the server. */
const ZONELESS = /\bDateTime(?:32)?\b(?!\()|\bDateTime64\(\s*\d+\s*\)/;

/** Functions that make moments out of other things, or days out of the moment it is. */
const MOMENTS = /\b(?:now|today|yesterday|\w*DateTime\w*|\w*UnixTimestamp\w*|timezone\w*)\b/i;

/** Whether the value of an expression may depend on the server's time zone; rather once too often. */
function dependsOnZone(expression: string | undefined, table: ComparedTable): boolean {
  if (expression === undefined || bareColumn(expression) !== undefined) return false;
  if (MOMENTS.test(expression)) return true;
  return table.columns.some(({ name, type }) => ZONELESS.test(type) && mentions(expression, name));
}

/** What of the table falls out differently on servers of different time zones; undefined when nothing does. */
export function zoneDependence(table: ComparedTable): string | undefined {
  if (dependsOnZone(table.partitionBy, table)) return `the partition key (${table.partitionBy})`;
  const part = table.orderBy.find((one) => dependsOnZone(one, table));
  if (part !== undefined) return `the sorting key (${part})`;
  const column = table.columns.find(
    ({ value }) =>
      value?.startsWith('MATERIALIZED') && dependsOnZone(value.slice('MATERIALIZED '.length), table),
  );
  if (column) return `the column ${column.name} (${column.value})`;
  // Days are added to a moment, and begin, by the zone's calendar.
  const expires = table.ttl ?? table.columns.find(({ ttl }) => ttl !== undefined)?.ttl;
  return expires === undefined ? undefined : `the TTL (${expires})`;
}
