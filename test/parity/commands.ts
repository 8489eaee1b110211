import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import type { NodeAnswers } from "./answers.ts";

let answers: Promise<NodeAnswers> | undefined;

/** Runs in the test runner, where a page's `commands.nodeAnswers()` reaches it. */
export function nodeAnswers(): Promise<NodeAnswers> {
  answers ??= ask();
  return answers;
}

async function ask(): Promise<NodeAnswers> {
  const path = (relative: string) => fileURLToPath(new URL(relative, import.meta.url));
  const hooks = new URL("../typescript.mjs", import.meta.url).href;
  const { stdout } = await promisify(execFile)(process.execPath, ["--import", hooks, path("node-answers.ts")], {
    maxBuffer: 2 ** 26,
  });
  return JSON.parse(stdout);
}
