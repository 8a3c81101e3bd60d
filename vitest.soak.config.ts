import { defineConfig } from 'vitest/config';

/** The full size of the suites that have two: hours of patience, one file after the other. */
export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    testTimeout: 3_600_000,
    hookTimeout: 120_000,
    fileParallelism: false,
    env: { PLUMBLINE_SOAK: '1' },
  },
});
