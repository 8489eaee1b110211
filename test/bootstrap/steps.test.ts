import { rmSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { building } from "../../scripts/bootstrap/build.mjs";
import { installation } from "../../scripts/bootstrap/install.mjs";
import { temporaryFolder, writeBelow } from "./temporary-folder.ts";

const workspace = () =>
  temporaryFolder({
    "package.json": JSON.stringify({ devDependencies: { tool: "1.0.0" } }),
    "pnpm-lock.yaml": "lockfileVersion: '9.0'",
    "node_modules/tool/package.json": "{}",
    "packages/one/package.json": JSON.stringify({ name: "one", dependencies: { "@scope/dep": "1.0.0" } }),
    "packages/one/node_modules/@scope/dep/package.json": "{}",
    "packages/one/src/index.ts": "export const one = 1;",
    "packages/one/src/index.test.ts": "// tests",
    "packages/one/dist/index.js": "const one = 1;\nexport { one };",
    "packages/page/package.json": JSON.stringify({ name: "page", private: true }),
    "packages/page/src/main.ts": "// a page",
  });

const changes = (path: string, content: string, of: "inputs" | "outputs", step: typeof building): boolean => {
  const root = workspace();
  const before = step(root)[of]();
  writeBelow(root, path, content);
  return step(root)[of]() !== before;
};

describe("building", () => {
  it.each([
    ["a source", "packages/one/src/index.ts"],
    ["a new source", "packages/one/src/deep/two.ts"],
    ["a package.json", "packages/one/package.json"],
    ["the build's configuration", "tsdown.config.ts"],
  ])("is stale after %s changed", (_, path) => {
    expect(changes(path, '{ "name": "other" }', "inputs", building)).toBe(true);
  });

  it.each([
    ["a test", "packages/one/src/index.test.ts"],
    ["a private package", "packages/page/src/main.ts"],
    ["a README", "packages/one/README.md"],
  ])("is not stale after %s changed", (_, path) => {
    expect(changes(path, "other", "inputs", building)).toBe(false);
  });

  it("notices a built file that is cut short or gone", () => {
    expect(changes("packages/one/dist/index.js", "const", "outputs", building)).toBe(true);
    const root = workspace();
    const before = building(root).outputs();
    rmSync(join(root, "packages/one/dist"), { recursive: true });
    expect(building(root).outputs()).not.toBe(before);
  });
});

describe("installation", () => {
  it.each(["package.json", "packages/one/package.json", "pnpm-lock.yaml", "pnpm-workspace.yaml"])(
    "is stale after %s changed",
    (path) => {
      expect(changes(path, '{ "name": "other" }', "inputs", installation)).toBe(true);
    },
  );

  it.each(["node_modules/tool", "packages/one/node_modules/@scope/dep", "node_modules"])(
    "notices that %s is gone",
    (path) => {
      const root = workspace();
      const before = installation(root).outputs();
      rmSync(join(root, path), { recursive: true });
      expect(installation(root).outputs()).not.toBe(before);
    },
  );
});
