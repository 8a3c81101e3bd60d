/** Every statement that is written for access objects is one that a real server reads, whatever they are called. */
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { granteeOf, grantId, grantOf } from '../src/kinds/grant-form.ts';
import { ROOT_KINDS } from '../src/kinds/index.ts';
import type { Normaliser, RootKind } from '../src/kinds/kind.ts';
import { abilitiesByClass } from '../src/live/abilities.ts';
import { authoredText } from '../src/live/desired.ts';
import { normaliserOf } from '../src/live/normalise.ts';
import { readFacts } from '../src/live/read.ts';
import type { Tree } from '../src/model/object.ts';
import { lazyRoot, type Root, stateOf } from '../src/model/state.ts';
import { ParseError } from '../src/sql/cursor.ts';
import { ACCESS_DOCUMENTS } from './support/access-declarations.ts';
import { misunderstood } from './support/misunderstood.ts';
import { size } from './support/size.ts';
import { startTestEstate, type TestEstate } from './support/test-estate.ts';

const SECRETS: Readonly<Record<string, string>> = {
  A_PASSWORD: "it's \\ a secret",
  HEX_64: 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
  HEX_40: 'e395796d6546b1b65db9d665cd43f0e858dd4303',
  BCRYPT: '$2a$12$abcdefghijklmnopqrstuuWpYyjvKSM4gFyWXFF4a9bQJIrOZ3yFe',
};

/** Pairs of declarations that are tried at the same time. */
const AT_ONCE = 8;

let estate: TestEstate;
let normaliser: Normaliser;
beforeAll(async () => {
  estate = await startTestEstate();
  const [server] = estate.sql;
  if (!server) throw new Error('no server');
  const facts = await readFacts(server, 10_000);
  normaliser = normaliserOf(server, facts, [], abilitiesByClass()('test', server), { as: 'plain' });
});
afterAll(() => estate?.stop());

function kindOf(document: string): RootKind {
  const kind = ROOT_KINDS.find((one) => one.document === document);
  if (!kind) throw new Error(`no kind ${document}`);
  return kind;
}

/** Undefined for what is refused before a statement is written. */
async function treeOf(kind: RootKind, value: object): Promise<Tree | undefined> {
  try {
    const tree = kind.declare({ value, place: () => undefined, keys: () => [] });
    return await kind.normalise(tree, normaliser);
  } catch (error) {
    if (error instanceof ParseError) return undefined;
    throw error;
  }
}

const rootOf = (tree: Tree): Root => lazyRoot(tree.root.id, authoredText(tree), () => tree);

/** The tree beside what is live of the same name, where that counts; undefined where nothing is left to do. */
function beside(kind: RootKind, tree: Tree, live: readonly Tree[]): Tree | undefined {
  const own = live.map(({ root, parts }): Tree => {
    const attributes = { ...root.attributes, to: granteeOf(tree) };
    const { target } = grantOf({ root, parts });
    return { root: { id: grantId(attributes.to, target), attributes }, parts };
  });
  return kind.together ? kind.together([rootOf(tree)], stateOf(own.map(rootOf)), [])[0]?.tree() : tree;
}

function jointStatements(kind: RootKind, to: Tree, from: Tree): string[] {
  const alike = (to.root.attributes.target === undefined) === (from.root.attributes.target === undefined);
  const trees = [beside(kind, to, []), ...(alike ? [beside(kind, to, [from])] : [])];
  const drafts = trees.flatMap((tree) => (tree ? [kind.create(tree)] : []));
  return drafts.flatMap((draft) => ('statements' in draft ? draft.statements : []));
}

function statementsOf(kind: RootKind, to: Tree, from: Tree): string[] {
  if (kind.together) return jointStatements(kind, to, from);
  const changed = new Set(Object.keys(kind.attributes));
  const drafts = [
    kind.create(to),
    ...kind.alter({ ...to, root: { ...to.root, id: from.root.id } }, from, changed),
    kind.drop(from),
  ];
  return drafts.flatMap((draft) => ('statements' in draft ? draft.statements : []));
}

test.each(Object.keys(ACCESS_DOCUMENTS))('%s', async (document) => {
  const kind = kindOf(document);
  const declared = fc.sample(
    fc.tuple(ACCESS_DOCUMENTS[document] ?? fc.constant({}), ACCESS_DOCUMENTS[document] ?? fc.constant({})),
    {
      seed: 1411,
      numRuns: size(65, 2000),
    },
  );
  let refused = 0;
  const wrong: string[] = [];
  const rest = [...declared];
  const work = async (): Promise<void> => {
    for (let pair = rest.pop(); pair !== undefined; pair = rest.pop()) {
      const [to, from] = await Promise.all(pair.map((value) => treeOf(kind, value)));
      if (!to || !from) refused++;
      for (const statement of to && from ? statementsOf(kind, to, from) : []) {
        const answer = await misunderstood(estate.sql[0], statement, (name) => SECRETS[name] ?? '');
        if (answer !== undefined) wrong.push(answer);
      }
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  expect(wrong).toEqual([]);
  expect(refused).toBeLessThan(declared.length / 2);
});
