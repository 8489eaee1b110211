import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { nodeProblem, OLDEST_NODE } from "../../scripts/bootstrap/refuse-old-node.mjs";
import { root } from "../../scripts/bootstrap/root.mjs";
import { readManifest } from "../../scripts/bootstrap/workspace.mjs";

describe("an old Node", () => {
  it.each(["v12.22.12", "v18.20.4", "v20.18.3"])("%s is refused, with what to do", (version) => {
    expect(nodeProblem(version)).toContain(`this is Node ${version.slice(1)}`);
    expect(nodeProblem(version)).toContain("https://nodejs.org");
  });

  it.each(["v20.19.0", "v20.20.2", "v22.0.0", "v25.1.0-nightly"])("%s is not", (version) => {
    expect(nodeProblem(version)).toBeUndefined();
  });

  it("is one older than package.json says", () => {
    expect(readManifest(root).engines?.node).toBe(`>=${OLDEST_NODE}`);
  });

  it.each(["setup", "start", "test", "site"])("stops `npm run %s` before anything else", (name) => {
    const pretend = "data:text/javascript,Object.defineProperty(process,'version',{value:'v16.20.2'})";
    const { status, stdout, stderr } = spawnSync(process.execPath, ["--import", pretend, `scripts/${name}.mjs`], {
      cwd: root,
      encoding: "utf8",
    });
    expect({ status, stdout }).toEqual({ status: 2, stdout: "" });
    expect(stderr).toMatch(/^Glyphcast needs Node 20\.19 or newer; this is Node 16\.20\.2\.\n/);
  });

  it("gets to read the message: what it loads first imports nothing else", () => {
    for (const name of readdirSync(join(root, "scripts/bootstrap/commands"))) {
      const entry = readFileSync(join(root, "scripts", name), "utf8");
      expect(entry.match(/^import .*$/gm)).toEqual([
        'import { refuseOldNode } from "./bootstrap/refuse-old-node.mjs";',
      ]);
    }
    expect(readFileSync(join(root, "scripts/bootstrap/refuse-old-node.mjs"), "utf8")).not.toMatch(/^import /m);
  });
});
