import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openTfjsBackend } from "./tfjs-backend.ts";

/** Projects of other people: one without tfjs-node, one whose binary never came. */
let without: string;
let damaged: string;
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "tfjs-node-"));
  const project = (name: string) => {
    const from = join(folder, name, "node_modules", "@glyphcast", "trainer", "dist", "index.js");
    return pathToFileURL(from).href;
  };
  without = project("without");
  damaged = project("damaged");
  const tfjsNode = join(folder, "damaged", "node_modules", "@tensorflow", "tfjs-node");
  await mkdir(tfjsNode, { recursive: true });
  await writeFile(join(tfjsNode, "package.json"), '{ "version": "4.22.0", "main": "index.js" }');
  const words = "The Node.js native addon module (tfjs_binding.node) can not be found at path: x. ";
  await writeFile(join(tfjsNode, "index.js"), `throw new Error(${JSON.stringify(`${words}\nPlease run`)});`);
});
afterAll(() => rm(folder, { recursive: true }));

describe("tfjs-node that does not load", () => {
  it("is refused with the reason and the command that installs it", async () => {
    await expect(openTfjsBackend({ force: false, from: without })).rejects.toMatchObject({
      code: "ENGINE_MISSING",
      exitCode: 2,
      package: "@tensorflow/tfjs-node",
      reason: "it is not installed",
      install: "npm install @tensorflow/tfjs-node@4.22.0",
    });
    await expect(openTfjsBackend({ force: false, from: damaged })).rejects.toMatchObject({
      code: "ENGINE_MISSING",
      reason: "The Node.js native addon module (tfjs_binding.node) can not be found at path: x.",
    });
  });

  it("is installed otherwise in glyphcast's own repository", async () => {
    const from = pathToFileURL(join(folder, "glyphcast", "packages", "trainer", "dist", "index.js")).href;
    await expect(openTfjsBackend({ force: false, from })).rejects.toMatchObject({
      install: expect.stringContaining("pnpm add --workspace-root"),
    });
  });

  it("gives way to plain JavaScript by force", async () => {
    expect(await openTfjsBackend({ force: true, from: without })).toMatchObject({
      backend: "cpu",
      name: "TF.js cpu 4.22.0",
      threads: 1,
    });
  });
});
