/** Every folder of test/corpus, walked both ways on one real server. `PLUMBLINE_UPDATE=1` writes the golden files anew. */
import { afterAll, beforeAll, test } from 'vitest';
import { type Corpus, corpusCases, startCorpus } from './support/corpus.ts';

let corpus: Corpus;
beforeAll(async () => {
  corpus = await startCorpus();
});
afterAll(() => corpus?.stop());

test.each(corpusCases)('%s', (name) => corpus.run(name));
