/// <reference path="../../../test/all-close.ts" />
import { afterEach, describe, expect, it, vi } from "vitest";
import { drawing, pngOf } from "../../../test/conformance/pictures.ts";
import tinyAnswers from "../../../test/fixtures/tiny-answers.json" with { type: "json" };
import type { Order, Outcome } from "./in-worker.ts";
import { load } from "./load.ts";

const tiny = "/test/fixtures/models/tiny/1";
const answers = tinyAnswers.map((answer) => ({
  ...answer,
  pixels: Uint8Array.from(atob(answer.pixels), (letter) => letter.charCodeAt(0)),
}));
const [first] = answers;
const picture = new Blob([pngOf(drawing(first!.pixels))]);

/** In a worker nothing has been loaded yet, so that its first load decides. */
function inWorker(order: Omit<Order, "picture">): Promise<Outcome> {
  const worker = new Worker(new URL("./in-worker.ts", import.meta.url), { type: "module" });
  return new Promise<Outcome>((resolve, reject) => {
    worker.onmessage = ({ data }: MessageEvent<Outcome>) => resolve(data);
    worker.onerror = ({ message }) => reject(new Error(message));
    worker.postMessage({ ...order, picture });
  }).finally(() => worker.terminate());
}

// First, since the first load of a page decides about its threads.
describe("threads", () => {
  it("are as many as asked for in a cross-origin isolated page, and stay so for its later models", async () => {
    const model = await load(tiny, { threads: 2 });
    expect(model.provider).toEqual({ name: "wasm", threads: 2, fallbacks: [] });
    const later = await load(tiny, { threads: 1 });
    expect(later.provider).toEqual({
      name: "wasm",
      threads: 2,
      fallbacks: [{ wanted: "threads: 1", reason: "the first model of this page chose another number" }],
    });
    await Promise.all([model.dispose(), later.dispose()]);
  });
});

describe("webgpu", () => {
  it("runs the model when asked for, and agrees to 1e-3", async () => {
    const model = await load(tiny, { device: "webgpu" });
    expect(model.provider).toMatchObject({ name: "webgpu", fallbacks: [] });
    for (const { pixels, probabilities } of answers)
      expect((await model.run(pixels, 1)).probabilities).toBeAllClose(probabilities, { rtol: 0, atol: 1e-3 });
    await model.dispose();
  });
});

describe("a page", () => {
  it("gets its turn while a large batch runs", async () => {
    const model = await load(tiny);
    let turns = 0;
    const timer = setInterval(() => turns++, 5);
    await model.run(new Uint8Array(784 * 20_000), 20_000);
    clearInterval(timer);
    expect(turns).toBeGreaterThan(10); // 23 on a quiet machine, more on a busy one; none if the page were held up
    await model.dispose();
  });

  it("may load and classify in a worker of its own", async () => {
    expect(await inWorker({ folder: tiny, options: {} })).toEqual({ label: first!.label, provider: "wasm" });
  });

  it("that looks for ONNX Runtime in the wrong place is told how to mend it", async () => {
    const outcome = await inWorker({ folder: tiny, options: { wasmPaths: "/nowhere/" } });
    expect(outcome.code).toBe("WASM_LOAD");
    expect(outcome.message).toMatch(/did not load: .*wasmPaths/s);
  });

  afterEach(() => vi.unstubAllGlobals());
  it("of an insecure origin, which has no crypto.subtle, is told so", async () => {
    vi.stubGlobal("crypto", {}); // no page served from here is insecure: localhost never is
    await expect(load(tiny)).rejects.toMatchObject({ code: "INSECURE_CONTEXT", origin: location.origin });
  });
});

describe("a picture", () => {
  const image = (src: string) => Object.assign(new Image(), { src });
  const canvas = (width: number, height: number) => Object.assign(document.createElement("canvas"), { width, height });
  it.each([
    ["an image element that does not load", () => image("/nowhere.png"), "PICTURE_UNREADABLE"],
    ["an image element without a source", () => new Image(), "PICTURE_UNREADABLE"],
    ["a canvas without pixels", () => canvas(0, 40), "PICTURE_EMPTY"],
    ["a canvas of 25 megapixels", () => canvas(5000, 5000), "PICTURE_TOO_LARGE"],
    ["a URL where nothing is", () => "/test/nowhere.png", "PICTURE_UNREADABLE"],
    ["a URL of something else", () => "/package.json", "PICTURE_UNSUPPORTED"],
    ["a paragraph", () => document.createElement("p") as never, "PICTURE_UNSUPPORTED"],
  ])("is refused when it is %s", async (_, make, code) => {
    const model = await load(tiny);
    await expect(model.classify(make())).rejects.toMatchObject({ name: "PictureError", code });
    await model.dispose();
  });

  it("of a canvas with nothing drawn on it is an empty drawing", async () => {
    const model = await load(tiny);
    await expect(model.classify(canvas(280, 280))).rejects.toMatchObject({ code: "EMPTY_DRAWING" });
    await model.dispose();
  });
});

describe("the folder", () => {
  it("may be a URL object, and keeps its query", async () => {
    const model = await load(new URL(`${tiny}/?signature=abc`, location.href));
    expect(model.manifest.name).toBe("tiny");
    await model.dispose();
    await expect(load("/nowhere?signature=abc")).rejects.toMatchObject({
      where: `${location.origin}/nowhere/manifest.json?signature=abc`,
    });
  });
});
