/** Any two definitions of a table: after the second is applied over the first the plan is empty, or it was refused with a reason. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { anyPairs, describeOutcome, runPairs } from './support/any-pairs.ts';
import { size } from './support/size.ts';
import { startTestEstate, type TestEstate } from './support/test-estate.ts';

const SEED = 20261;
const PAIRS = size(30, 5000);
const BATCH = 30;

let estate: TestEstate;
beforeAll(async () => {
  estate = await startTestEstate();
});
afterAll(() => estate?.stop());

test(
  `${PAIRS} pairs of definitions, seed ${SEED}`,
  async () => {
    const pairs = anyPairs(SEED, PAIRS);
    const outcomes = [];
    for (let at = 0; at < pairs.length; at += BATCH)
      outcomes.push(...(await runPairs(estate, pairs.slice(at, at + BATCH))));
    expect(outcomes.filter(({ outcome }) => outcome === 'fault').map(describeOutcome)).toEqual([]);
    // Most of them must get as far as a second definition that is applied, or nothing is shown.
    const applied = outcomes.filter(({ outcome }) => outcome === 'applied');
    expect(applied.length).toBeGreaterThan(PAIRS / 2);
    expect(outcomes.filter(({ reason }) => reason.includes('NO REASON'))).toEqual([]);
  },
  size(120_000, 3_600_000),
);
