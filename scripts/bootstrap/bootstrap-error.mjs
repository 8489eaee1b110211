/** @typedef {"NOT_WRITABLE" | "NPX_MISSING" | "INSTALL_FAILED" | "BUILD_FAILED" | "NO_BROWSER" | "INTERRUPTED"} Code */

/** What stops a root command before its work begins: the message says what is missing and how to mend it. */
export class BootstrapError extends Error {
  /** @override */
  name = "BootstrapError";

  /**
   * @param {Code} code
   * @param {string} message
   * @param {{ output?: string, exitCode?: number, cause?: unknown }} [details]
   *   output: what the failed program printed, shown above the message.
   */
  constructor(code, message, { output = "", exitCode = 2, cause } = {}) {
    super(message, cause === undefined ? {} : { cause });
    this.code = code;
    this.output = output;
    this.exitCode = exitCode;
  }
}
