import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";

/**
 * A step that need not be done again while what it reads and what it made both stand as they were.
 *
 * @typedef {{
 *   stamp: string,
 *   inputs: () => string,
 *   outputs: () => string,
 *   make: () => Promise<void>,
 * }} Step
 *   stamp: the file that remembers the two fingerprints.
 */

/**
 * @param {Step} step
 * @returns {boolean}
 */
export const isDone = ({ stamp, inputs, outputs }) => {
  try {
    return readFileSync(stamp, "utf8") === `${inputs()}\n${outputs()}\n`;
  } catch {
    return false;
  }
};

/**
 * Does the step unless it is done. A step that fails or is interrupted leaves no stamp, so it is done anew next time.
 *
 * @param {Step} step
 */
export const doOnce = async (step) => {
  if (isDone(step)) return;
  rmSync(step.stamp, { force: true });
  const inputs = step.inputs();
  await step.make();
  mkdirSync(dirname(step.stamp), { recursive: true });
  writeFileSync(`${step.stamp}.new`, `${inputs}\n${step.outputs()}\n`);
  renameSync(`${step.stamp}.new`, step.stamp);
};
