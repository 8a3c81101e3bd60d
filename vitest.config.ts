import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    testTimeout: 120_000,
    hookTimeout: 120_000,
    // Each worker that needs ClickHouse starts its own servers (about 390 MB each). Two cores feed three workers, because many tests
    // wait: for a lock, for a rebuild's writers, for the pauses that GitHub's client makes.
    maxWorkers: 3,
  },
});
