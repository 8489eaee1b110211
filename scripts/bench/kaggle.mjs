// npm run bench:kaggle [-- --recipe digits --seed 1 --out DIR --cut-only]
// Kaggle's "Digit Recognizer" by its own rules: 42,000 of MNIST's 70,000 pictures to train on, 28,000 to hand in, cut by
// a seeded shuffle, not by writers as MNIST is. Trains by the glyphcast command on the former, lets it write the
// submission for the latter, which it sees without labels, and scores that as Kaggle would.
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { loadMnist } from "../../packages/trainer/src/datasets/mnist.ts";
import { randomStream, shuffle } from "../../packages/trainer/src/random.ts";
import { glyphcast } from "./glyphcast.mjs";

const { values } = parseArgs({
  options: {
    recipe: { type: "string", default: "digits" },
    seed: { type: "string", default: "1" },
    out: { type: "string", default: "runs/kaggle" },
    "cut-only": { type: "boolean", default: false },
  },
});
const TRAINING = 42_000;
const SIZE = 28 * 28;
const out = resolve(values.out);

const mnist = await loadMnist();
const parts = [mnist.train, await mnist.test()];
/** @param {number} i */
const picture = (i) => {
  const [part, at] = i < 60_000 ? [parts[0], i] : [parts[1], i - 60_000];
  if (part === undefined) throw new Error("MNIST has two parts.");
  return { pixels: part.pixels.subarray(at * SIZE, (at + 1) * SIZE), label: part.labels[at] ?? -1 };
};
const order = shuffle(
  Uint32Array.from({ length: 70_000 }, (_, i) => i),
  randomStream(0x6b616767),
);

/** @param {Uint32Array} indices @param {readonly number[]} header */
const idx = (indices, header) => {
  const sizes = new DataView(new ArrayBuffer(4 * (header.length + 1)));
  sizes.setUint32(0, 0x0800 + header.length);
  for (const [i, size] of header.entries()) sizes.setUint32(4 * (i + 1), size);
  const rows = [...indices].map((i) => (header.length === 3 ? picture(i).pixels : Uint8Array.of(picture(i).label)));
  return Buffer.concat([new Uint8Array(sizes.buffer), ...rows]);
};
/** The columns that Kaggle's files have. */
const columns = Array.from({ length: SIZE }, (_, i) => `pixel${i}`).join();

const training = order.subarray(0, TRAINING);
const handedIn = order.subarray(TRAINING);
// A training run has to end in a judgement: it gets 1,000 of its own pictures for that, and none of the 28,000.
const judged = training.subarray(0, 1000);
const folder = join(out, "data");
await mkdir(folder, { recursive: true });
await writeFile(join(folder, "train-images-idx3-ubyte"), idx(training, [training.length, 28, 28]));
await writeFile(join(folder, "train-labels-idx1-ubyte"), idx(training, [training.length]));
await writeFile(join(folder, "t10k-images-idx3-ubyte"), idx(judged, [judged.length, 28, 28]));
await writeFile(join(folder, "t10k-labels-idx1-ubyte"), idx(judged, [judged.length]));
await writeFile(
  join(folder, "test.csv"),
  `${columns}\n${[...handedIn].map((i) => picture(i).pixels.join()).join("\n")}\n`,
);

if (!values["cut-only"]) {
  const runs = join(out, "runs");
  const submission = join(out, "submission.csv");
  const { recipe, seed } = values;
  glyphcast("train", "--data", `idx:${folder}`, "--recipe", recipe, "--seed", seed, "--validation", "0", "--out", runs);
  const model = join(runs, "latest", "model");
  glyphcast("submit", "--model", model, "--test", join(folder, "test.csv"), "--out", submission);
  const [, ...rows] = (await readFile(submission, "utf8")).trimEnd().split("\n");
  const right = rows.filter((row, i) => row === `${i + 1},${picture(handedIn[i] ?? -1).label}`).length;
  if (rows.length !== handedIn.length) throw new Error(`${rows.length} rows, expected ${handedIn.length}`);
  console.log(`Kaggle's score: ${(right / rows.length).toFixed(5)}, ${rows.length - right} of ${rows.length} wrong`);
}
