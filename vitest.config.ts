import { defineConfig } from 'vitest/config';

const engineTests = '**/*.engine.test.ts';
/** Of test/, what simulates, fuzzes, attacks and bids needs nothing but memory, or an engine as its name says. */
const platformTests = ['test/*.test.ts', 'test/!(simulation|fuzz|security|openrtb)/**/*.test.ts'];
const never = ['**/node_modules/**', 'data/**'];

/**
 * Three kinds of tests: `unit` needs nothing but memory, `engine` starts or reaches a server or a native engine, `platform` starts
 * the whole platform and so runs one file at a time.
 */
export default defineConfig({
  test: {
    passWithNoTests: true,
    pool: 'forks',
    maxWorkers: 2,
    /** What is waited for comes in its own time: a busy machine needs more than the second that is usual. */
    expect: { poll: { timeout: 30_000 } },
    setupFiles: ['./test/fixed-draws.ts'],
    reporters: ['default', './scripts/count-reporter.ts'],
    projects: [
      {
        extends: true,
        test: {
          name: 'unit',
          include: ['**/*.test.ts'],
          exclude: [...never, engineTests, ...platformTests],
          testTimeout: 240_000,
          hookTimeout: 240_000,
          sequence: { groupOrder: 0 },
        },
      },
      {
        extends: true,
        test: {
          name: 'engine',
          globalSetup: './test/engines.ts',
          include: [engineTests],
          exclude: [...never, ...platformTests],
          testTimeout: 480_000,
          hookTimeout: 480_000,
          sequence: { groupOrder: 1 },
        },
      },
      {
        extends: true,
        test: {
          name: 'platform',
          globalSetup: './test/engines.ts',
          include: platformTests,
          exclude: never,
          testTimeout: 600_000,
          hookTimeout: 600_000,
          fileParallelism: false,
          sequence: { groupOrder: 2 },
        },
      },
    ],
  },
});
