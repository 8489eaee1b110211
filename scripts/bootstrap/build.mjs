import { statSync } from "node:fs";
import { join } from "node:path";
import { BootstrapError } from "./bootstrap-error.mjs";
import { runQuietly } from "./child.mjs";
import { filesBelow, fingerprint } from "./fingerprint.mjs";
import { timed } from "./report.mjs";
import { commandFile, publicPackages } from "./workspace.mjs";

/**
 * The step that builds every public package's `dist/`.
 *
 * @param {string} root
 * @returns {import("./stamp.mjs").Step}
 */
export const building = (root) => ({
  stamp: join(root, "node_modules", ".cache", "glyphcast", "built"),
  inputs: () => fingerprint(root, whatTheBuildReads(root)),
  outputs: () => builtFiles(root),
  make: () => build(root),
});

/** @param {string} root */
const whatTheBuildReads = (root) => [
  "package.json",
  "pnpm-lock.yaml",
  "tsconfig.base.json",
  "tsdown.config.ts",
  ...publicPackages(root).flatMap((folder) => [
    `${folder}/package.json`,
    ...filesBelow(join(root, folder, "src"))
      .filter((path) => !/\.test\.ts$/.test(path))
      .map((path) => `${folder}/src/${path}`),
  ]),
];

/**
 * Every built file with its size: what was removed or cut short shows.
 *
 * @param {string} root
 */
const builtFiles = (root) =>
  publicPackages(root)
    .flatMap((folder) => filesBelow(join(root, folder, "dist")).map((path) => `${folder}/dist/${path}`))
    .map((path) => `${path}:${statSync(join(root, path)).size}`)
    .join(" ");

/** @param {string} root */
const build = async (root) => {
  const { exitCode, output } = await timed({ doing: "building", done: "built" }, () =>
    runQuietly({
      file: process.execPath,
      args: [commandFile(root, "tsdown"), "--config", "tsdown.config.ts"],
      cwd: root,
    }),
  );
  if (exitCode === 0) return;
  throw new BootstrapError("BUILD_FAILED", "The build failed: the lines above name the file and the reason.", {
    output,
    exitCode: 1,
  });
};
