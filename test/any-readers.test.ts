/** Any two definitions of a table and of what reads it: applied one over the other they leave an empty plan, or were refused. */
import { afterAll, beforeAll, test } from 'vitest';
import { anyPairsWithReaders, expectPairsHold } from './support/any-pairs.ts';
import { size } from './support/size.ts';
import { startTestEstate, type TestEstate } from './support/test-estate.ts';

const SEED = 8001;
const PAIRS = size(5, 500);
const BATCH = 5;

let estate: TestEstate;
beforeAll(async () => {
  estate = await startTestEstate();
});
afterAll(() => estate?.stop());

test(
  `${PAIRS} pairs, seed ${SEED}`,
  () => expectPairsHold(estate, anyPairsWithReaders(SEED, PAIRS), BATCH),
  size(120_000, 3_600_000),
);
