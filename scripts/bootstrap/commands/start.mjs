import { join } from "node:path";
import { runOnTerminal } from "../child.mjs";
import { command } from "../command.mjs";
import { root } from "../root.mjs";
import { setUp } from "../set-up.mjs";

await command(async (args) => {
  const recipe = args.some((arg) => /^--recipe(=|$)/.test(arg)) ? [] : ["--recipe", "digits-fast"];
  await setUp(root);
  return runOnTerminal({
    file: process.execPath,
    args: [join(root, "packages/trainer/dist/cli.js"), "train", ...recipe, ...args],
    cwd: root,
  });
});
