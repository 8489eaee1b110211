import { existsSync } from "node:fs";
import { join } from "node:path";
import { BootstrapError } from "./bootstrap-error.mjs";
import { runQuietly } from "./child.mjs";
import { diagnose } from "./diagnosis.mjs";
import { fingerprint } from "./fingerprint.mjs";
import { npmProgram } from "./npm-programs.mjs";
import { timed } from "./report.mjs";
import { packageFolders, readManifest } from "./workspace.mjs";

/**
 * The step that fills node_modules from the lockfile, by the pnpm that package.json pins.
 *
 * @param {string} root
 * @returns {import("./stamp.mjs").Step}
 */
export const installation = (root) => ({
  stamp: join(root, "node_modules", ".cache", "glyphcast", "installed"),
  inputs: () => `${process.platform}-${process.arch} ${fingerprint(root, whatPnpmReads(root))}`,
  outputs: () => `missing: ${missingPackages(root).join(" ")}`,
  make: () => install(root),
});

/** @param {string} root */
const whatPnpmReads = (root) => [
  "package.json",
  "pnpm-lock.yaml",
  "pnpm-workspace.yaml",
  ".npmrc",
  ...packageFolders(root).map((folder) => `${folder}/package.json`),
];

/** @param {string} root */
const missingPackages = (root) =>
  ["", ...packageFolders(root)].flatMap((folder) => {
    const { dependencies, devDependencies } = readManifest(join(root, folder));
    return Object.keys({ ...dependencies, ...devDependencies })
      .map((name) => join(root, folder, "node_modules", name, "package.json"))
      .filter((path) => !existsSync(path));
  });

/** Waiting a minute between attempts, as npm and pnpm do by default, mends nothing and looks like a hang. */
const SHORTER_WAITS = { fetch_retry_mintimeout: "1000", fetch_retry_maxtimeout: "8000" };

/** @param {string} root */
const install = async (root) => {
  const pnpm = /^pnpm@(\d[^+]*)/.exec(readManifest(root).packageManager ?? "")?.[1];
  if (pnpm === undefined) throw new Error("bug: packageManager in package.json does not pin pnpm");

  const npmSettings = await readNpmSettings(root);
  const { exitCode, output } = await timed({ doing: "installing packages", done: "packages installed" }, () =>
    runNpmProgram("npx", ["--yes", "--prefer-offline", `pnpm@${pnpm}`, "install", "--frozen-lockfile"], {
      cwd: root,
      env: {
        ...prefixed("npm_config_", SHORTER_WAITS),
        ...prefixed("pnpm_config_", { ...SHORTER_WAITS, ...npmSettings, confirm_modules_purge: "false" }),
      },
    }),
  );
  if (exitCode === 0) return;
  throw new BootstrapError("INSTALL_FAILED", diagnose({ output, registry: npmSettings.registry ?? "npm", pnpm }), {
    output,
  });
};

/**
 * Where npm has been told to find packages, wherever it was told: pnpm reads .npmrc files, but neither npm's
 * environment variables nor its global file.
 *
 * @param {string} root
 * @returns {Promise<Record<string, string>>}
 */
const readNpmSettings = async (root) => {
  const { output } = await runNpmProgram("npm", ["config", "get", "registry", "https-proxy", "proxy", "cafile"], {
    cwd: root,
  });
  const told = [...output.matchAll(/^(registry|https-proxy|proxy|cafile)=(.+)$/gm)];
  return Object.fromEntries(
    told.flatMap(([, key, value]) => (key && value && value !== "null" ? [[key.replace("-", "_"), value]] : [])),
  );
};

/**
 * @param {"npm" | "npx"} name
 * @param {string[]} args
 * @param {{ cwd: string, env?: Record<string, string> }} where
 */
const runNpmProgram = async (name, args, where) => {
  try {
    return await runQuietly({ ...npmProgram(name, args), ...where });
  } catch (error) {
    if (error instanceof BootstrapError) throw error;
    throw new BootstrapError(
      "NPX_MISSING",
      `${name} was not found: it comes with npm, and this Node (${process.execPath}) has none beside it.\n` +
        "  Install npm (Debian: `apt-get install npm`), or Node from https://nodejs.org, which brings it.",
      { cause: error },
    );
  }
};

/**
 * @param {string} prefix
 * @param {Record<string, string>} settings
 */
const prefixed = (prefix, settings) =>
  Object.fromEntries(Object.entries(settings).map(([key, value]) => [`${prefix}${key}`, value]));
