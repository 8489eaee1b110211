import { building } from "./build.mjs";
import { installation } from "./install.mjs";
import { doOnce } from "./stamp.mjs";

/**
 * Makes a clone ready to run: packages installed, everything built. What is already so costs a few milliseconds and
 * prints nothing.
 *
 * @param {string} root
 */
export const setUp = async (root) => {
  await doOnce(installation(root));
  await doOnce(building(root));
};
