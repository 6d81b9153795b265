import { defineConfig } from 'vitest/config';
import { SummaryReporter } from './scripts/summary-reporter.ts';

/** Whole processes, measured: they need the machine for themselves. */
const REAL_TIME = ['test/e2e/**', 'test/gateway/outages/**'];

export default defineConfig({
  test: {
    reporters: ['default', new SummaryReporter(process.env['TEST_SUMMARY_FILE'])],
    passWithNoTests: true,
    coverage: {
      provider: 'v8',
      include: ['src/**/*.ts', 'machines/**/*.ts'],
      exclude: ['**/*.d.ts'],
      reporter: ['text-summary', 'html', 'lcov'],
    },
    projects: [
      {
        extends: true,
        test: {
          name: 'unit',
          include: ['test/**/*.test.ts'],
          exclude: REAL_TIME,
          globalSetup: ['test/servers/shared-postgres.ts'],
          // Properties run thousands of cases; a test that needs longer than this is stuck.
          testTimeout: 30_000,
          sequence: { groupOrder: 0 },
        },
      },
      {
        extends: true,
        test: {
          name: 'types',
          include: [],
          // `npm run check` reports errors outside of the type tests, in every file at once.
          typecheck: { enabled: true, only: true, include: ['test/**/*.test-d.ts'], ignoreSourceErrors: true, spawnTimeout: 60_000 },
          sequence: { groupOrder: 1 },
        },
      },
      {
        extends: true,
        test: {
          name: 'e2e',
          include: REAL_TIME.map((folder) => `${folder}/*.test.ts`),
          globalSetup: ['test/servers/shared-postgres.ts'],
          testTimeout: 180_000,
          hookTimeout: 60_000,
          // Real processes measure real time: one file at a time, and only after the unit tests gave the cores back.
          fileParallelism: false,
          sequence: { groupOrder: 2 },
        },
      },
    ],
  },
});
