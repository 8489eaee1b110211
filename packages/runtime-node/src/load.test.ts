import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { cp, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import type { Worker } from "node:worker_threads";
import sharp from "sharp";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { load } from "./load.ts";

const tiny = fileURLToPath(new URL("../../../test/fixtures/models/tiny", import.meta.url));

let scratch: string;
beforeAll(async () => {
  scratch = await mkdtemp(join(tmpdir(), "glyphcast-"));
});
afterAll(() => rm(scratch, { recursive: true }));

/** The longest time in ms that a 5 ms timer was kept waiting while `work` went on. */
async function longestBlock(work: () => Promise<unknown>): Promise<number> {
  let longest = 0;
  let last = performance.now();
  const note = () => {
    longest = Math.max(longest, performance.now() - last);
    last = performance.now();
  };
  const timer = setInterval(note, 5);
  await work();
  note();
  clearInterval(timer);
  return longest;
}

/** The work itself takes several times as long. */
const NOT_BLOCKED = 100;

// Again when it fails, since another process may hold the timer up too; what blocks the loop does so every time.
describe("the event loop", { retry: 4 }, () => {
  it("keeps turning while many pictures are classified", async () => {
    await using model = await load(tiny);
    const ink = await sharp({ create: { width: 300, height: 300, channels: 4, background: "white" } })
      .composite([{ input: { create: { width: 40, height: 200, channels: 4, background: "black" } } }])
      .raw()
      .toBuffer();
    const pictures = Array<{ width: number; height: number; data: Uint8Array }>(300).fill({
      width: 300,
      height: 300,
      data: ink,
    });
    const begun = performance.now();
    expect(await longestBlock(() => model.classify(pictures))).toBeLessThan(NOT_BLOCKED);
    expect(performance.now() - begun).toBeGreaterThan(2 * NOT_BLOCKED);
  });

  it("keeps turning while a photo of 16 megapixels is read", async () => {
    await using model = await load(tiny);
    const photo = join(scratch, "photo.jpg");
    await sharp({ create: { width: 4096, height: 4096, channels: 3, background: "white" } })
      .composite([{ input: { create: { width: 600, height: 3000, channels: 3, background: "navy" } } }])
      .jpeg()
      .toFile(photo);
    expect(await longestBlock(() => model.classify(photo))).toBeLessThan(NOT_BLOCKED);
  });
});

describe("the folder", () => {
  it("may be a model's, and then its highest version is loaded, by number", async () => {
    const models = join(scratch, "versions");
    for (const version of ["9", "10", "latest", "11"]) await mkdir(join(models, version), { recursive: true });
    for (const version of ["9", "10"]) await cp(join(tiny, "1"), join(models, version), { recursive: true });
    const manifest = JSON.parse(await readFile(join(tiny, "1/manifest.json"), "utf8"));
    await writeFile(join(models, "10/manifest.json"), JSON.stringify({ ...manifest, version: "10" }));

    await using model = await load(models); // 11 is there, and holds nothing yet
    expect(model.manifest.version).toBe("10");
  });

  it("may be a file: URL, and no other", async () => {
    await using model = await load(pathToFileURL(tiny));
    expect(model.manifest.name).toBe("tiny");
    await expect(load("https://example.com/models/tiny")).rejects.toMatchObject({
      code: "OPTION_VALUE",
      option: "folder",
    });
  });

  it("that holds no model is refused with what it holds", async () => {
    const folder = join(scratch, "other");
    await mkdir(join(folder, "notes"), { recursive: true });
    await expect(load(folder)).rejects.toThrow(/it holds notes and no manifest/);
    await expect(load(join(folder, "notes"))).rejects.toThrow(/the folder is empty/);
    await expect(load(join(tiny, "1/model.onnx"))).rejects.toThrow(/it is a file, not a folder/);
    await cp(join(tiny, "1/manifest.json"), join(folder, "manifest.json"));
    await expect(load(folder)).rejects.toMatchObject({ code: "MODEL_NOT_FOUND", where: join(folder, "model.onnx") });
  });
});

describe("the device", () => {
  it("that is asked for by name and missing is an error that says how to get it", async () => {
    await expect(load(tiny, { device: "cuda" })).rejects.toMatchObject({
      code: "DEVICE_UNAVAILABLE",
      device: "cuda",
      message: expect.stringMatching(/CUDA 12 .*npm rebuild onnxruntime-node$/s),
    });
  });

  // Chromium brings a Vulkan driver for the CPU along. Its folder counts only from the start of a process.
  const chromium = "/usr/lib/chromium";
  it.skipIf(!existsSync(`${chromium}/libvulkan.so.1`))(
    "webgpu runs the model where there is a Vulkan driver (skipped without Debian's chromium)",
    async () => {
      const env = { LD_LIBRARY_PATH: chromium, VK_ICD_FILENAMES: `${chromium}/vk_swiftshader_icd.json` };
      const { out } = await runScript(
        `const pixels = new Uint8Array(784).fill(100);
         const answers = [];
         for (const device of ["cpu", "webgpu"]) {
           const model = await load(${JSON.stringify(tiny)}, { device });
           answers.push([model.provider.name, Math.max(...(await model.run(pixels, 1)).probabilities)]);
           await model.dispose();
         }
         console.log(JSON.stringify(answers));`,
        env,
      );
      const [cpu, webgpu] = JSON.parse(out) as [string, number][];
      expect([cpu![0], webgpu![0]]).toEqual(["cpu", "webgpu"]);
      expect([webgpu![1]]).toBeAllClose([cpu![1]], { rtol: 0, atol: 1e-3 }); // what is promised of WebGPU
    },
  );
});

describe("the worker", () => {
  it("that dies makes calls fail by name instead of waiting for ever", async () => {
    const [started, model] = await Promise.all([once(process, "worker") as Promise<[Worker]>, load(tiny)]);
    // Before the call arrives: in the middle of onnxruntime's work it could take the whole process along.
    const ended = started[0].terminate();
    const underWay = model.run(new Uint8Array(784 * 5000), 5000);
    await Promise.all([expect(underWay).rejects.toMatchObject({ code: "WORKER_STOPPED" }), ended]);
    await expect(model.run(new Uint8Array(784), 1)).rejects.toMatchObject({ code: "WORKER_STOPPED" });
    await model.dispose();
  });

  it("does not keep a process alive, and onnxruntime reports to nobody", async () => {
    const home = join(scratch, "home");
    await mkdir(home);
    const { out, seconds } = await runScript(
      `const model = await load(${JSON.stringify(tiny)});
       console.log((await model.run(new Uint8Array(784), 1)).logits.length);`, // and never disposes of it
      { HOME: home, XDG_CACHE_HOME: join(home, ".cache") },
    );
    expect(out).toBe("10\n");
    expect(seconds).toBeLessThan(20);
    expect(await readdir(home)).toEqual([]);
  });
});

describe("a picture", () => {
  it.each([
    ["a path where nothing is", "/nowhere/digit.png", "PICTURE_UNREADABLE"],
    ["a folder", tmpdir(), "PICTURE_UNREADABLE"],
    ["a web address", "https://example.com/digit.png", "PICTURE_UNSUPPORTED"],
    ["a URL object of one", new URL("https://example.com/digit.png"), "PICTURE_UNSUPPORTED"],
  ])("is refused when it is %s", async (_, picture, code) => {
    await using model = await load(tiny, { worker: false });
    await expect(model.classify(picture)).rejects.toMatchObject({ name: "PictureError", code });
  });
});

/** Runs a script in a process of its own, with `load` in scope, from the sources. */
async function runScript(body: string, env: Record<string, string>): Promise<{ out: string; seconds: number }> {
  const begun = performance.now();
  const script = join(scratch, "script.mjs");
  await writeFile(script, `import { load } from "@glyphcast/runtime-node";\n${body}`);
  const child = spawn(process.execPath, [...process.execArgv, script], {
    env: { ...process.env, ORT_DISABLE_TELEMETRY: undefined, ...env }, // which load() has set in this process
    stdio: ["ignore", "pipe", "pipe"],
  });
  let out = "";
  let err = "";
  child.stdout.on("data", (chunk) => (out += chunk));
  child.stderr.on("data", (chunk) => (err += chunk));
  const [exit] = await once(child, "close");
  if (exit !== 0) throw new Error(`exit ${exit}: ${err}`);
  return { out, seconds: (performance.now() - begun) / 1000 };
}
