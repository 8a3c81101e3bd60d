/** Rows of checks, generated: a pair is ready for failback exactly when it should be, and is announced once. */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { failbackAfter, type Standing } from '../src/dr/failback.ts';
import { size } from './support/size.ts';

it('is ready exactly when the last checks were clean, kept and of one direction', () => {
  const check = fc.record({
    active: fc.constantFrom('west', 'east'),
    clean: fc.boolean(),
    counts: fc.boolean(),
  });
  type Check = { readonly active: string; readonly clean: boolean };
  const isRow = (kept: readonly Check[], one: Check, needed: number): boolean => {
    const latest = kept.slice(-needed);
    return (
      one.clean &&
      latest.length === needed &&
      latest.every(({ active, clean }) => clean && active === one.active)
    );
  };
  fc.assert(
    fc.property(fc.array(check, { maxLength: 30 }), fc.integer({ min: 1, max: 4 }), (checks, needed) => {
      let last: Standing | undefined;
      const kept: Check[] = [];
      for (const [at, one] of checks.entries()) {
        const found = failbackAfter(last, { ...one, time: String(at) }, needed, one.counts);
        const began = found.readySince === String(at);
        if (one.counts) kept.push(one);
        expect(found.ready).toBe(isRow(kept, one, needed));
        expect(found.announced).toBe(found.ready && one.counts && began);
        if (one.counts) last = found;
      }
    }),
    { numRuns: size(300, 5000), seed: 5 },
  );
});
