import { describeRuntime, type RuntimeUnderTest } from "../../../test/conformance/runtime.ts";
import { decodePicture, type Picture } from "./decode.ts";
import { load } from "./load.ts";

const digits = "/models/digits/1";

const web: RuntimeUnderTest<Picture> = {
  name: "wasm",
  load,
  decode: decodePicture,
  fixture: (path) => `/test/fixtures/${path}`,
  readFixture: async (path) => new Uint8Array(await (await fetch(`/test/fixtures/${path}`)).arrayBuffer()),
  provider: "wasm",
  async formsOf(file, image) {
    const blob = new Blob([file], { type: "image/png" });
    const url = URL.createObjectURL(blob);
    const element = new Image();
    element.src = url;
    const bitmap = await createImageBitmap(blob);

    const pixels = new ImageData(new Uint8ClampedArray(image.data), image.width, image.height);
    const canvas = document.createElement("canvas");
    Object.assign(canvas, { width: image.width, height: image.height });
    canvas.getContext("2d")!.putImageData(pixels, 0, 0);
    const offscreen = new OffscreenCanvas(image.width, image.height);
    offscreen.getContext("2d")!.drawImage(bitmap, 0, 0);
    return {
      Blob: blob,
      File: new File([file], "picture.png"),
      ArrayBuffer: file.buffer,
      "URL as text": url,
      URL: new URL(url),
      HTMLImageElement: element,
      ImageBitmap: bitmap,
      ImageData: pixels,
      HTMLCanvasElement: canvas,
      OffscreenCanvas: offscreen,
    };
  },
  digits: (await fetch(`${digits}/manifest.json`)).ok ? digits : undefined,
  unknownDevice: "cpu",
  skips: { "a model folder without a version": "a web server does not list its folders" },
};

describeRuntime(web);
