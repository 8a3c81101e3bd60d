/** A table with history goes in; a SELECT over `{table}` of one text for every reason why its rows are no history comes out. */
import type { ScdTable } from '../model/scd.ts';
import { identifier, literal } from '../sql/quote.ts';

/** Merges keep one row of a version: of rows that claim the same one by the same right, all but one would be lost. */
export function scdProof({
  tenant,
  key,
  columns,
  validity,
}: Pick<ScdTable, 'tenant' | 'key' | 'columns' | 'validity'>): string {
  const [from, to, current, version, retracted] = [
    validity.from,
    validity.to,
    validity.current,
    validity.version,
    validity.retracted,
  ].map(identifier);
  const whose = [tenant, ...key].map(identifier).join(', ');
  const content = [...columns.map(({ name }) => identifier(name)), to, current, retracted].join(', ');
  const periods = `arraySort(groupArray((${from}, ${to})))`;
  const keys =
    `SELECT ${whose}, countIf(${current}) AS plumbline_open, ${periods} AS plumbline_periods` +
    ` FROM {table} FINAL GROUP BY ${whose}`;
  const twins =
    `SELECT ${whose}, ${from} FROM {table}` +
    ` GROUP BY ${whose}, ${from}, ${version} HAVING uniqExact(${hashOf(content)}) > 1`;
  const overlap =
    'arrayExists((one, next) -> one.2 > next.1, arrayPopBack(plumbline_periods), arrayPopFront(plumbline_periods))';
  const reason = (what: string, rows: string, where: string): string =>
    `SELECT concat(${literal(`${what}: `)}, toString(count()), ', such as ', toString(any(tuple(${whose}))))` +
    ` FROM (${rows}) WHERE ${where} HAVING count() > 0`;
  return [
    reason('keys with more than one current version', keys, 'plumbline_open > 1'),
    reason('keys with versions that hold at the same time', keys, overlap),
    reason('versions that are there twice, with other values', twins, '1'),
  ].join(' UNION ALL ');
}

const hashOf = (content: string): string => `cityHash64(tuple(${content}))`;
