/** The folders of test/corpus-access, walked both ways: with a file on one real server, and as statements that it understands. */
import { afterAll, beforeAll, describe, test } from 'vitest';
import { type AccessCorpus, accessCases, type Group, startAccessCorpus } from './support/access-corpus.ts';
import { isFull } from './support/size.ts';

let corpus: AccessCorpus;
beforeAll(async () => {
  corpus = await startAccessCorpus();
});
afterAll(() => corpus?.stop());

/** A restart of the server takes longer than all plans of a case: in CI all cases share three. */
const groups = isFull() ? accessCases.map((name) => [name]) : [accessCases];

describe.each(groups.map((names) => [names.length === 1 ? names[0] : 'all together', names] as const))(
  '%s',
  (_name, names) => {
    let group: Group;
    beforeAll(() => {
      group = corpus.group(names);
    });
    afterAll(() => group.clear());
    test.each(names)('%s: from before to after', (name) => group.leave(name, 'before'));
    test.each(names)('%s: and back', (name) => group.leave(name, 'after'));
    test('all are as they were', () => group.reach('before'));
  },
);
