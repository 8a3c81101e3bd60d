/** Any two definitions of a table: after the second is applied over the first the plan is empty, or it was refused with a reason. */
import { afterAll, beforeAll, test } from 'vitest';
import { anyPairs, expectPairsHold } from './support/any-pairs.ts';
import { size } from './support/size.ts';
import { startTestEstate, type TestEstate } from './support/test-estate.ts';

const SEED = 20261;
const PAIRS = size(12, 5000);
const BATCH = 20;

let estate: TestEstate;
beforeAll(async () => {
  estate = await startTestEstate();
});
afterAll(() => estate?.stop());

test(
  `${PAIRS} pairs of definitions, seed ${SEED}`,
  () => expectPairsHold(estate, anyPairs(SEED, PAIRS), BATCH),
  size(120_000, 3_600_000),
);
