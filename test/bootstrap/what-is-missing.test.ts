import { spawnSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it, vi } from "vitest";
import { obtainChromium } from "../../scripts/bootstrap/obtain-chromium.mjs";
import { inPlainPath } from "../../scripts/bootstrap/plain-path.mjs";
import { root } from "../../scripts/bootstrap/root.mjs";
import { temporaryFolder } from "./temporary-folder.ts";

/** A clone before its first set-up. */
const freshFolder = () => {
  const folder = temporaryFolder();
  cpSync(join(root, "package.json"), join(folder, "package.json"));
  cpSync(join(root, "scripts"), join(folder, "scripts"), { recursive: true });
  mkdirSync(join(folder, "packages"));
  return folder;
};

const runIn = (folder: string, script: string, env: Record<string, string>) => {
  const { npm_execpath: _, ...inherited } = process.env;
  const options = { cwd: folder, env: { ...inherited, ...env }, encoding: "utf8" } as const;
  return spawnSync(process.execPath, [`scripts/${script}.mjs`], options);
};

describe("what is missing is said, and the exit code is 2:", () => {
  // npm's own files may lie beside node, where the PATH does not matter.
  it.runIf(process.platform === "linux")("npx", () => {
    const { status, stderr } = runIn(freshFolder(), "setup", { PATH: "" });
    expect(stderr).toMatch(/npm was not found/);
    expect(status).toBe(2);
  });

  it("a registry that answers", () => {
    const folder = freshFolder();
    const { status, stderr } = runIn(folder, "setup", {
      npm_config_registry: "http://127.0.0.1:9/",
      npm_config_cache: join(folder, "cache"),
      npm_config_fetch_retries: "0",
    });
    expect(stderr).toContain("The package registry http://127.0.0.1:9/ cannot be reached.");
    expect(stderr).toContain("ECONNREFUSED");
    expect(stderr).not.toContain("at async");
    expect(status).toBe(2);
  });

  it("the browser that CHROME_PATH names", async () => {
    vi.stubEnv("CHROME_PATH", "/no/such/browser");
    await expect(obtainChromium(root)).rejects.toMatchObject({
      code: "NO_BROWSER",
      exitCode: 2,
      message: expect.stringContaining("CHROME_PATH names /no/such/browser, which does not exist."),
    });
    vi.unstubAllEnvs();
  });
});

describe("a folder that Vite cannot work in", () => {
  it("is worked in by a copy, which is removed", async () => {
    const folder = join(temporaryFolder(), "50% #1");
    mkdirSync(join(folder, "node_modules"), { recursive: true });
    cpSync(join(root, "package.json"), join(folder, "package.json"));
    const copy = await inPlainPath(folder, async (copy) => {
      expect(readFileSync(join(copy, "package.json"), "utf8")).toContain("glyphcast");
      expect(existsSync(join(copy, "node_modules"))).toBe(false);
      return copy;
    });
    expect(copy).not.toMatch(/[#%]/);
    expect(existsSync(copy)).toBe(false);
  });

  it("is not one with a plain name: there, work goes on in place", async () => {
    const folder = temporaryFolder();
    expect(await inPlainPath(folder, async (same) => same)).toBe(folder);
  });
});
