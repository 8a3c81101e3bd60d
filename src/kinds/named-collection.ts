/** Named collections: keys with values that servers never show, changed key by key. */
import type { Tree } from '../model/object.ts';
import { Cursor, ParseError } from '../sql/cursor.ts';
import { identifier, unquote } from '../sql/quote.ts';
import { statement } from './drafts.ts';
import type { RootKind } from './kind.ts';
import { isHidden, type SecretReference, sameValue, secretLiteral, suggestedSecret } from './secret.ts';

export type NamedCollection = Readonly<{
  /** By key: `'text'`, with `OVERRIDABLE` or `NOT OVERRIDABLE` behind it where that is said. */
  values: Readonly<Record<string, string>>;
}>;

type ValueDeclaration =
  | string
  | SecretReference
  | { readonly value?: string; readonly secret?: string; readonly overridable: boolean };

const FLAGS = ['NOT OVERRIDABLE', 'OVERRIDABLE'] as const;

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

interface Value {
  readonly text: string;
  readonly flag: (typeof FLAGS)[number] | undefined;
}

function readValue(sql: string): Value {
  const cursor = new Cursor(sql);
  const value = cursor.expression(() => true);
  const flag = FLAGS.find((words) => cursor.takes(words));
  if (!cursor.ended) cursor.fail('the end');
  return { text: value.startsWith("'") ? unquote(value) : value, flag };
}

function describeValue(sql: string, path: readonly string[]): ValueDeclaration {
  const { text, flag } = readValue(sql);
  const secret = suggestedSecret(path);
  const value = isHidden(text) ? { secret } : text;
  if (flag === undefined) return value;
  return { ...(typeof value === 'string' ? { value } : value), overridable: flag === 'OVERRIDABLE' };
}

const assignment = ([name, value]: readonly [string, string]): string => `${identifier(name)} = ${value}`;

function createText(tree: Tree): string {
  const list = Object.entries(valuesOf(tree)).map(assignment).join(', ');
  return `CREATE NAMED COLLECTION ${identifier(tree.root.id.path[0] ?? '')} AS ${list}`;
}

/** What a server hides is taken for equal, whatever is declared. */
function sameEntry(live: string | undefined, desired: string | undefined): boolean {
  if (live === undefined || desired === undefined) return false;
  const [a, b] = [readValue(live), readValue(desired)];
  return a.flag === b.flag && sameValue(a.text, b.text);
}

/** By any key that there may be: an object finds something under `__proto__` where there is nothing. */
const byKey = (values: NamedCollection['values']): ReadonlyMap<string, string> =>
  new Map(Object.entries(values));

const sameFlag = (live: string, desired: string): boolean => readValue(live).flag === readValue(desired).flag;

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
    const values: [string, string][] = [];
    do {
      const key = cursor.name();
      cursor.expect('=');
      const value = cursor.expression(() => true);
      const flag = FLAGS.find((words) => cursor.takes(words));
      values.push([key, flag ? `${value} ${flag}` : value]);
    } while (cursor.takes(','));
    if (!cursor.ended) cursor.fail('the end');
    return { root: { id, attributes: { values: Object.fromEntries(values) } }, parts: [] };
  },
  normalise: async (tree) => tree,
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
