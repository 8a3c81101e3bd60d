/** Dictionaries: declared with structured columns, source and layout; created anew in one statement whenever they change. */
import type { ObjectId, Tree } from '../model/object.ts';
import { Cursor } from '../sql/cursor.ts';
import { identifier, literal, qualified } from '../sql/quote.ts';
import {
  type AttributesDeclaration,
  declareAttributes,
  describeAttributes,
  readAttributes,
  writeAttributes,
} from './dictionary-attribute.ts';
import { declareNamed, describeNamed, sameNamed, staleNamed } from './dictionary-parameters.ts';
import { clause, RANK, statement } from './drafts.ts';
import type { Description, RootKind } from './kind.ts';
import { declareRename, renameStatement } from './rename.ts';
import { said } from './said.ts';
import { declareSettings, describeSettings, readSettings, settingsText } from './storage.ts';
import { sameSettings } from './table-engine.ts';

export type Dictionary = Readonly<{
  /** Names of key columns as SQL: `` `a`, `b` ``. */
  primaryKey: string;
  /** `CLICKHOUSE(DB 'shop' TABLE 't')` */
  source: string | undefined;
  /** `MIN 0 MAX 300`, in seconds. */
  lifetime: string | undefined;
  layout: string | undefined;
  /** ``MIN `from` MAX `to` `` */
  range: string | undefined;
  settings: Readonly<Record<string, string>>;
  comment: string;
}>;

type NamedDeclaration = Parameters<typeof declareNamed>[0];

type DictionaryDeclaration = AttributesDeclaration & {
  readonly database: string;
  readonly name: string;
  readonly primary_key: string | readonly string[];
  readonly source: NamedDeclaration;
  readonly layout: NamedDeclaration;
  readonly lifetime?: string | number | { readonly min?: number; readonly max: number };
  readonly range?: Range;
  readonly settings?: Readonly<Record<string, string>>;
  readonly comment?: string;
};

const attributesOf = (tree: Tree): Dictionary => tree.root.attributes as Dictionary;

function createText(start: string, tree: Tree): string {
  const { primaryKey, source, lifetime, layout, range, settings, comment } = attributesOf(tree);
  const set = settingsText(settings);
  return [
    `${start} ${qualified(tree.root.id.path)} (${writeAttributes(tree.parts)})`,
    `PRIMARY KEY ${primaryKey}`,
    source && `SOURCE(${source})`,
    lifetime && `LIFETIME(${lifetime})`,
    layout && `LAYOUT(${layout})`,
    range && `RANGE(${range})`,
    set && `SETTINGS(${set})`,
    comment && `COMMENT ${literal(comment)}`,
  ]
    .filter(Boolean)
    .join(' ');
}

interface Range {
  readonly min: string;
  readonly max: string;
}

const rangeText = ({ min, max }: Range): string => `MIN ${identifier(min)} MAX ${identifier(max)}`;

function readRange(text: string): Range {
  const cursor = new Cursor(text);
  cursor.expect('MIN');
  const min = cursor.name();
  cursor.expect('MAX');
  return { min, max: cursor.name() };
}

function readNames(cursor: Cursor): string[] {
  const names: string[] = [];
  do names.push(cursor.name());
  while (cursor.takes(','));
  return names;
}

function readDictionary(text: string, id: ObjectId): Tree {
  const cursor = new Cursor(text);
  cursor.expect('CREATE DICTIONARY');
  cursor.path();
  if (cursor.takes('UUID')) cursor.string();
  const parts = readAttributes(cursor.parenthesized(), id);
  const inParentheses = (word: string): string | undefined =>
    cursor.takes(word) ? cursor.parenthesized() : undefined;
  cursor.expect('PRIMARY KEY');
  const keys = readNames(cursor);
  const source = inParentheses('SOURCE');
  const lifetime = inParentheses('LIFETIME');
  const layout = inParentheses('LAYOUT');
  const range = inParentheses('RANGE');
  const settings = inParentheses('SETTINGS');
  const comment = cursor.takes('COMMENT') ? cursor.string() : '';
  if (!cursor.ended) cursor.fail('the end');
  const attributes: Dictionary = {
    primaryKey: keys.map(identifier).join(', '),
    source,
    lifetime,
    layout,
    range: range && rangeText(readRange(range)),
    settings: settings === undefined ? {} : readSettings(new Cursor(settings)),
    comment,
  };
  return { root: { id, attributes }, parts };
}

function lifetimeText(lifetime: DictionaryDeclaration['lifetime']): string | undefined {
  if (lifetime === undefined) return undefined;
  if (typeof lifetime !== 'object') return `MIN 0 MAX ${lifetime}`;
  return `MIN ${lifetime.min ?? 0} MAX ${lifetime.max}`;
}

function describeLifetime(lifetime: string): number | { readonly min: number; readonly max: number } {
  const [, min, max] = /^MIN (\d+) MAX (\d+)$/.exec(lifetime) ?? [];
  return Number(min) === 0 ? Number(max) : { min: Number(min), max: Number(max) };
}

export const dictionary: RootKind<Dictionary> = {
  name: 'dictionary',
  document: 'Dictionary',
  attributes: {
    primaryKey: 'replace',
    source: { change: 'replace', same: sameNamed },
    lifetime: 'replace',
    layout: { change: 'replace', same: sameNamed },
    range: 'replace',
    settings: { change: 'replace', same: sameSettings },
    comment: 'alter',
  },
  declare(declared) {
    const value = declared.value as DictionaryDeclaration;
    const id = { kind: 'dictionary', path: [value.database, value.name] };
    const place = declared.place();
    const attributes: Dictionary = {
      primaryKey: [value.primary_key].flat().map(identifier).join(', '),
      source: declareNamed(value.source),
      lifetime: lifetimeText(value.lifetime),
      layout: declareNamed(value.layout),
      range: value.range && rangeText(value.range),
      settings: declareSettings(value.settings),
      comment: value.comment ?? '',
    };
    const root = { id, attributes, ...(place && { place }), ...declareRename(value) };
    return { root, parts: declareAttributes(declared, id) };
  },
  async read(server) {
    const rows = await server.tables();
    return rows
      .filter((row) => row.statement.startsWith('CREATE DICTIONARY '))
      .map((row) => ({
        id: { kind: 'dictionary', path: [row.database, row.name] },
        statement: row.statement,
      }));
  },
  parse: (live) => readDictionary(live.statement, live.id),
  // A dictionary can't be temporary, but its types can be tried out; servers store the rest as they format it.
  async normalise(tree, server) {
    const types = tree.parts.map(
      ({ id, attributes }) => `${identifier(id.path.at(-1) ?? '')} ${attributes.type}`,
    );
    const [text] = await Promise.all([
      server.format(createText('CREATE DICTIONARY', tree)),
      server.table((name) => `CREATE TEMPORARY TABLE ${name} (${types.join(', ')}) ENGINE = Null`),
    ]);
    return readDictionary(text, tree.root.id);
  },
  stale: ({ root, parts }) => ({
    root: {
      ...root,
      attributes: { ...root.attributes, source: staleNamed(attributesOf({ root, parts }).source) },
    },
    parts,
  }),
  create: (to) => statement(createText('CREATE DICTIONARY', to)),
  alter: (to) => [clause(`MODIFY COMMENT ${literal(attributesOf(to).comment)}`, RANK.comment)],
  rename: (to, from) => renameStatement('DICTIONARY', to, from),
  drop: (from) => statement(`DROP DICTIONARY ${qualified(from.root.id.path)}`, 'destructive'),
  // It holds no rows of its own: they are read again from the source.
  replace: (to) => statement(createText('CREATE OR REPLACE DICTIONARY', to)),
  describe({ root, parts }): Description {
    const { primaryKey, source, lifetime, layout, range, settings, comment } = root.attributes as Dictionary;
    const { path } = root.id;
    const keys = readNames(new Cursor(primaryKey));
    return said({
      database: path[0],
      name: path[1],
      comment: comment || undefined,
      columns: describeAttributes(parts),
      primary_key: keys.length === 1 ? keys[0] : keys,
      source: describeNamed(source ?? '', path),
      layout: describeNamed(layout ?? '', path),
      lifetime: lifetime && describeLifetime(lifetime),
      range: range && readRange(range),
      settings: describeSettings(settings),
    });
  },
};
