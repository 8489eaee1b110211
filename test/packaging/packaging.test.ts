import { execFileSync, spawnSync } from "node:child_process";
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, posix } from "node:path";
import { publint } from "publint";
import { formatMessage } from "publint/utils";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { root } from "../../scripts/bootstrap/root.mjs";
import { commandFile, publicPackages, readManifest } from "../../scripts/bootstrap/workspace.mjs";
import { moduleRequests, packageOf } from "./module-requests.ts";
import { makeOutsideProject } from "./outside-project.ts";
import { type Packed, packAll } from "./pack.ts";

const workplace = mkdtempSync(join(realpathSync(tmpdir()), "glyphcast-packaging-"));
const outside = join(workplace, "outside");
let packages: Packed[];

beforeAll(() => {
  packages = packAll(root, join(workplace, "tarballs"));
  makeOutsideProject(root, outside, packages);
});
afterAll(() => rmSync(workplace, { recursive: true, force: true }));

const PUBLISHED = /^(package\.json|README\.md|LICENSE|bin\/[\w-]+\.js|dist\/[\w./-]+\.(js|d\.ts))$/;

describe.each(publicPackages(root))("%s", (folder) => {
  const packed = () => packages.find((each) => each.folder === folder)!;
  const installed = () => join(outside, "node_modules", packed().name);
  const manifest = () => readManifest(installed());
  const read = (path: string) => readFileSync(join(installed(), path), "utf8");

  it("packs what its users need, and nothing else", () => {
    const { files } = packed();
    expect(files).toEqual(expect.arrayContaining(["LICENSE", "README.md", "dist/index.d.ts", "dist/index.js"]));
    expect(files.filter((path) => !PUBLISHED.test(path) || path.includes(".test."))).toEqual([]);
  });

  it("names nothing of the machine it was built on", () => {
    expect(packed().files.filter((path) => read(path).includes(root))).toEqual([]);
  });

  it("carries the repository's licence", () => {
    expect(read("LICENSE")).toBe(readFileSync(join(root, "LICENSE"), "utf8"));
  });

  it("has the files that exports, types and bin name", () => {
    const named = JSON.stringify([manifest().exports, manifest().bin ?? {}]).match(/\.\/[^"]+(?=")/g) ?? [];
    const targets = named.filter((path) => path !== "./package.json").map((path) => path.slice(2));
    expect(targets.length).toBeGreaterThan(0);
    expect(packed().files).toEqual(expect.arrayContaining(targets));
  });

  it("declares every package it imports, and has every file", () => {
    const { dependencies, peerDependencies, name } = manifest();
    const declared = new Set([name, ...Object.keys({ ...dependencies, ...peerDependencies })]);
    const unknown = packed()
      .files.filter((path) => path.endsWith(".js"))
      .flatMap((path) =>
        moduleRequests(path, read(path))
          .filter((request) => {
            const imported = packageOf(request);
            if (imported !== undefined) return !declared.has(imported);
            return request.startsWith(".") && !packed().files.includes(posix.join(posix.dirname(path), request));
          })
          .map((request) => `${path}: ${request}`),
      );
    expect(unknown).toEqual([]);
  });

  it("pleases publint", async () => {
    const tarball = new Uint8Array(readFileSync(packed().tarball)).buffer;
    const { messages, pkg } = await publint({ pack: { tarball }, strict: true });
    expect(messages.map((message) => formatMessage(message, pkg, { color: false }))).toEqual([]);
  });
});

describe("a project outside this repository", () => {
  it.each(["nodenext", "bundler"])("type-checks against them with moduleResolution %s", (resolution) => {
    const { status, stdout } = spawnSync(
      process.execPath,
      [commandFile(root, "typescript", "tsc"), "--project", `tsconfig.${resolution}.json`],
      { cwd: outside, encoding: "utf8" },
    );
    expect({ status, stdout }).toEqual({ status: 0, stdout: "" });
  });

  it("imports them all in Node", () => {
    const output = execFileSync(process.execPath, ["built-nodenext/index.js"], { cwd: outside, encoding: "utf8" });
    expect(Object.keys(JSON.parse(output))).toEqual(packages.map(({ name }) => name));
  });

  it("has their commands", () => {
    const commands = packages.flatMap(({ name }) => {
      const { bin = {} } = readManifest(join(outside, "node_modules", name));
      return Object.keys(bin).map((command) => [command, commandFile(outside, name, command)] as const);
    });
    expect(commands.map(([command]) => command)).toEqual(expect.arrayContaining(["glyphcast", "tfjs-to-onnx"]));
    for (const [command, file] of commands) {
      const { status, stdout } = spawnSync(process.execPath, [file, "--help"], { cwd: outside, encoding: "utf8" });
      expect({ status, stdout }).toEqual({ status: 0, stdout: expect.stringContaining(`${command} `) });
    }
  });

  it("does without TF.js where that is not installed, and says how to get it", () => {
    const command = commandFile(outside, "@glyphcast/onnx-parity", "onnx-parity");
    const argv = [join(root, "models/digits/1/model.onnx"), "--on", "node-cpu,node-cpu:1", "--tfjs", "model.json"];
    const call = (...more: string[]) =>
      spawnSync(process.execPath, [command, ...argv, ...more], { cwd: outside, encoding: "utf8" });
    expect(call()).toMatchObject({ status: 0, stdout: expect.stringContaining("not available: tfjs") });
    expect(call("--require")).toMatchObject({
      status: 2,
      stdout: expect.stringContaining("npm install @tensorflow/tfjs-core"),
    });
  });

  it("takes pictures from file to answer, in Node and in a page without a bundler", () => {
    const pictures = join(workplace, "pictures");
    mkdirSync(pictures);
    for (const file of ["mnist-28.png", "palette.png"])
      copyFileSync(join(root, "test/fixtures/pictures", file), join(pictures, file));
    const model = join(root, "models/digits/1/model.onnx");
    const command = commandFile(outside, "@glyphcast/onnx-parity", "onnx-parity");
    const { status, stdout } = spawnSync(
      process.execPath,
      [command, model, "--on", "node-cpu,browser-wasm", "--require", "--images", pictures],
      { cwd: outside, encoding: "utf8" },
    );
    expect({ status, stdout }).toEqual({ status: 0, stdout: expect.stringMatching(/: 2 of 2 pictures byte-equal\n/) });
  });
});
