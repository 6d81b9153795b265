import { defineConfig } from 'vitest/config';
import { SummaryReporter } from './scripts/summary-reporter.ts';

/** Whole processes, whose times and shares of a limit are looked at: they need the machine for themselves. */
const MEASURED = [
  'test/e2e/cli-commands.test.ts',
  'test/e2e/cli-load.test.ts',
  'test/e2e/cli-stop.test.ts',
  'test/e2e/examples.test.ts',
  'test/e2e/process-life.test.ts',
  'test/e2e/sdk-share.test.ts',
  'test/gateway/outages/*.test.ts',
];

const PROCESSES = {
  globalSetup: ['test/servers/shared-postgres.ts'],
  testTimeout: 180_000,
  hookTimeout: 60_000,
};

export default defineConfig({
  test: {
    reporters: ['default', new SummaryReporter(process.env['TEST_SUMMARY_FILE'])],
    passWithNoTests: true,
    maxWorkers: '100%',
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
          exclude: ['test/e2e/**', ...MEASURED],
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
          include: ['test/e2e/*.test.ts'],
          exclude: MEASURED,
          ...PROCESSES,
          sequence: { groupOrder: 2 },
        },
      },
      {
        extends: true,
        test: {
          name: 'measured',
          include: MEASURED,
          ...PROCESSES,
          fileParallelism: false,
          sequence: { groupOrder: 3 },
        },
      },
    ],
  },
});
