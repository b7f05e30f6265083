import { writeFileSync } from 'node:fs';

/** A Jest reporter beside the default one: leaves the counts in the file that FIRSTCOME_TEST_RESULT names. */
export default class ResultReporter {
  /**
   * @param {unknown} _contexts
   * @param {{ numPassedTests: number, numFailedTests: number, numRuntimeErrorTestSuites: number }} result
   */
  onRunComplete(_contexts, result) {
    const file = process.env['FIRSTCOME_TEST_RESULT'];
    if (!file) return;
    // A file that does not even load has no tests to count, and must not read as zero failures.
    const failed = result.numFailedTests + result.numRuntimeErrorTestSuites;
    writeFileSync(file, `${result.numPassedTests} passed, ${failed} failed\n`);
  }
}
