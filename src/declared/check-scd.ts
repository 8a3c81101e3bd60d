/** A declared table with history goes in; what doesn't fit in it is reported: columns that are not there, keys that can be NULL. */
import { isNullable, typeOf, unwrap } from '../kinds/type-change.ts';
import type { Place } from '../model/place.ts';
import type { ScdTable } from '../model/scd.ts';
import { ParseError } from '../sql/cursor.ts';
import { TokenError } from '../sql/tokens.ts';
import type { Entry } from './files.ts';
import type { Path } from './marks.ts';
import { didYouMean } from './messages.ts';
import { CONSTRAINTS } from './scd-documents.ts';

export type Report = (rule: string, message: string, place: Place) => void;

type ColumnDocument = string | { readonly type?: string; readonly [key: string]: unknown };

export interface ScdDocument {
  readonly database: string;
  readonly name: string;
  readonly tenant: string;
  readonly key: string | readonly string[];
  readonly ignored?: string | readonly string[];
  readonly columns: Readonly<Record<string, ColumnDocument>>;
  readonly constraints?: Readonly<Record<string, unknown>>;
  readonly merge_after_load?: string | number;
  readonly renamed_from?: string | { readonly database: string; readonly name: string };
  readonly validity?: Readonly<Record<string, string>>;
  readonly names?: { readonly [K in 'current' | 'as_of' | 'landing' | 'quarantine']?: string };
}

type Scd = Omit<ScdTable, 'clusters'>;

const COMPUTED = ['materialized', 'alias', 'ephemeral'] as const;

/** Text that is no type is told of by the server that would have to take it. */
function about<T>(type: string, ask: (type: string) => T): T | undefined {
  try {
    return ask(type);
  } catch (error) {
    if (error instanceof ParseError || error instanceof TokenError) return undefined;
    throw error;
  }
}

/** The places of the names in a key that is one name or a list. */
function namesAt(entry: Entry, key: 'tenant' | 'key' | 'ignored'): [string, Path][] {
  const said = (entry.value as ScdDocument)[key] ?? [];
  return typeof said === 'string' ? [[said, [key]]] : said.map((name, at) => [name, [key, at]]);
}

function checkNames({ columns, name: table }: Scd, entry: Entry, report: Report): void {
  const types = new Map(columns.map(({ name, type }) => [name, type]));
  const seen = new Map<string, string>();
  for (const slot of ['tenant', 'key', 'ignored'] as const) {
    for (const [name, path] of namesAt(entry, slot)) {
      const place = entry.place(path);
      const type = types.get(name);
      const other = seen.get(name);
      seen.set(name, slot);
      if (type === undefined) {
        const hint = didYouMean(name, [...types.keys()]);
        report('unknown-column', `\`${table}\` declares no column \`${name}\`${hint}`, place);
      } else if (other !== undefined) {
        const message = `\`${name}\` already stands under \`${other}\`; a column is the tenant, in the key, or ignored`;
        report('column-twice', message, place);
      } else if (slot !== 'ignored' && about(type, isNullable)) {
        const message = `\`${name}\` is ${type}, but ${slot === 'tenant' ? 'the tenant' : 'a key'} is never NULL: rows are found by it; take its Nullable away`;
        report('nullable-key', message, place);
      }
    }
  }
}

function checkColumns({ columns }: Scd, entry: Entry, report: Report): void {
  const { columns: said } = entry.value as ScdDocument;
  for (const { name, type } of columns) {
    const column = said[name];
    const place = entry.keyPlace(['columns', name]);
    const computed = COMPUTED.find((form) => typeof column === 'object' && form in column);
    if (computed !== undefined) {
      const message = `\`${name}\` can't be \`${computed}\`: loads write every column of a table with history; declare it in a view`;
      report('computed-column', message, place);
    } else if (type === '') {
      report('missing-key', `\`${name}\` needs a \`type\`: loads convert values to it`, place);
    } else if (about(type, (text) => typeOf(text).name) === 'Nested') {
      const message = `\`${name}\` is Nested, which ClickHouse keeps as several columns; make it an Array of Tuple`;
      report('nested-column', message, place);
    } else if (
      about(type, (text) => typeOf(unwrap(text, ['LowCardinality'])).name)?.endsWith('AggregateFunction')
    ) {
      const message = `\`${name}\` holds states of an aggregate function, and no load can tell whether those changed`;
      report('state-column', message, place);
    }
  }
}

/** `own` are the columns that the table gets by itself, with the key under `validity` that names them. */
function checkOwn(
  { columns }: Scd,
  own: readonly (readonly [string, string | undefined])[],
  entry: Entry,
  report: Report,
): void {
  const declared = new Set(columns.map(({ name }) => name));
  const taken = new Map([...declared].map((name) => [name, 'is a declared column']));
  for (const [name, slot] of own) {
    const other = taken.get(name);
    const place = declared.has(name)
      ? entry.keyPlace(['columns', name])
      : entry.place(['validity', slot ?? '']);
    if (other !== undefined) {
      const right =
        slot === undefined ? 'give yours another name' : `name another under \`validity.${slot}\``;
      const whose = slot === undefined ? 'every load' : 'the history';
      report('column-taken', `\`${name}\` ${other}, and a column that ${whose} needs; ${right}`, place);
    }
    if (slot !== undefined) taken.set(name, 'stands twice under `validity`');
  }
  for (const name of CONSTRAINTS) {
    if (name in ((entry.value as ScdDocument).constraints ?? {})) {
      const message = `a table with history has a constraint \`${name}\` of its own; give yours another name`;
      report('constraint-taken', message, entry.keyPlace(['constraints', name]));
    }
  }
}

const MOST_BYTES = 206;

function checkLengths({ names, name }: Scd, entry: Entry, report: Report): void {
  for (const [slot, made] of Object.entries({
    current: names.current,
    as_of: names.asOf,
    landing: names.landing,
    quarantine: names.quarantine,
  })) {
    if (Buffer.byteLength(made) <= MOST_BYTES) continue;
    const message = `\`${name}\` and what goes behind it are longer than ${MOST_BYTES} bytes; write a shorter one under \`names.${slot}\``;
    report('too-long', message, entry.place(['name']));
  }
}

export function checkScd(
  table: Scd,
  own: readonly (readonly [string, string | undefined])[],
  entry: Entry,
  report: Report,
): void {
  checkNames(table, entry, report);
  checkColumns(table, entry, report);
  checkOwn(table, own, entry, report);
  checkLengths(table, entry, report);
}
