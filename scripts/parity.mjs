// npm run parity [-- images]
// All 70,000 MNIST images and the test pictures through every runtime; writes docs/parity.md. Exits 1 when one differs.
import { execFileSync } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { cpus } from "node:os";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { compareRuntimes, openPictures } from "@glyphcast/onnx-parity";
import { mnistBatches } from "./parity/mnist.mjs";
import { page } from "./parity/page.mjs";
import { sourceModules } from "./parity/source-modules.mjs";

const ALL = 70_000;
/** SwiftShader computes WebGPU's shaders on the CPU: every seventieth image, training and test, is what it has time for. */
const SAMPLE = 1_000;

const root = fileURLToPath(new URL("..", import.meta.url));
const model = `${root}models/digits/1/model.onnx`;
const count = Number(process.argv[2] ?? ALL);

/**
 * @param {string} what
 * @param {readonly string[]} runtimes
 * @param {import("@glyphcast/onnx-parity").Inputs} inputs
 */
async function compare(what, runtimes, inputs) {
  const start = performance.now();
  const report = await compareRuntimes({ model, runtimes, inputs, profile: true, timeLimit: 120 });
  const seconds = (performance.now() - start) / 1000;
  for (const { runtime, status, reason } of report.runtimes)
    console.log(`${what}: ${runtime} ${status} ${reason ?? ""}`);
  console.log(`${what}: ${seconds.toFixed(1)} s`);
  return { what, report, seconds };
}

const started = performance.now();
const pictures = await openPictures({
  ...{ model, folder: `${root}test/fixtures/pictures`, browser: true, modules: sourceModules },
});
const sections = [
  await compare(
    `${count.toLocaleString("en")} MNIST images`,
    ["node-cpu", "browser-wasm:1", "browser-wasm:2"],
    mnistBatches({ count, step: 1, batch: 1_000 }),
  ),
  await compare(
    `${SAMPLE.toLocaleString("en")} MNIST images, every seventieth`,
    ["node-cpu", "browser-webgpu", "node-webgpu"],
    mnistBatches({ count: SAMPLE, step: ALL / SAMPLE, batch: 250 }),
  ),
  await compare("Picture files", ["node-cpu", "node-wasm", "browser-wasm:2", "browser-webgpu"], pictures.inputs()),
];
await pictures.close();
const seconds = (performance.now() - started) / 1000;
const peak = process.resourceUsage().maxRSS / 1024;
await writeFile(
  `${root}docs/parity.md`,
  page({ sections, pictures: pictures.report(), seconds, peak, cpu: cpus()[0]?.model ?? "unknown" }),
);
execFileSync(
  process.execPath,
  [createRequire(import.meta.url).resolve("@biomejs/biome/bin/biome"), "format", "--write", "docs/parity.md"],
  { cwd: root },
);
console.log(`docs/parity.md, ${seconds.toFixed(0)} s, at most ${peak.toFixed(0)} MB in this process`);

process.exitCode = sections.every(({ report }) => report.agrees) && pictures.report().agrees ? 0 : 1;
