import { basename } from 'node:path';
import { defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** Files that take half a minute and more, the longest first; those that wait stand between those that compute. */
const LONG = [
  ...[
    'corpus-tables',
    'avesa',
    'rebuild-kill',
    'corpus-columns',
    'rebuild',
    'corpus-views',
    'rebuild-disturbed',
  ],
  ...[
    'kill',
    'saved-plan',
    'github-life',
    'import-corpus',
    'corpus-others',
    'corpus-access',
    'lock-race',
    'dr-status',
    'dr-repair',
    'cli',
    'import-estate',
  ],
];

/** Where it knows no times, Vitest starts the largest files first, and our longest tests are among the smallest files. */
class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    const rank = ({ moduleId }: TestSpecification): number => {
      const at = LONG.indexOf(basename(moduleId, '.test.ts'));
      return at < 0 ? LONG.length : at;
    };
    return sorted.toSorted((a, b) => rank(a) - rank(b));
  }
}

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    testTimeout: 120_000,
    hookTimeout: 120_000,
    sequence: { sequencer: LongestFirst },
    // Each worker that needs ClickHouse starts its own servers (about 390 MB each). Two cores feed three workers, because many tests
    // wait: for a lock, for a rebuild's writers, for the pauses that GitHub's client makes.
    maxWorkers: 3,
    // What one file imported is there for the next.
    isolate: false,
    setupFiles: ['test/support/own-environment.ts'],
  },
});
