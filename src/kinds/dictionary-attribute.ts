/** Columns of a dictionary's keys and attributes: whatever changes about them, the dictionary is created anew. */
import type { ObjectId, StateObject } from '../model/object.ts';
import { Cursor } from '../sql/cursor.ts';
import { identifier } from '../sql/quote.ts';
import type { Declared, PartKind } from './kind.ts';

export type DictionaryAttribute = Readonly<{
  type: string;
  default: string | undefined;
  expression: string | undefined;
  /** `HIERARCHICAL INJECTIVE`, in the order in which servers write them. */
  flags: string | undefined;
}>;

const FLAGS = ['HIERARCHICAL', 'BIDIRECTIONAL', 'INJECTIVE', 'IS_OBJECT_ID'] as const;

type Flag = Lowercase<(typeof FLAGS)[number]>;

type AttributeDeclaration =
  | string
  | ({ readonly type: string; readonly default?: string; readonly expression?: string } & Readonly<
      Partial<Record<Flag, boolean>>
    >);

export interface AttributesDeclaration {
  readonly columns: Readonly<Record<string, AttributeDeclaration>>;
}

function attributeOf(dictionary: ObjectId, name: string, attributes: DictionaryAttribute): StateObject {
  return { id: { kind: 'attribute', path: [...dictionary.path, name] }, attributes };
}

export function declareAttributes(declared: Declared, dictionary: ObjectId): StateObject[] {
  const { columns } = declared.value as AttributesDeclaration;
  return declared.keys(['columns']).map((name) => {
    const entry = columns[name] ?? '';
    const value = typeof entry === 'string' ? { type: entry } : entry;
    const flags = FLAGS.filter((flag) => value[flag.toLowerCase() as Flag]).join(' ');
    const place = declared.place(['columns', name]);
    const attributes = {
      type: value.type,
      default: value.default,
      expression: value.expression,
      flags: flags || undefined,
    };
    return { ...attributeOf(dictionary, name, attributes), ...(place && { place }) };
  });
}

/** Reads what stands between the parentheses of a canonical CREATE DICTIONARY. */
export function readAttributes(body: string, dictionary: ObjectId): StateObject[] {
  const cursor = new Cursor(body);
  const clauseBegins = (): boolean =>
    cursor.sees('DEFAULT') || cursor.sees('EXPRESSION') || FLAGS.some((flag) => cursor.sees(flag));
  const parts: StateObject[] = [];
  do {
    const name = cursor.name();
    const type = cursor.expression(clauseBegins);
    const value = cursor.takes('DEFAULT') ? cursor.expression(clauseBegins) : undefined;
    const expression = cursor.takes('EXPRESSION') ? cursor.expression(clauseBegins) : undefined;
    const flags = FLAGS.filter((flag) => cursor.takes(flag)).join(' ') || undefined;
    parts.push(attributeOf(dictionary, name, { type, default: value, expression, flags }));
  } while (cursor.takes(','));
  if (!cursor.ended) cursor.fail('`,`');
  return parts;
}

/** Writes the list, without its parentheses. */
export function writeAttributes(parts: readonly StateObject[]): string {
  return parts
    .map(({ id, attributes }) => {
      const { type, default: value, expression, flags } = attributes as DictionaryAttribute;
      return [
        identifier(id.path.at(-1) ?? ''),
        type,
        value !== undefined && `DEFAULT ${value}`,
        expression !== undefined && `EXPRESSION ${expression}`,
        flags,
      ]
        .filter(Boolean)
        .join(' ');
    })
    .join(', ');
}

/** The attributes as a declaration says them: a type alone, or its details. */
export function describeAttributes(parts: readonly StateObject[]): ReadonlyMap<string, unknown> {
  return new Map(
    parts.map(({ id, attributes }) => {
      const { type, default: value, expression, flags } = attributes as DictionaryAttribute;
      const details = {
        ...(value !== undefined && { default: value }),
        ...(expression !== undefined && { expression }),
        ...Object.fromEntries((flags?.split(' ') ?? []).map((flag) => [flag.toLowerCase(), true])),
      };
      return [id.path.at(-1) ?? '', Object.keys(details).length > 0 ? { type, ...details } : type];
    }),
  );
}

export const dictionaryAttribute: PartKind<DictionaryAttribute> = {
  name: 'attribute',
  inside: 'dictionary',
  ordered: true,
  attributes: { type: 'alter', default: 'alter', expression: 'alter', flags: 'alter' },
  create: () => ['replace'],
  alter: () => ['replace'],
  drop: () => ['replace'],
};
