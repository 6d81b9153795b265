import { appendFileSync } from 'node:fs';
import type { Reporter, SerializedError, TestModule } from 'vitest/node';

/** Appends `N passed, N failed` to a file when a test run ends, for scripts that must not parse a runner's prose. */
export class SummaryReporter implements Reporter {
  readonly #file: string | undefined;

  /** @param file where the line goes; without one nothing is written */
  constructor(file: string | undefined) {
    this.#file = file;
  }

  onTestRunEnd(modules: readonly TestModule[], unhandledErrors: readonly SerializedError[]): void {
    if (!this.#file) return;
    const states = modules.flatMap((module) => [...module.children.allTests()].map((test) => test.result().state));
    const passed = states.filter((state) => state === 'passed').length;
    const failed = states.filter((state) => state === 'failed').length;
    // A file that can't be loaded and an error outside of every test fail the run without failing a test.
    const outside = modules.reduce((sum, module) => sum + module.errors().length, unhandledErrors.length);
    appendFileSync(this.#file, `${passed} passed, ${failed + outside} failed\n`);
  }
}
