// Does what a new user does: clones the last commit into a folder with a space in its name, sets it up twice, calls
// the commands. Then what a user of the packages does: packs them all and installs them with npm elsewhere.
// Slow, and needs a registry, so not part of `npm test`. Usage: node scripts/check-fresh-clone.mjs

import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, realpathSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { filesBelow } from "./bootstrap/fingerprint.mjs";
import { npmProgram } from "./bootstrap/npm-programs.mjs";
import { root } from "./bootstrap/root.mjs";
import { publicPackages } from "./bootstrap/workspace.mjs";

const COMMANDS = ["glyphcast", "tfjs-to-onnx", "onnx-train", "onnx-parity"];
const SECOND_SETUP_SECONDS = 1;

const workplace = mkdtempSync(join(realpathSync(tmpdir()), "glyphcast fresh "));
const clone = join(workplace, "a clone");
const outside = join(workplace, "outside");
const failures = [];

/**
 * @param {{ file: string, args: string[] }} program
 * @param {string} cwd
 */
const run = ({ file, args }, cwd) => execFileSync(file, args, { cwd, encoding: "utf8", stdio: ["ignore", "pipe", 2] });

/**
 * @param {string} what
 * @param {() => string | void} work Returns what to say beside the time.
 */
const check = (what, work) => {
  const start = performance.now();
  const remark = work();
  const seconds = (performance.now() - start) / 1000;
  console.log(`${what.padEnd(34)} ${seconds.toFixed(2).padStart(6)} s  ${remark ?? ""}`);
  return seconds;
};

/** @param {string} folder */
const megabytes = (folder) => {
  const bytes = filesBelow(folder).reduce(
    (sum, path) => sum + (statSync(join(folder, path), { throwIfNoEntry: false })?.size ?? 0),
    0,
  );
  return `${Math.round(bytes / 1e6)} MB`;
};

try {
  check("git clone", () => run({ file: "git", args: ["clone", "--quiet", root, clone] }, workplace));
  check("npm run setup, first", () => {
    run(npmProgram("npm", ["run", "setup"]), clone);
    return `node_modules ${megabytes(join(clone, "node_modules"))}`;
  });
  const again = check("npm run setup, second", () => void run(npmProgram("npm", ["run", "setup"]), clone));
  if (again > SECOND_SETUP_SECONDS) failures.push(`the second set-up took more than ${SECOND_SETUP_SECONDS} s`);
  for (const command of COMMANDS) {
    check(`npx ${command} --version`, () => run(npmProgram("npx", ["--no", command, "--", "--version"]), clone).trim());
  }
  const changed = run({ file: "git", args: ["status", "--porcelain"] }, clone);
  if (changed !== "") failures.push(`setting up changed the working tree:\n${changed}`);

  mkdirSync(outside);
  writeFileSync(join(outside, "package.json"), JSON.stringify({ private: true, type: "module" }));
  check("npm pack, all packages", () => {
    const folders = publicPackages(clone).map((folder) => `./${folder}`);
    run(npmProgram("npm", ["pack", "--silent", "--pack-destination", outside, ...folders]), clone);
  });
  check("npm install of the tarballs", () => {
    const tarballs = filesBelow(outside).filter((path) => path.endsWith(".tgz"));
    const quiet = ["--ignore-scripts", "--no-audit", "--no-fund", "--prefer-offline", "--loglevel=error"];
    run(npmProgram("npm", ["install", ...quiet, ...tarballs.map((path) => `./${path}`)]), outside);
    return `node_modules ${megabytes(join(outside, "node_modules"))}`;
  });
  for (const command of COMMANDS) {
    check(`npx ${command} --version, outside`, () =>
      run(npmProgram("npx", ["--no", command, "--", "--version"]), outside).trim(),
    );
  }
} catch (error) {
  failures.push(error instanceof Error ? error.message : String(error));
} finally {
  rmSync(workplace, { recursive: true, force: true });
}

for (const failure of failures) console.error(`✗ ${failure}`);
console.log(failures.length === 0 ? "✓ a fresh clone works" : "✗ a fresh clone does not work");
process.exitCode = Math.min(failures.length, 1);
