/** Every statement that is written for access objects is one that a real server reads, whatever they are called. */
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ROOT_KINDS } from '../src/kinds/index.ts';
import type { Normaliser, RootKind } from '../src/kinds/kind.ts';
import { abilitiesByClass } from '../src/live/abilities.ts';
import { normaliserOf } from '../src/live/normalise.ts';
import { readFacts } from '../src/live/read.ts';
import { ServerError } from '../src/live/server.ts';
import type { Tree } from '../src/model/object.ts';
import { ParseError } from '../src/sql/cursor.ts';
import { ACCESS_DOCUMENTS } from './support/access-declarations.ts';
import { size } from './support/size.ts';
import { startTestEstate, type TestEstate } from './support/test-estate.ts';

/**
 * The engine has no storage for them, and nobody has the names: THERE_IS_NO_PROFILE, UNKNOWN_USER, THERE_IS_NO_QUOTA, UNKNOWN_ROLE,
 * ACCESS_STORAGE_FOR_INSERTION_NOT_FOUND, UNKNOWN_ROW_POLICY, ACCESS_STORAGE_READONLY. All of that is said of a statement that was understood.
 */
const UNDERSTOOD = new Set([180, 192, 199, 495, 511, 514, 523]);

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

function statementsOf(kind: RootKind, to: Tree, from: Tree): string[] {
  const changed = new Set(Object.keys(kind.attributes));
  const drafts = [
    kind.create(to),
    ...kind.alter({ ...to, root: { ...to.root, id: from.root.id } }, from, changed),
    kind.drop(from),
  ];
  return drafts.flatMap((draft) => ('statements' in draft ? draft.statements : []));
}

async function answerOf(statement: string): Promise<string | undefined> {
  try {
    await estate.sql[0]?.run(statement);
    return `${statement} was taken`;
  } catch (error) {
    if (!(error instanceof ServerError)) throw error;
    return UNDERSTOOD.has(error.code ?? 0) ? undefined : `${statement}: ${error.message}`;
  }
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
        const answer = await answerOf(statement);
        if (answer !== undefined) wrong.push(answer);
      }
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  expect(wrong).toEqual([]);
  expect(refused).toBeLessThan(declared.length / 2);
});
