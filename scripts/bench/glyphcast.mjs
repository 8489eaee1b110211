import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";

const cli = fileURLToPath(new URL("../../packages/trainer/src/cli.ts", import.meta.url));

/** Runs a glyphcast command where a person sees it; ends this process if it fails. @param {...string} args */
export function glyphcast(...args) {
  const { status } = spawnSync(process.execPath, [...process.execArgv, cli, ...args], { stdio: "inherit" });
  if (status !== 0) process.exit(status ?? 1);
}
