import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    testTimeout: 120_000,
    hookTimeout: 120_000,
    // Each worker that needs ClickHouse starts its own servers (about 390 MB each); two cores feed two workers.
    maxWorkers: 2,
  },
});
