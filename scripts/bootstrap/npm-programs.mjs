import { existsSync } from "node:fs";
import { dirname, join } from "node:path";

/**
 * How to start one of npm's programs without a shell: its JavaScript file run by this Node where that can be found (on
 * Windows npx.cmd could not be started otherwise), or else by its name on the PATH.
 *
 * @param {"npm" | "npx"} name
 * @param {string[]} args
 * @returns {{ file: string, args: string[] }}
 */
export const npmProgram = (name, args) => {
  const besideRunningNpm = process.env.npm_execpath && dirname(process.env.npm_execpath);
  const besideNode = join(dirname(process.execPath), "node_modules", "npm", "bin");
  const script = [besideRunningNpm, besideNode]
    .map((folder) => join(folder || ".", `${name}-cli.js`))
    .find((path) => existsSync(path));
  return script === undefined ? { file: name, args } : { file: process.execPath, args: [script, ...args] };
};
