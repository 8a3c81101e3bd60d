/** Named collections: keys with values that servers never show, changed key by key. */
import type { Tree } from '../model/object.ts';
import { Cursor, ParseError } from '../sql/cursor.ts';
import { identifier, literal } from '../sql/quote.ts';
import { readAssignments, readValue, writeValue, writtenValues } from './collection-values.ts';
import { statement } from './drafts.ts';
import type { RootKind } from './kind.ts';
import {
  hasSecret,
  isHidden,
  type SecretReference,
  STALE,
  sameValue,
  secretLiteral,
  secretMark,
  secretsIn,
  suggestedSecret,
} from './secret.ts';

export type NamedCollection = Readonly<{
  /** By key: `'text'`, with `OVERRIDABLE` or `NOT OVERRIDABLE` behind it where that is said. */
  values: Readonly<Record<string, string>>;
}>;

type ValueDeclaration =
  | string
  | SecretReference
  | { readonly value?: string; readonly secret?: string; readonly overridable: boolean };

const valuesOf = (tree: Tree): NamedCollection['values'] => (tree.root.attributes as NamedCollection).values;

/** The order in which servers list the keys. */
const byName = ([a]: readonly [string, string], [b]: readonly [string, string]): number =>
  Buffer.compare(Buffer.from(a), Buffer.from(b));

function declareValue(declared: ValueDeclaration): string {
  if (typeof declared === 'string' || !('overridable' in declared)) return secretLiteral(declared);
  const { value, secret, overridable } = declared;
  const text = secretLiteral(secret === undefined ? (value ?? '') : { secret });
  return `${text} ${overridable ? 'OVERRIDABLE' : 'NOT OVERRIDABLE'}`;
}

function describeValue(sql: string, path: readonly string[]): ValueDeclaration {
  const { text, flag } = readValue(sql);
  const secret = suggestedSecret(path);
  const [only] = secretsIn(literal(text));
  const known = only !== undefined && text === secretMark(only) ? { secret: only } : text;
  const value = isHidden(text) ? { secret } : known;
  if (flag === undefined) return value;
  return { ...(typeof value === 'string' ? { value } : value), overridable: flag === 'OVERRIDABLE' };
}

const assignment = ([name, value]: readonly [string, string]): string => `${identifier(name)} = ${value}`;

function createText(tree: Tree): string {
  const list = Object.entries(valuesOf(tree)).map(assignment).join(', ');
  return `CREATE NAMED COLLECTION ${identifier(tree.root.id.path[0] ?? '')} AS ${list}`;
}

/** What a server hides is taken for equal, whatever is declared; what an apply wrote names its secrets as declarations do. */
function sameEntry(live: string | undefined, desired: string | undefined): boolean {
  if (live === undefined || desired === undefined) return false;
  const [a, b] = [readValue(live), readValue(desired)];
  const isKnown = !isHidden(a.text) && a.text !== STALE;
  return a.flag === b.flag && (isKnown ? a.text === b.text : sameValue(a.text, b.text));
}

/** By any key that there may be: an object finds something under `__proto__` where there is nothing. */
const byKey = (values: NamedCollection['values']): ReadonlyMap<string, string> =>
  new Map(Object.entries(values));

const sameFlag = (live: string, desired: string): boolean => readValue(live).flag === readValue(desired).flag;

/** The live collection with another text for each key that `textOf` has one for. */
function withTexts({ root, parts }: Tree, textOf: (key: string, text: string) => string | undefined): Tree {
  const values = Object.entries(valuesOf({ root, parts })).map(([key, value]): [string, string] => {
    const { text, flag } = readValue(value);
    const other = textOf(key, text);
    return [key, other === undefined ? value : writeValue({ text: other, flag })];
  });
  return { root: { ...root, attributes: { values: Object.fromEntries(values) } }, parts };
}

export const namedCollection: RootKind<NamedCollection> = {
  name: 'named collection',
  document: 'NamedCollection',
  attributes: {
    values: {
      change: 'alter',
      same: (live, desired) => {
        const [before, after] = [byKey(live), byKey(desired)];
        return [...before.keys(), ...after.keys()].every((key) => sameEntry(before.get(key), after.get(key)));
      },
    },
  },
  declare(declared) {
    const { name, values } = declared.value as {
      readonly name: string;
      readonly values: Readonly<Record<string, ValueDeclaration>>;
    };
    const entries = Object.entries(values).map(([key, value]): [string, string] => [
      key,
      declareValue(value),
    ]);
    const place = declared.place();
    return {
      root: {
        id: { kind: 'named collection', path: [name] },
        attributes: { values: Object.fromEntries(entries.sort(byName)) },
        ...(place && { place }),
      },
      parts: [],
    };
  },
  async read(server) {
    const rows = await server.namedCollections();
    return rows.map(({ name, statement: text }) => ({
      id: { kind: 'named collection', path: [name] },
      statement: text,
    }));
  },
  parse({ id, statement: text }) {
    if (text === '')
      throw new ParseError('it comes from the configuration files of the server; change it there');
    const cursor = new Cursor(text);
    cursor.expect('CREATE NAMED COLLECTION');
    cursor.name();
    cursor.expect('AS');
    const values = readAssignments(cursor);
    return { root: { id, attributes: { values: Object.fromEntries(values) } }, parts: [] };
  },
  normalise: async (tree) => tree,
  written(live, writes) {
    const values = writtenValues(writes);
    return withTexts(live, (key, text) => (isHidden(text) ? values.get(key) : undefined));
  },
  stale(live, desired) {
    const declared = byKey(valuesOf(desired));
    return withTexts(live, (key) => (hasSecret(declared.get(key) ?? '') ? STALE : undefined));
  },
  create: (to) => statement(createText(to)),
  alter(to, from) {
    const [before, after] = [byKey(valuesOf(from)), byKey(valuesOf(to))];
    const name = identifier(to.root.id.path[0] ?? '');
    const set = [...after].filter(([key, value]) => !sameEntry(before.get(key), value));
    // A key that is set anew keeps its old flag where none is said, so it has to go first.
    const unflagged = set.filter(([key, value]) => {
      const old = before.get(key);
      return old !== undefined && readValue(value).flag === undefined && !sameFlag(old, value);
    });
    const gone = [...before.keys()].filter((key) => !after.has(key));
    const deleted = [...gone, ...unflagged.map(([key]) => key)].map(identifier).join(', ');
    return [
      statement([
        ...(deleted ? [`ALTER NAMED COLLECTION ${name} DELETE ${deleted}`] : []),
        ...(set.length > 0 ? [`ALTER NAMED COLLECTION ${name} SET ${set.map(assignment).join(', ')}`] : []),
      ]),
    ];
  },
  drop: (from) => statement(`DROP NAMED COLLECTION ${identifier(from.root.id.path[0] ?? '')}`, 'destructive'),
  describe: (tree) => ({
    name: tree.root.id.path[0],
    values: new Map(
      Object.entries(valuesOf(tree)).map(([key, value]) => [
        key,
        describeValue(value, [...tree.root.id.path, key]),
      ]),
    ),
  }),
};
