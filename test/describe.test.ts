/** What a declaration says, a kind's `describe` says again: read, described, written as YAML and read, it is the same tree. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { checkDocument } from '../src/declared/check.ts';
import { keysInOrder } from '../src/declared/marks.ts';
import type { Kind } from '../src/declared/schemas.ts';
import { type Described, writeDocument } from '../src/declared/write.ts';
import { readDocuments } from '../src/declared/yaml.ts';
import { ROOT_KINDS, rootKind } from '../src/kinds/index.ts';
import { declareSettings } from '../src/kinds/storage.ts';
import type { StateObject, Tree } from '../src/model/object.ts';
import { size } from './support/size.ts';

/** Every object that a text of YAML declares; clusters are none. */
function treesOf(text: string): Tree[] {
  const complaints: string[] = [];
  const report = (_offset: number, rule: string, message: string): void =>
    void complaints.push(`${rule} ${message}`);
  const trees = [...readDocuments(text, { left: 1000 }, report)].flatMap((document) => {
    const name = checkDocument(document, 'schemas', text, report);
    const kind = ROOT_KINDS.find(({ document }) => document === name);
    const keys = (path: readonly (string | number)[] = []) => keysInOrder(document.marks, path);
    return kind ? [kind.declare({ value: document.value, place: () => undefined, keys })] : [];
  });
  expect(complaints, text).toEqual([]);
  return trees;
}

/** `on` says where an object stands; it is no part of the object. */
const ON = { on: 'test' };

function described({ root, parts }: Tree): Described {
  const kind = rootKind(root.id.kind);
  const description = kind.describe({ root, parts });
  return { kind: kind.document as Kind, description: { ...description, ...ON } };
}

const FOLDER = import.meta.dirname;
const corpus = readdirSync(join(FOLDER, 'corpus')).flatMap((name) =>
  ['before', 'after'].map((state) => join('corpus', name, `${state}.yaml`)),
);
const authored = ['columns', 'statements', 'refused', 'access'].map((name) =>
  join('authored', `${name}.yaml`),
);

/** Where an object comes from is no part of what it is, and nothing live has it. */
function withoutOrigin({ root, parts }: Tree): Tree {
  const strip = ({ id, attributes }: StateObject): StateObject => ({ id, attributes });
  return { root: strip(root), parts: parts.map(strip) };
}

function expectSame(tree: Tree): void {
  const text = writeDocument(described(tree));
  expect(treesOf(text), text).toEqual([withoutOrigin(tree)]);
  expect(writeDocument(described(treesOf(text)[0] ?? tree)), 'the same text each time').toBe(text);
}

test('every declaration of the corpus and of the authored rows is described as it was meant', () => {
  const trees = [...corpus, ...authored].flatMap((file) => treesOf(readFileSync(join(FOLDER, file), 'utf8')));
  for (const tree of trees) expectSame(tree);
  expect(new Set(trees.map(({ root }) => root.id.kind))).toEqual(new Set(ROOT_KINDS.map(({ name }) => name)));
});

const name = fc
  .oneof(
    fc.string({ unit: 'binary', minLength: 1, maxLength: 40 }),
    fc.constantFrom(
      '<<',
      '__proto__',
      '2024',
      'null',
      '~',
      '- a',
      '%a',
      '---',
      '...',
      ' a ',
      'a: b',
      '"',
      "'",
      '#',
      '\t',
      '\r',
      '!x',
    ),
  )
  .filter((text) => !/[\0\p{Surrogate}]/u.test(text));
const text = fc.oneof(
  name,
  fc.lorem({ mode: 'sentences', maxCount: 20 }),
  fc.string({
    unit: fc.constantFrom(
      ' ',
      '\n',
      '\r',
      '\t',
      'a',
      ':',
      '#',
      '-',
      '\u2028',
      '\u0085',
      '\x7f',
      '\ufeff',
      "'",
    ),
    maxLength: 60,
  }),
);
const table = fc.record({
  database: name,
  table: name,
  comment: text,
  settings: fc.dictionary(fc.constantFrom('a', 'b.c'), text),
  columns: fc.uniqueArray(
    fc.record({
      name,
      type: text.filter((t) => t !== ''),
      comment: text,
      ttl: fc.option(
        text.filter((t) => t !== ''),
        { nil: undefined },
      ),
    }),
    {
      minLength: 1,
      maxLength: 5,
      selector: (column) => column.name,
    },
  ),
});

test('any name and any text is written so that it reads back as it was', () => {
  fc.assert(
    fc.property(table, ({ database, table, comment, settings, columns }) => {
      const description = {
        database,
        name: table,
        comment,
        settings,
        columns: new Map(columns.map(({ name, ...details }) => [name, details])),
      };
      const yaml = writeDocument({ kind: 'Table', description });
      const [tree] = treesOf(yaml);
      expect(tree?.root.id.path, yaml).toEqual([database, table]);
      expect(tree?.root.attributes.comment, yaml).toBe(comment);
      expect(tree?.root.attributes.settings, yaml).toEqual(declareSettings(settings));
      expect(
        tree?.parts.map(({ id, attributes }) => [
          id.path[2],
          attributes.type,
          attributes.comment,
          attributes.ttl,
        ]),
        yaml,
      ).toEqual(columns.map((column) => [column.name, column.type, column.comment, column.ttl]));
    }),
    { seed: 20261120, numRuns: size(300, 20_000) },
  );
});
