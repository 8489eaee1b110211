/** @typedef {import("./child.mjs").Outcome} Outcome */

/**
 * Runs a program and says in one line what it did and how long it took; on a terminal, first that it has begun.
 *
 * @param {{ doing: string, done: string }} words
 * @param {() => Promise<Outcome>} run
 * @returns {Promise<Outcome>}
 */
export const timed = async ({ doing, done }, run) => {
  const { stdout } = process;
  const start = performance.now();
  if (stdout.isTTY) stdout.write(`… ${doing}`);
  const outcome = await run().finally(() => {
    if (stdout.isTTY) stdout.write("\r\x1b[K");
  });
  const seconds = ((performance.now() - start) / 1000).toFixed(1);
  console.log(outcome.exitCode === 0 ? `✓ ${done} (${seconds} s)` : `✗ ${doing} failed (${seconds} s)`);
  return outcome;
};
