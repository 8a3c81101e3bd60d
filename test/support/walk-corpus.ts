/** A group of the corpus goes in; its cases run as tests, one after the other on one server of the test file's own. */
import { afterAll, beforeAll, test } from 'vitest';
import { type Corpus, corpusCases, startCorpus } from './corpus.ts';

/** So many files run side by side, of which each takes about as long as the others. */
const GROUPS = {
  columns: ['column'],
  tables: ['table'],
  views: ['view', 'materialized-view', 'dictionary'],
} as const;

type Group = keyof typeof GROUPS | 'others';

const kindOf = (name: string): string => name.split('--', 1)[0] ?? '';

/** Whatever is in no other group is in `others`, so that no folder is forgotten. */
function groupOf(name: string): Group {
  const groups = Object.entries(GROUPS) as [Group, readonly string[]][];
  return groups.find(([, kinds]) => kinds.includes(kindOf(name)))?.[0] ?? 'others';
}

/** Walks every folder of the group both ways. `PLUMBLINE_UPDATE=1` writes the golden files anew. */
export function walkCorpus(group: Group): void {
  let corpus: Corpus;
  beforeAll(async () => {
    corpus = await startCorpus();
  });
  afterAll(() => corpus?.stop());
  const cases = corpusCases.filter((name) => groupOf(name) === group);
  test.each(cases)('%s', (name) => corpus.run(name));
}
