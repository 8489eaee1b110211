// The Node that is refused has to read this file, and those that import it statically: nothing newer than Node 14.

/** `engines.node` in package.json says the same; a test keeps them equal. */
export const OLDEST_NODE = "20.19";

/**
 * @param {string} found
 * @returns {string | undefined} What is wrong with this version of Node and how to mend it, or undefined.
 */
export function nodeProblem(found) {
  const have = parse(found);
  const need = parse(OLDEST_NODE);
  if (have.major > need.major || (have.major === need.major && have.minor >= need.minor)) return undefined;
  return [
    `Glyphcast needs Node ${OLDEST_NODE} or newer; this is Node ${found.replace(/^v/, "")}.`,
    `  Found at ${process.execPath}.`,
    "  Get a newer one from https://nodejs.org, or with a version manager: `nvm install 22`, `fnm install 22`.",
  ].join("\n");
}

/** @param {string} version */
function parse(version) {
  const [major = 0, minor = 0] = version.replace(/^v/, "").split(".").map(Number);
  return { major, minor };
}

/** Ends the process with exit code 2 when this Node is too old to go on. */
export function refuseOldNode() {
  const problem = nodeProblem(process.version);
  if (problem === undefined) return;
  console.error(problem);
  process.exit(2);
}
