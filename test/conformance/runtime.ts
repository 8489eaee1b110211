/// <reference path="../all-close.ts" />
import type { RgbaImage } from "@glyphcast/preprocess";
import { type Model, type Outputs, type Progress, toCanvasGrid } from "@glyphcast/runtime";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import tinyAnswers from "../fixtures/tiny-answers.json" with { type: "json" };
import { drawing, knownPictures, pngOf, withoutChunk } from "./pictures.ts";
import { encodePng, headerChunk } from "./png.ts";

/** What each runtime takes alike; more is its own business. */
type SharedPicture = RgbaImage | Uint8Array;

export interface RuntimeUnderTest<Picture> {
  readonly name: string;
  load(
    folder: string | URL,
    options?: { device?: never; threads?: number; onProgress?: (progress: Progress) => void; signal?: AbortSignal },
  ): Promise<Model<Picture | SharedPicture>>;
  decode(picture: Picture | SharedPicture): Promise<RgbaImage>;
  /** The path or URL of a file under test/fixtures, and its bytes. */
  fixture(path: string): string;
  readFixture(path: string): Promise<Uint8Array<ArrayBuffer>>;
  readonly provider: string;
  /** One picture in every form that this side takes. */
  formsOf(file: Uint8Array<ArrayBuffer>, image: RgbaImage): Promise<Readonly<Record<string, Picture>>>;
  /** The path or URL of models/digits/1, where it is there. */
  readonly digits: string | undefined;
  /** Expected to be refused by name. */
  readonly unknownDevice: string;
  /** Why what cannot be tested on this side cannot. */
  readonly skips: { readonly [test in "a model folder without a version"]?: string };
}

const answers = tinyAnswers.map((answer) => ({
  ...answer,
  pixels: Uint8Array.from(atob(answer.pixels), (letter) => letter.charCodeAt(0)),
}));
const labelsOf = answers.map(({ label }) => label);
const stacked = Uint8Array.from(answers.flatMap(({ pixels }) => [...pixels]));

/** float32 in a graph against float64 in numpy: a sum of 196 products each a few units large. */
const AGAINST_NUMPY = { rtol: 1e-5, atol: 1e-5 };

/** What every runtime owes its callers, whatever it runs on. */
export function describeRuntime<Picture>(side: RuntimeUnderTest<Picture>): void {
  const { name, fixture, decode } = side;
  const load: RuntimeUnderTest<Picture>["load"] = (folder, options) => side.load(folder, options);
  const skipping = (test: keyof typeof side.skips) =>
    side.skips[test] === undefined
      ? it
      : (title: string, body: () => unknown) => it.skip(`${title} (${side.skips[test]})`, body);

  describe(`${name}: loading`, () => {
    it("tells what was loaded and what runs it", async () => {
      const model = await load(fixture("models/tiny/1"));
      expect(model.labels).toEqual(["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"]);
      expect(model.manifest).toMatchObject({ name: "tiny", version: "1", reject: { threshold: 0.5 } });
      expect(model.provider).toMatchObject({ name: side.provider, fallbacks: [] });
      await model.dispose();
    });

    it("takes a folder with a slash at its end", async () => {
      await (await load(`${fixture("models/tiny/1")}/`)).dispose();
    });

    skipping("a model folder without a version")("picks the highest version of a model's folder", async () => {
      const model = await load(fixture("models/tiny"));
      expect(model.manifest.version).toBe("1");
      await model.dispose();
    });

    it("reports progress up to the size that the manifest gives", async () => {
      const seen: Progress[] = [];
      const model = await load(fixture("models/tiny/1"), { onProgress: (progress) => seen.push(progress) });
      const total = model.manifest.files["model.onnx"]!.bytes;
      expect(seen[0]).toEqual({ file: "model.onnx", loaded: 0, total });
      expect(seen.at(-1)).toEqual({ file: "model.onnx", loaded: total, total });
      await model.dispose();
    });

    it("gives up with the signal's reason, before it begins and on the way", async () => {
      const reason = new Error("changed my mind");
      await expect(load(fixture("models/tiny/1"), { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);

      const onTheWay = new AbortController();
      const loading = load(fixture("models/tiny/1"), {
        signal: onTheWay.signal,
        onProgress: () => onTheWay.abort(reason),
      });
      await expect(loading).rejects.toBe(reason);
    });

    it("refuses a folder that is not there, and what is no folder", async () => {
      await expect(load(undefined as never)).rejects.toMatchObject({ code: "OPTION_VALUE", option: "folder" });
      await expect(load(fixture("models/absent/1"))).rejects.toMatchObject({ code: "MODEL_NOT_FOUND" });
    });

    it("refuses a model of which one bit differs, naming both hashes", async () => {
      const tiny = await load(fixture("models/tiny/1"));
      const expected = tiny.manifest.files["model.onnx"]!;
      await tiny.dispose();

      const error = await load(fixture("models/mismatched/1")).catch((error: Error) => error);
      expect(error).toMatchObject({ code: "MODEL_MISMATCH", expected, found: { bytes: expected.bytes } });
      const { found } = error as unknown as { found: typeof expected };
      expect(found.sha256).toMatch(/^[0-9a-f]{64}$/);
      expect(found.sha256).not.toBe(expected.sha256);
      expect((error as Error).message).toContain(expected.sha256);
      expect((error as Error).message).toContain(found.sha256);
    });

    it.each([
      ["a manifest that is a web page", "not-json", { code: "MANIFEST_INVALID", path: "" }],
      ["a model that is no ONNX file", "corrupt", { code: "INFERENCE_FAILED" }],
      ["a graph without an output of its manifest", "other-outputs", { code: "MODEL_CONTRACT", value: "certainty" }],
      ["a graph with more classes than labels", "other-labels", { code: "MODEL_CONTRACT", value: "logits" }],
    ])("refuses %s", async (_, folder, expected) => {
      await expect(load(fixture(`models/${folder}/1`))).rejects.toMatchObject(expected);
    });

    it("refuses options it does not know, by their name, and values it cannot use", async () => {
      const wrong = (options: object) => load(fixture("models/tiny/1"), options);
      await expect(wrong({ theads: 2 })).rejects.toMatchObject({ code: "UNKNOWN_OPTION", option: "theads" });
      await expect(wrong({ threads: 0 })).rejects.toMatchObject({
        code: "OPTION_VALUE",
        option: "threads",
        found: "0",
      });
      await expect(wrong({ device: side.unknownDevice })).rejects.toMatchObject({
        code: "OPTION_VALUE",
        option: "device",
      });
    });
  });

  describe(`${name}: a loaded model`, () => {
    let model: Model<Picture | SharedPicture>;
    beforeAll(async () => {
      model = await load(fixture("models/tiny/1"));
    });
    afterAll(() => model?.dispose());

    describe("run", () => {
      const expectAnswers = (outputs: Outputs, expected: typeof answers) => {
        expect(outputs.logits).toBeAllClose(
          expected.flatMap(({ logits }) => logits),
          AGAINST_NUMPY,
        );
        expect(outputs.probabilities).toBeAllClose(
          expected.flatMap(({ probabilities }) => probabilities),
          AGAINST_NUMPY,
        );
        expect(outputs.confidence).toBeAllClose(
          expected.map(({ confidence }) => confidence),
          AGAINST_NUMPY,
        );
      };

      it("computes what numpy computes", async () => {
        expectAnswers(await model.run(stacked, 3), answers);
      });

      it("leaves the caller's pixels alone", async () => {
        const pixels = stacked.slice();
        await model.run(pixels, 3);
        expect(pixels).toEqual(stacked);
      });

      it("gives every input of a batch larger than it runs at once its own answer", async () => {
        const copies = 67; // 201 inputs: no multiple of any batch size used
        const pixels = new Uint8Array(copies * stacked.length);
        for (let i = 0; i < copies; i++) pixels.set(stacked, i * stacked.length);
        expectAnswers(await model.run(pixels, copies * 3), Array.from({ length: copies }, () => answers).flat());
      });

      it("answers overlapping calls each for itself", async () => {
        const all = await Promise.all(Array.from({ length: 30 }, (_, i) => model.run(answers[i % 3]!.pixels, 1)));
        for (const [i, outputs] of all.entries()) expectAnswers(outputs, [answers[i % 3]!]);
      });

      it("refuses pixels of another length or kind, naming what was found and expected", async () => {
        await expect(model.run(new Uint8Array(783), 1)).rejects.toMatchObject({
          code: "TENSOR_SHAPE",
          found: "783 bytes",
          expected: "[1, 28, 28] uint8, which is 784",
        });
        await expect(model.run(stacked, 2)).rejects.toMatchObject({ code: "TENSOR_SHAPE", found: "2352 bytes" });
        await expect(model.run(new Float32Array(784) as never, 1)).rejects.toMatchObject({
          code: "TENSOR_SHAPE",
          found: "Float32Array",
        });
        await expect(model.run(stacked, 0)).rejects.toMatchObject({ code: "OPTION_VALUE", option: "batch" });
      });
    });

    describe("classify", () => {
      it("reads drawn digits", async () => {
        const read = await model.classify(answers.map(({ pixels }) => drawing(pixels)));
        expect(read.map(([best]) => best!.label)).toEqual(labelsOf);
      });

      it("gives one candidate unless asked for more, best first, as a list for each picture of an array", async () => {
        const picture = drawing(answers[0]!.pixels);
        expect(await model.classify(picture)).toHaveLength(1);
        const all = await model.classify(picture, { topK: 99 });
        expect(all).toHaveLength(10);
        expect(all.map(({ score }) => score)).toEqual(all.map(({ score }) => score).sort((a, b) => b - a));
        expect(all.reduce((sum, { score }) => sum + score, 0)).toBeCloseTo(1, 5);
        for (const { label, index } of all) expect(model.labels[index]).toBe(label);
        expect(await model.classify([picture], { topK: 3 })).toEqual([all.slice(0, 3)]);
        expect(await model.classify([])).toEqual([]);
      });

      it("takes forms of all kinds in one array, and many more than it decodes at once", async () => {
        const pictures = Array.from({ length: 41 }, (_, i) => {
          const image = drawing(answers[i % 3]!.pixels);
          return i % 2 === 0 ? image : pngOf(image);
        });
        const read = await model.classify(pictures);
        expect(read.map(([best]) => best!.label)).toEqual(pictures.map((_, i) => labelsOf[i % 3]));
      });

      it("refuses unknown options and impossible values of known ones", async () => {
        const wrong = (options: object) => model.classify(drawing(answers[0]!.pixels), options);
        await expect(wrong({ top_k: 3 })).rejects.toMatchObject({
          code: "UNKNOWN_OPTION",
          option: "top_k",
          known: ["topK"],
        });
        await expect(wrong({ topK: 0 })).rejects.toMatchObject({ code: "OPTION_VALUE", option: "topK", found: "0" });
        await expect(wrong({ topK: 1.5 })).rejects.toMatchObject({ code: "OPTION_VALUE", option: "topK" });
      });

      it("names the picture of an array that failed", async () => {
        const good = drawing(answers[0]!.pixels);
        await expect(model.classify([good, good, new Uint8Array(0), good])).rejects.toMatchObject({
          code: "BATCH_ITEM",
          index: 2,
          cause: { code: "PICTURE_EMPTY" },
        });
      });
    });

    describe("read", () => {
      it("says what classify says, how sure it is, and what the model saw", async () => {
        const picture = drawing(answers[0]!.pixels);
        const reading = await model.read(picture, { topK: 2 });
        expect(reading.candidates).toEqual(await model.classify(picture, { topK: 2 }));
        expect(reading.pixels).toEqual(await model.pixels(picture));
        expect(reading.confidence).toBe(reading.candidates[0]!.score); // as this model defines it
        expect(reading.rejected).toBe(false);
      });

      it("rejects what the confidence puts below the threshold", async () => {
        const scribble = drawing(Uint8Array.from({ length: 784 }, (_, i) => ((i * 7919) % 11 < 3 ? 255 : 0)));
        const reading = await model.read(scribble);
        expect(reading.confidence).toBeLessThan(model.manifest.reject.threshold);
        expect(reading.rejected).toBe(true);
        expect(reading.candidates).toHaveLength(1);
      });
    });

    describe("pictures", () => {
      const image = drawing(answers[1]!.pixels, (strength) => [20, 40, 60, strength]); // ink of changing alpha on nothing
      const file = pngOf(image);

      it("are the same pixels to the model in every form", async () => {
        const expected = await model.pixels(image);
        expect(expected).toHaveLength(784);
        const forms = { bytes: file, ...(await side.formsOf(file, image)) };
        for (const [form, picture] of Object.entries(forms))
          expect({ form, pixels: await model.pixels(picture) }).toEqual({ form, pixels: expected });
      });

      it.each(knownPictures)("decode to the bytes that PNG defines: $name", async ({ file, image }) => {
        const { width, height, data } = toCanvasGrid(await decode(file));
        const expected = toCanvasGrid(image);
        expect([width, height]).toEqual([image.width, image.height]);
        expect(differences(data, expected.data)).toEqual([]);
      });

      it("decode with their colour profile left aside", async () => {
        const tagged = await side.readFixture("pictures/display-p3.png");
        const untagged = withoutChunk(tagged, "iCCP");
        expect(untagged.length).toBeLessThan(tagged.length);
        expect(differences((await decode(tagged)).data, (await decode(untagged)).data)).toEqual([]);
      });

      it("of lossless WebP are the same pixels to the model", async () => {
        const webp = await model.pixels(await side.readFixture("pictures/lossless.webp"));
        expect(webp).toEqual(await model.pixels(drawing(answers[1]!.pixels)));
      });

      it("of a JPEG lying on its side are turned upright as its Exif says", async () => {
        const { width, height, data } = await decode(await side.readFixture("pictures/turned.jpg"));
        expect([width, height]).toEqual([200, 224]);
        const upright = drawing(answers[1]!.pixels);
        let sum = 0;
        for (let i = 0; i < data.length; i++) {
          const [x, y] = [(i >> 2) % width, Math.floor((i >> 2) / width)];
          sum += Math.abs(data[i]! - upright.data[(y * upright.width + x + 12) * 4 + (i & 3)]!);
        }
        expect(sum / data.length).toBeLessThan(2); // JPEG's own loss at quality 90; on its side it would be about 40
      });

      it.each(["lossy.webp", "alpha.webp", "drawn.gif", "turned.jpg", "display-p3.png"])(
        "in %s are read",
        async (name) => {
          const [best] = await model.classify(await side.readFixture(`pictures/${name}`));
          expect(best!.label).toBe(labelsOf[1]);
        },
      );

      it("are left as the caller gave them", async () => {
        const before = image.data.slice();
        await model.classify(image);
        expect(image.data).toEqual(before);
      });

      it.each([
        ["nothing", new Uint8Array(0), "PICTURE_EMPTY"],
        ["text", bytesOf("Dear model, what is this?\n"), "PICTURE_UNSUPPORTED"],
        ["an SVG", bytesOf('<?xml version="1.0"?>\n<svg xmlns="http://www.w3.org/2000/svg"/>'), "PICTURE_UNSUPPORTED"],
        ["a PDF", bytesOf("%PDF-1.7\n%âãÏÓ\n"), "PICTURE_UNSUPPORTED"],
        ["a PNG cut short", file.slice(0, file.length / 2), "PICTURE_TRUNCATED"],
        ["a PNG cut in its header", file.slice(0, 20), "PICTURE_TRUNCATED"],
        ["a PNG that claims 20,000 × 20,000 pixels", claiming(20_000, 20_000), "PICTURE_TOO_LARGE"],
        ["a PNG that claims 0 × 10 pixels", claiming(0, 10), "PICTURE_EMPTY"],
        ["a PNG whose pixels are missing", claiming(100, 100), "PICTURE_UNREADABLE"],
      ])("refuses %s with a code and a remedy", async (_, bytes, code) => {
        const error = (await model.classify(bytes).catch((error: Error) => error)) as Error;
        expect(error).toMatchObject({ name: "PictureError", code });
        expect(error.message).toMatch(/^The picture is .*, expected .*\.\n {2}[A-Z].*[.?]$/);
      });

      it("refuses pixels that do not fill their picture, and pictures with nothing on them", async () => {
        const short = { width: 4, height: 4, data: new Uint8Array(63) };
        await expect(model.classify(short)).rejects.toMatchObject({ code: "INVALID_IMAGE", field: "data" });
        const blank = { width: 40, height: 40, data: new Uint8Array(40 * 40 * 4).fill(255) };
        await expect(model.classify(blank)).rejects.toMatchObject({ name: "EmptyDrawingError", code: "EMPTY_DRAWING" });
      });

      it("refuses what is no picture at all", async () => {
        for (const wrong of [null, undefined, 7, {}, () => {}])
          await expect(model.classify(wrong as never)).rejects.toMatchObject({ code: "PICTURE_UNSUPPORTED" });
      });
    });
  });

  it.skipIf(side.digits === undefined)(
    `${name}: the digit model reads drawn digits (skipped without models/digits/1)`,
    async () => {
      const digits = await load(side.digits!);
      const read = await digits.read(answers.map(({ pixels }) => drawing(pixels)));
      expect(read.map(({ candidates }) => candidates[0]!.label)).toEqual(labelsOf);
      for (const { candidates, rejected } of read) {
        expect(candidates[0]!.score).toBeGreaterThan(0.9);
        expect(rejected).toBe(false);
      }
      await digits.dispose();
    },
  );

  describe(`${name}: dispose`, () => {
    it("lets calls under way finish, and refuses later ones", async () => {
      const model = await load(fixture("models/tiny/1"));
      const underWay = model.classify(answers.map(({ pixels }) => drawing(pixels)));
      const disposed = model.dispose();
      expect((await underWay).map(([best]) => best!.label)).toEqual(labelsOf);
      await disposed;
      await expect(model.classify(drawing(answers[0]!.pixels))).rejects.toMatchObject({ code: "DISPOSED" });
      await expect(model.run(stacked, 3)).rejects.toMatchObject({ code: "DISPOSED" });
      await expect(model.pixels(drawing(answers[0]!.pixels))).rejects.toMatchObject({ code: "DISPOSED" });
    });

    it("is harmless again, and is what `await using` calls", async () => {
      const model = await load(fixture("models/tiny/1"));
      await model[Symbol.asyncDispose]();
      await model.dispose();
      await expect(model.read(drawing(answers[0]!.pixels))).rejects.toMatchObject({ code: "DISPOSED" });
    });

    it("of one model leaves another at work", async () => {
      const [first, second] = await Promise.all([load(fixture("models/tiny/1")), load(fixture("models/tiny/1"))]);
      await first.dispose();
      expect((await second.classify(drawing(answers[0]!.pixels)))[0]!.label).toBe(labelsOf[0]);
      await second.dispose();
    });
  });
}

const bytesOf = (text: string): Uint8Array<ArrayBuffer> => Uint8Array.from(text, (letter) => letter.charCodeAt(0));

/** A PNG file of one pixel whose header says otherwise. */
function claiming(width: number, height: number): Uint8Array<ArrayBuffer> {
  const file = encodePng({ width: 1, height: 1, samples: [0, 0, 0, 255] });
  file.set(headerChunk(width, height), 8);
  return file;
}

/** The first few places that differ, since two arrays of 262,144 numbers print badly. */
function differences(found: ArrayLike<number>, expected: ArrayLike<number>): string[] {
  if (found.length !== expected.length) return [`${found.length} bytes, expected ${expected.length}`];
  const places: string[] = [];
  for (let i = 0; i < found.length && places.length < 5; i++)
    if (found[i] !== expected[i]) places.push(`[${i}] is ${found[i]}, expected ${expected[i]}`);
  return places;
}
