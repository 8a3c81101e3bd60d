/** Declarations go in; those of tables with history come out as data, and all declarations with what these are made of beside them. */
import { LANDING, type ScdTable, type ScdValidity } from '../model/scd.ts';
import { identifier } from '../sql/quote.ts';
import { checkScd, type Report, type ScdDocument } from './check-scd.ts';
import { derive } from './derive.ts';
import type { Entry } from './files.ts';
import { type ScdStorage, scdDocuments } from './scd-documents.ts';
import { bytesOf } from './sizes.ts';

/** Where it stands is known when its database is. */
export type UnplacedScd = Omit<ScdTable, 'clusters'>;

const VALIDITY: ScdValidity = {
  from: 'effective_date',
  to: 'expiry_date',
  current: 'is_current',
  hash: 'record_hash',
  version: 'record_version',
  retracted: 'is_retracted',
};

const listOf = (one: string | readonly string[] = []): readonly string[] =>
  typeof one === 'string' ? [one] : one;

function scdOf(entry: Entry): UnplacedScd {
  const {
    database,
    name,
    tenant,
    names = {},
    merge_after_load: merged,
    renamed_from: old,
    ...document
  } = entry.value as ScdDocument;
  const [key, ignored] = [listOf(document.key), listOf(document.ignored)];
  const columns = entry.keys(['columns']).map((column) => {
    const said = document.columns[column];
    return { name: column, type: (typeof said === 'string' ? said : said?.type) ?? '' };
  });
  const silent = new Set([tenant, ...key, ...ignored]);
  const tracked = columns.map((column) => column.name).filter((column) => !silent.has(column));
  return {
    database,
    name,
    names: {
      current: names.current ?? `${name}_current`,
      asOf: names.as_of ?? `${name}_as_of`,
      landing: names.landing ?? `${name}_landing`,
      quarantine: names.quarantine ?? `${name}_quarantine`,
    },
    tenant,
    key,
    tracked,
    ignored,
    columns,
    validity: { ...VALIDITY, ...document.validity },
    hash: `cityHash64(tuple(${tracked.map(identifier).join(', ')}))`,
    ...(old !== undefined && {
      renamedFrom: typeof old === 'string' ? [database, old] : [old.database, old.name],
    }),
    ...(merged !== undefined && { mergeAfterLoad: bytesOf(String(merged)) }),
    place: entry.place(['name']),
  };
}

/** Columns beside the declared ones, and the key in whose place they are named; those of loads have no such key. */
function ownColumns({ validity }: UnplacedScd): [string, string | undefined][] {
  const named = Object.entries(validity).map(([slot, name]): [string, string] => [name, slot]);
  return [...named, ...Object.values(LANDING).map((name): [string, undefined] => [name, undefined])];
}

export function expandScd(
  entries: readonly Entry[],
  report: Report,
): { entries: readonly Entry[]; tables: readonly UnplacedScd[] } {
  const tables: UnplacedScd[] = [];
  const all = entries.flatMap((entry) => {
    if (entry.kind !== 'ScdTable') return [entry];
    const table = scdOf(entry);
    checkScd(table, ownColumns(table), entry, report);
    tables.push(table);
    const { on, comment, columns, indexes, constraints, settings, lint } = entry.value as ScdStorage;
    const said = { on, comment, columns, indexes, constraints, settings, lint };
    const present = Object.fromEntries(Object.entries(said).filter(([, value]) => value !== undefined));
    const documents = scdDocuments({ ...table, clusters: new Set() }, present as unknown as ScdStorage);
    return [entry, ...documents.map((document) => derive(entry, document))];
  });
  return { entries: all, tables };
}
