import { building } from "./build.mjs";
import { installation } from "./install.mjs";
import { doOnce, isDone } from "./stamp.mjs";
import { assertWritable } from "./writable.mjs";

/**
 * Makes a clone ready to run: packages installed, everything built. What is already so costs a few milliseconds and
 * prints nothing.
 *
 * @param {string} root
 */
export const setUp = async (root) => {
  for (const step of [installation(root), building(root)]) {
    if (isDone(step)) continue;
    assertWritable(root);
    await doOnce(step);
  }
};
