/** What lint says of users, roles and settings profiles. */
import { expect, test } from 'vitest';
import { ROOT_KINDS } from '../src/kinds/index.ts';
import { lintEstate } from '../src/lint/lint.ts';
import type { Tree } from '../src/model/object.ts';

function treeOf(document: string, value: object): Tree {
  const kind = ROOT_KINDS.find((one) => one.document === document);
  if (!kind) throw new Error(`no kind ${document}`);
  return kind.declare({ value, place: () => undefined, keys: () => [] });
}

const rulesFor = (document: string, value: object): string[] => {
  const objects = [{ tree: treeOf(document, { name: 'x', ...value }), clusters: new Set(['test']) }];
  return lintEstate({ clusters: [], objects, prune: new Map(), pairs: [] }).map(({ rule }) => rule);
};

const SKIP = 'optimize_skip_unused_shards';
const USER = { identified: { with: 'no_password' } };

test.each([
  ['User', USER],
  ['Role', {}],
  ['SettingsProfile', {}],
])('a %s that lets queries leave out shards is told', (document, value) => {
  expect(rulesFor(document, { ...value, settings: { [SKIP]: '1' } })).toEqual(['skip-unused-shards']);
  expect(
    rulesFor(document, { ...value, settings: { [SKIP]: { value: 'true', writability: 'const' } } }),
  ).toEqual(['skip-unused-shards']);
  expect(rulesFor(document, { ...value, settings: { [SKIP]: '0', max_threads: '1' } })).toEqual([]);
  expect(rulesFor(document, { ...value, settings: { [SKIP]: { max: '0' } } })).toEqual([]);
});
