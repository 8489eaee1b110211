/**
 * What the JSON reporter of vitest writes, as far as it is read here.
 *
 * @typedef {{
 *   numPassedTests: number,
 *   numFailedTests: number,
 *   numPendingTests: number,
 *   numTodoTests: number,
 *   testResults: { status: string, assertionResults: unknown[] }[],
 * }} VitestReport
 */

/** @typedef {{ passed: number, failed: number, skipped: number }} Tally */

/**
 * How many tests passed, failed and were skipped. A file that could not even be loaded has no tests to count, and
 * counts as one that failed.
 *
 * @param {VitestReport} report
 * @returns {Tally}
 */
export const tallyOf = (report) => ({
  passed: report.numPassedTests,
  failed:
    report.numFailedTests +
    report.testResults.filter(({ status, assertionResults }) => status === "failed" && assertionResults.length === 0)
      .length,
  skipped: report.numPendingTests + report.numTodoTests,
});

/** @param {Tally} tally */
export const tallyLine = ({ passed, failed, skipped }) =>
  `${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ""}`;
