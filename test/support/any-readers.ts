/** A table's definition, and what it was before, go in; what reads that table comes out as documents: views, a dictionary, a buffer. */
import { identifier } from '../../src/sql/quote.ts';
import { type Column, chance, type Definition, type Draw, pick } from './any-definition.ts';

/** Name → the rest of the document. */
export type Readers = Readonly<Record<string, Readonly<Record<string, unknown>>>>;

const isReadable = ({ type, alias, ephemeral }: Column): boolean =>
  type !== undefined && alias === undefined && ephemeral === undefined && !type.startsWith('Nested');

/** What each reader reads, by the column's name at that time. */
export type Choices = Readonly<Record<'view' | 'sums' | 'lookup' | 'buffer', readonly string[]>>;

function some(draw: Draw, names: readonly string[], most: number): string[] {
  if (names.length === 0) return [];
  const picked = Array.from({ length: 1 + (chance(draw, 50) ? most - 1 : 0) }, () => pick(draw, names));
  return [...new Set(picked)];
}

const readable = ({ columns }: Definition): string[] =>
  Object.entries(columns).flatMap(([name, column]) => (isReadable(column) ? [name] : []));

export function anyChoices(draw: Draw, definition: Definition): Choices {
  const names = readable(definition);
  return {
    view: some(draw, names, 3),
    sums: some(draw, names, 1),
    lookup: some(draw, names, 2),
    buffer: some(draw, names, 3),
  };
}

/** The same columns under the names that they have now, now and then others; none where they are gone. */
export function anyOtherChoices(draw: Draw, before: Choices, after: Definition): Choices {
  const names = readable(after);
  const fresh = new Map(
    Object.entries(after.columns).map(([name, { renamed_from }]) => [renamed_from, name]),
  );
  const others = anyChoices(draw, after);
  const kept = (kind: keyof Choices): readonly string[] => {
    const now = before[kind].map((name) => fresh.get(name) ?? name).filter((name) => names.includes(name));
    return now.length > 0 && chance(draw, 70) ? now : others[kind];
  };
  return { view: kept('view'), sums: kept('sums'), lookup: kept('lookup'), buffer: kept('buffer') };
}

/** Documents of what stands around the table `any.<name>`; each is there most of the time. */
export function anyReaders(draw: Draw, name: string, definition: Definition, choices: Choices): Readers {
  const { columns } = definition;
  const readers: Record<string, Record<string, unknown>> = {};
  const list = (names: readonly string[]): string => names.map((column) => identifier(column)).join(', ');
  const typed = (names: readonly string[]) =>
    Object.fromEntries(names.map((column) => [column, columns[column]?.type ?? 'String']));
  const { view, sums, lookup, buffer } = choices;
  const where = chance(draw, 30) && view[0] ? ` WHERE toString(${list([view[0]])}) != 'x'` : '';
  if (view.length > 0 && chance(draw, 80)) {
    const query = `SELECT ${list(view)}, 1 AS one FROM any.${name}${where}`;
    readers[`${name}_v`] = {
      ...{ kind: 'View', query },
      ...(chance(draw, 30) && { columns: { ...typed(view), one: 'UInt8' } }),
    };
  }
  const [group] = sums;
  if (group !== undefined && chance(draw, 85)) {
    const label = chance(draw, 70) ? 'label' : 'name';
    readers[`${name}_to`] = {
      ...{ kind: 'Table', columns: { [label]: 'String', n: 'UInt64' } },
      ...{ engine: 'SummingMergeTree', order_by: label },
    };
    readers[`${name}_m`] = {
      ...{ kind: 'MaterializedView', to: `${name}_to`, columns: { [label]: 'String', n: 'UInt64' } },
      query: `SELECT ifNull(toString(${list([group])}), '') AS ${label}, count() AS n FROM any.${name} GROUP BY ${label}`,
    };
  }
  if (lookup.length > 0 && chance(draw, 50)) {
    const values = lookup.map((column, at) => `ifNull(toString(${list([column])}), '') AS v${at}`);
    readers[`${name}_k`] = {
      ...{ kind: 'Dictionary', primary_key: 'id', layout: 'hashed', lifetime: 300 },
      columns: { id: 'UInt64', ...Object.fromEntries(lookup.map((_column, at) => [`v${at}`, 'String'])) },
      source: {
        clickhouse: { query: `SELECT rowNumberInAllBlocks() AS id, ${values.join(', ')} FROM any.${name}` },
      },
    };
  }
  if (buffer.length > 0 && chance(draw, 40)) {
    readers[`${name}_b`] = {
      ...{ kind: 'Table', columns: typed(buffer) },
      engine: `Buffer(any, ${name}, 1, 10, 100, 1000, 10000, 100000, 1000000)`,
    };
  }
  return readers;
}
