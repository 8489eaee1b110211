import { stripVTControlCharacters } from "node:util";
import { BootstrapError } from "./bootstrap-error.mjs";

/**
 * Runs one root command: what `run` returns is the exit code, and what is missing is told without a stack.
 *
 * @param {(args: string[]) => Promise<number>} run
 */
export const command = async (run) => {
  try {
    process.exitCode = await run(process.argv.slice(2));
  } catch (error) {
    if (!(error instanceof BootstrapError)) throw error;
    const output = process.stderr.isTTY ? error.output : stripVTControlCharacters(error.output);
    if (output.trim() !== "") console.error(`\n${output.trimEnd()}`);
    console.error(`\n${error.message}`);
    process.exitCode = error.exitCode;
  }
};
