import { readFile } from "node:fs/promises";
import { PicturesError, UnavailableError } from "../errors.ts";
import { type OpenPage, openPage } from "../target/open-page.ts";
import { type PageModules, servePageModules } from "./page-modules.ts";
import type { PictureReader, Pixels } from "./picture-reader.ts";

const LABEL = "decoding in a browser";

/**
 * Pictures as `@glyphcast/runtime-web` reads them, in a real Chromium. One that dies is started once more.
 *
 * folder: of a model and its manifest. seconds: for one picture.
 * @throws UnavailableError when there is no browser, or that package is not installed.
 */
export async function openPagePictures(
  folder: string,
  { seconds, modules }: { readonly seconds: number; readonly modules?: PageModules | undefined },
  open: typeof openPage = openPage,
): Promise<PictureReader> {
  const start = () => startPage(folder, seconds, modules, open);
  let opened = await start();
  let restarted = false;
  const read = async (path: string): Promise<Pixels> => {
    try {
      return await pixelsOf(opened, path, seconds);
    } catch (cause) {
      if (restarted) throw new PicturesError(`${path}: ${LABEL}: ${(cause as Error).message}.`, { cause });
      restarted = true;
      await opened.end();
      opened = await start();
      return read(path);
    }
  };
  return { name: `canvas, Chromium ${opened.version}`, read, close: () => opened.end() };
}

async function startPage(
  folder: string,
  seconds: number,
  modules: PageModules | undefined,
  open: typeof openPage,
): Promise<OpenPage> {
  const { importMap, folders } = servePageModules(LABEL, modules);
  const opened = await open(LABEL, { "page.html": pageWith(importMap) }, { ...folders, model: { folder } });
  const failure = await answer<string>(opened, "begin()", seconds).catch((error: Error) => error.message);
  if (!failure) return opened;
  await opened.end();
  throw new UnavailableError(LABEL, failure);
}

/** @throws Error when the page is gone, or does not answer in time. */
async function pixelsOf(opened: OpenPage, path: string, seconds: number): Promise<Pixels> {
  const place = opened.server.offer(await readFile(path));
  const refusal = await answer<{ code: string; message: string } | null>(
    opened,
    `pixelsOf(${JSON.stringify(place)})`,
    seconds,
  );
  if (refusal) return { refused: refusal.code, message: refusal.message };
  return { pixels: opened.server.take(place) };
}

async function answer<T>({ page, gone }: OpenPage, call: string, seconds: number): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`the page did not answer within ${seconds} s`)), seconds * 1000);
  });
  return Promise.race([page.evaluate(call) as Promise<T>, gone, late]).finally(() => clearTimeout(timer));
}

const pageWith = (importMap: string): string => `<!doctype html>
<title>onnx-parity</title>
<script type="importmap">${importMap}</script>
<script>
  const here = (path) => new URL(path, location.href).href;
  let model;
  globalThis.begin = async () => {
    try {
      const { load } = await import("@glyphcast/runtime-web");
      model = await load(here("./model"), { device: "wasm", wasmPaths: here("./ort/") });
      return "";
    } catch (error) {
      return String(error?.message ?? error) || "unknown error";
    }
  };
  globalThis.pixelsOf = async (path) => {
    const place = here("." + path);
    try {
      const pixels = await model.pixels(await (await fetch(place)).blob());
      await fetch(place, { method: "POST", body: pixels });
      return null;
    } catch (error) {
      return { code: error?.code ?? "UNKNOWN", message: String(error?.message ?? error) };
    }
  };
</script>
`;
