/** Any two definitions of a table and of what reads it: applied one over the other they leave an empty plan, or were refused. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { anyPairsWithReaders, describeOutcome, runPairs } from './support/any-pairs.ts';
import { size } from './support/size.ts';
import { startTestEstate, type TestEstate } from './support/test-estate.ts';

const SEED = 8001;
const PAIRS = size(8, 500);
const BATCH = 8;

let estate: TestEstate;
beforeAll(async () => {
  estate = await startTestEstate();
});
afterAll(() => estate?.stop());

test(
  `${PAIRS} pairs, seed ${SEED}`,
  async () => {
    const pairs = anyPairsWithReaders(SEED, PAIRS);
    const outcomes = [];
    for (let at = 0; at < pairs.length; at += BATCH)
      outcomes.push(...(await runPairs(estate, pairs.slice(at, at + BATCH))));
    expect(outcomes.filter(({ outcome }) => outcome === 'fault').map(describeOutcome)).toEqual([]);
    const applied = outcomes.filter(({ outcome }) => outcome === 'applied');
    expect(applied.length).toBeGreaterThan(PAIRS / 2);
    expect(outcomes.filter(({ reason }) => reason.includes('NO REASON'))).toEqual([]);
  },
  size(120_000, 3_600_000),
);
