/** Databases full of hostile names and texts: what fast-check generates, and the declarations made of it, before and after. */
import fc from 'fast-check';
import { identifier, literal, qualified } from '../../src/sql/quote.ts';
import { hostileName, hostileText } from './hostile-text.ts';

/** A text now, and what the declaration says later. */
type Changing = readonly [now: string, later: string];

export interface TableCase {
  readonly name: string;
  readonly comment: Changing;
  /** Of the sorting key, a text, an enum, an alias, a list, and one that is added later. */
  readonly columns: readonly string[];
  readonly columnComments: readonly Changing[];
  readonly text: Changing;
  readonly enumValues: readonly string[];
  readonly item: string;
  readonly checked: Changing;
  readonly index: string;
  readonly constraint: string;
  readonly projection: string;
  readonly view: {
    readonly name: string;
    readonly comment: Changing;
    readonly aliases: readonly string[];
    readonly text: Changing;
  };
  readonly materialized: {
    readonly name: string;
    readonly comment: Changing;
    readonly aliases: readonly string[];
  };
}

export interface Batch {
  readonly database: string;
  readonly comment: Changing;
  readonly tables: readonly TableCase[];
}

/** ClickHouse makes a directory of a projection's name; the product refuses the others. */
const isPlainFile = (name: string): boolean => !/[/\0]/.test(name);

const RESERVED = /^(?:system|plumbline|default|canary|information_schema)$/i;

/** Databases of so many tables, with a view and a materialized view each, of texts that pass the filter. */
export function hostileBatch(tables: number, usable: (text: string) => boolean): fc.Arbitrary<Batch> {
  const name = (most: number) => hostileName(most).filter(usable);
  const text = hostileText(200).filter(usable);
  const changing = fc.tuple(text, text);
  const unique = (most: number, length: number, maxLength = length) =>
    fc.uniqueArray(name(most), { minLength: length, maxLength });
  const tableCase = fc.record({
    comment: changing,
    columns: unique(206, 6),
    columnComments: fc.array(changing, { minLength: 6, maxLength: 6 }),
    text: changing,
    enumValues: fc.uniqueArray(text, { minLength: 2, maxLength: 3 }),
    item: text,
    checked: changing,
    index: name(206),
    constraint: name(206),
    projection: fc.oneof({ weight: 19, arbitrary: name(200).filter(isPlainFile) }, name(200)),
    view: fc.record({ comment: changing, aliases: unique(100, 2), text: changing }),
    materialized: fc.record({ comment: changing, aliases: unique(100, 2) }),
  });
  return fc
    .record({
      database: name(30).filter((one) => !RESERVED.test(one)),
      comment: changing,
      names: unique(206, tables * 3),
      cases: fc.array(tableCase, { minLength: tables, maxLength: tables }),
    })
    .map(({ names, cases, ...database }) => ({
      ...database,
      tables: cases.map((one, at) => ({
        ...one,
        name: names[at * 3] ?? '',
        view: { ...one.view, name: names[at * 3 + 1] ?? '' },
        materialized: { ...one.materialized, name: names[at * 3 + 2] ?? '' },
      })),
    }));
}

/** One document of a declaration; mappings whose keys anybody may choose are Maps. */
export type Document = Readonly<Record<string, unknown>> & { readonly kind: string; readonly name: string };

export type Stage = 'now' | 'later';

export const at = (stage: Stage, [now, later]: Changing): string => (stage === 'now' ? now : later);

export function databaseDocument(batch: Batch, stage: Stage, prune = false): Document {
  const comment = at(stage, batch.comment);
  return { kind: 'Database', name: batch.database, on: 'test', comment, ...(prune && { prune: true }) };
}

function tableDocument(database: string, one: TableCase, stage: Stage): Document {
  const [key = '', text = '', choice = '', shown = '', list = '', added = ''] = one.columns;
  const values = stage === 'now' ? one.enumValues.slice(1) : one.enumValues;
  const choices = values.map((value) => `${literal(value)} = ${one.enumValues.indexOf(value) + 1}`);
  const comments = one.columnComments.map((comment) => at(stage, comment));
  const columns = new Map<string, unknown>([
    [key, { type: 'UInt64', comment: comments[0] }],
    [text, { type: 'String', default: literal(at(stage, one.text)), comment: comments[1] }],
    [
      choice,
      {
        type: `Enum8(${choices.join(', ')})`,
        default: literal(one.enumValues[1] ?? ''),
        comment: comments[2],
      },
    ],
    [
      shown,
      { alias: `concat(${identifier(text)}, ${literal(one.item)})`, type: 'String', comment: comments[3] },
    ],
    ...(stage === 'later' ? [[added, { type: 'UInt8', comment: comments[5] }] as const] : []),
    [list, { type: 'Array(String)', default: `[${literal(one.item)}]`, comment: comments[4] }],
  ]);
  return {
    kind: 'Table',
    database,
    name: one.name,
    on: 'test',
    comment: at(stage, one.comment),
    columns,
    indexes: new Map([[one.index, { expression: identifier(text), type: 'bloom_filter' }]]),
    constraints: new Map([
      [
        one.constraint,
        { check: `(${identifier(text)} != ${literal(at(stage, one.checked))}) OR (${identifier(key)} = 1)` },
      ],
    ]),
    projections: new Map([
      [one.projection, `SELECT ${identifier(key)}, ${identifier(text)} ORDER BY ${identifier(text)}`],
    ]),
    order_by: [identifier(key)],
  };
}

/** A name of a source that no hostile name is, so that an alias called like a column hides nothing. */
const SOURCE = '_source';
const ofSource = (name: string): string => qualified([SOURCE, name]);

function viewDocument(database: string, one: TableCase, stage: Stage): Document {
  const [key = '', text = ''] = one.columns.map(ofSource);
  const [first = '', second = ''] = one.view.aliases.map(identifier);
  const value = literal(at(stage, one.view.text));
  const from = `${qualified([database, one.name])} AS ${SOURCE}`;
  const query = `SELECT ${text} AS ${first}, ${value} AS ${second} FROM ${from} WHERE ${key} != 7 OR ${text} = ${value}`;
  const comment = at(stage, one.view.comment);
  return { kind: 'View', database, name: one.view.name, on: 'test', comment, query };
}

/** Into the next table, or with storage of its own. */
function materializedDocument(
  { database }: Batch,
  one: TableCase,
  next: TableCase | undefined,
  stage: Stage,
): Document {
  const [key = '', text = ''] = one.columns.map(ofSource);
  const [first = '', second = ''] = (next ? next.columns : one.materialized.aliases).map(identifier);
  const query = `SELECT ${key} AS ${first}, ${text} AS ${second} FROM ${qualified([database, one.name])} AS ${SOURCE}`;
  const where = next ? { to: { database, name: next.name } } : { engine: 'MergeTree', order_by: [first] };
  const comment = at(stage, one.materialized.comment);
  return {
    kind: 'MaterializedView',
    database,
    name: one.materialized.name,
    on: 'test',
    comment,
    query,
    ...where,
  };
}

/** The documents of each table: itself, its view, and its materialized view, which reads it and may write to the next table. */
export function batchDocuments(batch: Batch, stage: Stage): Document[] {
  return batch.tables.flatMap((one, at) => [
    tableDocument(batch.database, one, stage),
    viewDocument(batch.database, one, stage),
    materializedDocument(batch, one, at % 2 === 0 ? undefined : batch.tables[at + 1], stage),
  ]);
}

/** How many hostile texts a case is made of. */
export function textsIn(value: unknown): number {
  if (typeof value === 'string') return value === '' ? 0 : 1;
  return typeof value === 'object' && value !== null
    ? Object.values(value).reduce<number>((sum, part) => sum + textsIn(part), 0)
    : 0;
}
