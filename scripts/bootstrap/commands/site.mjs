import { join } from "node:path";
import { runOnTerminal } from "../child.mjs";
import { command } from "../command.mjs";
import { inPlainPath } from "../plain-path.mjs";
import { root } from "../root.mjs";
import { setUp } from "../set-up.mjs";
import { commandFile } from "../workspace.mjs";

await command((args) =>
  inPlainPath(root, async (root) => {
    await setUp(root);
    const site = join(root, "packages/site");
    return runOnTerminal({ file: process.execPath, args: [commandFile(site, "vite"), ...args], cwd: site });
  }),
);
