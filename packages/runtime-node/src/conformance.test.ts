import { existsSync } from "node:fs";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import type { RgbaImage } from "@glyphcast/runtime";
import { afterAll, beforeAll } from "vitest";
import { describeRuntime, type RuntimeUnderTest } from "../../../test/conformance/runtime.ts";
import { decodePicture, type Picture } from "./decode.ts";
import { load } from "./load.ts";

/** As browsers and node-canvas have it: its properties are getters of its class. */
class GetterImageData {
  readonly #image: RgbaImage;
  constructor(image: RgbaImage) {
    this.#image = image;
  }
  get width() {
    return this.#image.width;
  }
  get height() {
    return this.#image.height;
  }
  get data() {
    return new Uint8ClampedArray(this.#image.data);
  }
}

function insideLarger(data: ArrayLike<number>): Uint8Array {
  const larger = new Uint8Array(99 + data.length);
  larger.set(data, 99);
  return larger.subarray(99);
}

let scratch: string;
beforeAll(async () => {
  scratch = await mkdtemp(join(tmpdir(), "glyphcast-"));
});
afterAll(() => rm(scratch, { recursive: true }));

const digits = fileURLToPath(new URL("../../../models/digits/1", import.meta.url));

const node: Omit<RuntimeUnderTest<Picture>, "name" | "load"> = {
  decode: decodePicture,
  fixture: (path) => fileURLToPath(new URL(`../../../test/fixtures/${path}`, import.meta.url)),
  readFixture: async (path) =>
    new Uint8Array(await readFile(new URL(`../../../test/fixtures/${path}`, import.meta.url))),
  provider: "cpu",
  async formsOf(file, image) {
    const path = join(scratch, "picture.png");
    await writeFile(path, file);
    return {
      path,
      "file URL": pathToFileURL(path),
      Buffer: Buffer.from(file),
      "an ImageData": new GetterImageData(image),
      "pixels inside a larger buffer": { ...image, data: insideLarger(image.data) },
    };
  },
  digits: existsSync(digits) ? digits : undefined,
  unknownDevice: "wasm",
  skips: {},
};

describeRuntime({ ...node, name: "in a worker", load });
describeRuntime({
  ...node,
  name: "in the caller's thread",
  load: (folder, options) => load(folder, { ...options, worker: false }),
});
