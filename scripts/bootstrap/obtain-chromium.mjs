import { existsSync } from "node:fs";
import { delimiter, join } from "node:path";
import { installedChromiums, USUAL_PLACES } from "../chromium.mjs";
import { BootstrapError } from "./bootstrap-error.mjs";
import { runQuietly } from "./child.mjs";
import { timed } from "./report.mjs";
import { commandFile } from "./workspace.mjs";

/**
 * The path of a Chromium-family browser that starts: an installed one, or else one from playwright's host, or else one
 * from the system's packages.
 *
 * @param {string} root
 * @returns {Promise<string>}
 * @throws {BootstrapError} NO_BROWSER
 */
export const obtainChromium = async (root) => {
  const { CHROME_PATH } = process.env;
  if (CHROME_PATH && !(await starts(CHROME_PATH))) {
    throw new BootstrapError(
      "NO_BROWSER",
      `CHROME_PATH names ${CHROME_PATH}, which ${existsSync(CHROME_PATH) ? "does not start" : "does not exist"}.\n` +
        "  Point it at the program of Chromium, Chrome or Edge, or unset it to have the usual places searched.",
    );
  }
  const installed = await firstThatStarts();
  if (installed !== undefined) return installed;

  const refusals = [];
  for (const source of [downloadWithPlaywright, installWithApt]) {
    const refusal = await source(root);
    const got = refusal === undefined ? await firstThatStarts() : undefined;
    if (got !== undefined) return got;
    refusals.push(refusal ?? "it was installed, but does not start");
  }
  throw new BootstrapError("NO_BROWSER", noBrowser(refusals));
};

const firstThatStarts = async () => {
  for (const path of installedChromiums()) {
    if (await starts(path)) return path;
  }
  return undefined;
};

/**
 * A browser can be there and not start: a download without the system's libraries, Ubuntu's package that only points
 * to a snap.
 *
 * @param {string} path
 */
const starts = async (path) => {
  if (process.platform === "win32") return existsSync(path);
  try {
    const { exitCode } = await runQuietly({ file: path, args: ["--version"], cwd: "/", timeoutSeconds: 20 });
    return exitCode === 0;
  } catch (error) {
    if (error instanceof BootstrapError) throw error;
    return false;
  }
};

/**
 * @param {string} root
 * @returns {Promise<string | undefined>} Why there is none, or undefined.
 */
const downloadWithPlaywright = (root) =>
  attempt("downloading Chromium with playwright", {
    file: process.execPath,
    args: [commandFile(root, "playwright-core"), "install", "--no-shell", "chromium"],
    cwd: root,
    // It tries each of its hosts in turn, half a minute each unless told otherwise.
    env: { PLAYWRIGHT_DOWNLOAD_CONNECTION_TIMEOUT: "10000" },
    timeoutSeconds: 240,
  });

/** @returns {Promise<string | undefined>} Why there is none, or undefined. */
const installWithApt = async () => {
  const there = (process.env.PATH ?? "").split(delimiter).some((folder) => existsSync(join(folder, "apt-get")));
  if (!there) return "is not on this system";
  if (process.getuid?.() !== 0) return "needs root";
  const apt = {
    file: "apt-get",
    cwd: "/",
    env: { DEBIAN_FRONTEND: "noninteractive" },
  };
  const patience = ["-o", "Acquire::http::Timeout=20", "-o", "Acquire::Retries=1", "-o", "DPkg::Lock::Timeout=60"];
  return (
    (await attempt("updating apt's lists", { ...apt, args: [...patience, "update"], timeoutSeconds: 180 })) ??
    (await attempt("installing Chromium with apt-get", { ...apt, args: [...patience, "install", "-y", "chromium"] }))
  );
};

/**
 * @param {string} doing
 * @param {import("./child.mjs").Program} program
 * @returns {Promise<string | undefined>} Why it failed, in one line, or undefined.
 */
const attempt = async (doing, program) => {
  const { exitCode, output } = await timed({ doing, done: `${doing}: done` }, () => runQuietly(program));
  if (exitCode === 0) return undefined;
  const reason = output
    .split("\n")
    .filter((line) => /error|^E:|unable|cannot/i.test(line))
    .at(0);
  return `failed: ${(reason ?? `exit code ${exitCode}`).trim()}`;
};

/** @param {string[]} refusals */
const noBrowser = ([playwright, apt]) =>
  [
    "The browser tests need Chromium, Chrome or Edge, and there is none:",
    "  CHROME_PATH   is not set",
    `  usual places  none that starts, of ${USUAL_PLACES.filter((path) => path.startsWith("/usr")).join(", ")}, …`,
    `  playwright    ${playwright}`,
    `  apt-get       ${apt}`,
    "Install one and run again, or name one that is elsewhere: CHROME_PATH=/path/to/chrome npm test",
  ].join("\n");
