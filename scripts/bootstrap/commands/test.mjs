import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { runOnTerminal, runQuietly } from "../child.mjs";
import { command } from "../command.mjs";
import { obtainChromium } from "../obtain-chromium.mjs";
import { inPlainPath } from "../plain-path.mjs";
import { timed } from "../report.mjs";
import { root } from "../root.mjs";
import { setUp } from "../set-up.mjs";
import { tallyLine, tallyOf } from "../tally.mjs";
import { commandFile } from "../workspace.mjs";

/** What is checked before the tests run. */
const CHECKS = [
  { name: "biome check", from: "@biomejs/biome", command: "biome", args: ["check", "."] },
  { name: "tsc -b", from: "typescript", command: "tsc", args: ["-b"] },
];

/**
 * @param {string} root
 * @returns {Promise<string[]>} The checks that failed.
 */
const runChecks = async (root) => {
  const failed = [];
  for (const { name, from, command, args } of CHECKS) {
    const { exitCode, output } = await timed({ doing: name, done: name }, () =>
      runQuietly({ file: process.execPath, args: [commandFile(root, from, command), ...args], cwd: root }),
    );
    if (exitCode === 0) continue;
    console.log(output);
    failed.push(name);
  }
  return failed;
};

/**
 * @param {string} root
 * @param {string} browser
 * @param {string[]} args
 */
const runVitest = async (root, browser, args) => {
  const folder = mkdtempSync(join(tmpdir(), "glyphcast-report-"));
  const report = join(folder, "vitest.json");
  const shown = args.some((arg) => arg.startsWith("--reporter")) ? [] : ["--reporter=default"];
  try {
    const exitCode = await runOnTerminal({
      file: process.execPath,
      args: [commandFile(root, "vitest"), "run", ...shown, "--reporter=json", `--outputFile.json=${report}`, ...args],
      cwd: root,
      env: { CHROME_PATH: browser },
    });
    const counts = existsSync(report) ? tallyOf(JSON.parse(readFileSync(report, "utf8"))) : undefined;
    return { exitCode, tally: counts ?? { passed: 0, failed: 0, skipped: 0 } };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
};

await command((args) =>
  inPlainPath(root, async (root) => {
    await setUp(root);
    const browser = await obtainChromium(root);
    const failures = (await runChecks(root)).map((check) => `${check} failed: its report is above.`);
    const { exitCode, tally } = await runVitest(root, browser, args);
    if (tally.passed + tally.failed === 0) failures.push("No test ran.");
    if (exitCode !== 0 && tally.failed === 0) failures.push(`vitest ended with exit code ${exitCode}: see above.`);
    for (const failure of failures) console.log(failure);
    console.log(tallyLine(tally));
    return exitCode !== 0 ? exitCode : Math.min(failures.length, 1);
  }),
);
