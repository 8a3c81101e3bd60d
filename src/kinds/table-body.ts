/** The parenthesised list of a CREATE TABLE: columns, indexes, constraints and projections as parts of their table. */
import type { Attributes, ObjectId, StateObject } from '../model/object.ts';
import { Cursor } from '../sql/cursor.ts';
import { identifier } from '../sql/quote.ts';
import { type Column, declareColumn, describeColumn, readColumn, writeColumn } from './column-text.ts';
import {
  type Constraint,
  declareConstraint,
  describeConstraint,
  readConstraint,
  writeConstraint,
} from './constraint.ts';
import type { Declared, Description } from './kind.ts';
import {
  declareProjection,
  describeProjection,
  type Projection,
  readProjection,
  writeProjection,
} from './projection.ts';
import { said } from './said.ts';
import { declareIndex, describeIndex, readIndex, type SkippingIndex, writeIndex } from './skipping-index.ts';

/** How each kind of part stands in the list: its word, its reader and its writer. */
const WRITERS: Readonly<Record<string, { word: string; write(attributes: Attributes): string }>> = {
  column: { word: '', write: (attributes) => writeColumn(attributes as Column) },
  index: { word: 'INDEX ', write: (attributes) => writeIndex(attributes as SkippingIndex) },
  constraint: { word: 'CONSTRAINT ', write: (attributes) => writeConstraint(attributes as Constraint) },
  projection: { word: 'PROJECTION ', write: (attributes) => writeProjection(attributes as Projection) },
};

const READERS: readonly [word: string, kind: string, read: (cursor: Cursor) => Attributes][] = [
  ['INDEX', 'index', readIndex],
  ['CONSTRAINT', 'constraint', readConstraint],
  ['PROJECTION', 'projection', readProjection],
];

function part(table: ObjectId, kind: string, name: string, attributes: Attributes): StateObject {
  return { id: { kind, path: [...table.path, name] }, attributes };
}

/** Reads what stands between the parentheses of a canonical CREATE TABLE. */
export function readBody(body: string, table: ObjectId): StateObject[] {
  const cursor = new Cursor(body);
  const parts: StateObject[] = [];
  do {
    const reader = READERS.find(([word]) => cursor.takes(word));
    const name = cursor.name();
    parts.push(part(table, reader?.[1] ?? 'column', name, (reader?.[2] ?? readColumn)(cursor)));
  } while (cursor.takes(','));
  if (!cursor.ended) cursor.fail('`,`');
  return parts;
}

/** Writes the list, without its parentheses. */
export function writeBody(parts: readonly StateObject[]): string {
  return parts
    .map((one) => {
      const writer = WRITERS[one.id.kind];
      return `${writer?.word}${identifier(one.id.path.at(-1) ?? '')} ${writer?.write(one.attributes)}`.trimEnd();
    })
    .join(', ');
}

interface BodyDeclaration {
  readonly columns?: Readonly<Record<string, Parameters<typeof declareColumn>[0]>>;
  readonly indexes?: Readonly<Record<string, Parameters<typeof declareIndex>[0]>>;
  readonly projections?: Readonly<Record<string, Parameters<typeof declareProjection>[0]>>;
  readonly constraints?: Readonly<Record<string, Parameters<typeof declareConstraint>[0]>>;
}

/** The declared parts, each with the place of its key. */
export function declareBody(value: BodyDeclaration, declared: Declared, table: ObjectId): StateObject[] {
  const parts = <V>(
    key: keyof BodyDeclaration,
    kind: string,
    declare: (value: V) => Attributes,
  ): StateObject[] =>
    declared.keys([key]).map((name) => {
      const place = declared.place([key, name]);
      const entry = ((value[key] ?? {}) as Record<string, V>)[name] as V;
      const old = (entry as { renamed_from?: string }).renamed_from;
      return {
        ...part(table, kind, name, declare(entry)),
        ...(place && { place }),
        ...(old !== undefined && { renamedFrom: [...table.path, old] }),
      };
    });
  return [
    ...parts('columns', 'column', declareColumn),
    ...parts('indexes', 'index', declareIndex),
    ...parts('constraints', 'constraint', declareConstraint),
    ...parts('projections', 'projection', declareProjection),
  ];
}

/** What {@link declareBody} reads: mappings by name that keep the order of the parts. */
export function describeBody(parts: readonly StateObject[]): Description {
  const described = (kind: string, describe: (attributes: never) => unknown) => {
    const ofKind = parts.filter(({ id }) => id.kind === kind);
    return ofKind.length === 0
      ? undefined
      : new Map(ofKind.map(({ id, attributes }) => [id.path.at(-1), describe(attributes as never)]));
  };
  return said({
    columns: described('column', describeColumn),
    indexes: described('index', describeIndex),
    projections: described('projection', describeProjection),
    constraints: described('constraint', describeConstraint),
  });
}
