import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { afterAll, beforeAll } from "vitest";
import { describeRuntime, type RuntimeUnderTest } from "../../../test/conformance/runtime.ts";
import { decodePicture, type Picture } from "./decode.ts";
import { load } from "./load.ts";

let scratch: string;
beforeAll(async () => {
  scratch = await mkdtemp(join(tmpdir(), "glyphcast-"));
});
afterAll(() => rm(scratch, { recursive: true }));

const node: Omit<RuntimeUnderTest<Picture>, "name" | "load"> = {
  decode: decodePicture,
  fixture: (path) => fileURLToPath(new URL(`../../../test/fixtures/${path}`, import.meta.url)),
  provider: "cpu",
  async formsOf(file, image) {
    const path = join(scratch, "picture.png");
    await writeFile(path, file);
    return {
      path,
      "file URL": pathToFileURL(path),
      Buffer: Buffer.from(file),
      ImageData: { width: image.width, height: image.height, data: new Uint8ClampedArray(image.data) },
    };
  },
  unknownDevice: "wasm",
  skips: {},
};

describeRuntime({ ...node, name: "in a worker", load });
describeRuntime({
  ...node,
  name: "in the caller's thread",
  load: (folder, options) => load(folder, { ...options, worker: false }),
});
