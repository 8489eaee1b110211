import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { load } from "@glyphcast/runtime-node";
import { chromium } from "playwright-core";
import { createServer } from "vite";
import { chromiumFlags, findChromium } from "../chromium.mjs";

const FOLDER = "test/fixtures/pictures";
const MODEL = "models/digits/1";

/**
 * What the model sees of each picture file, decoded and placed in Node and in a browser.
 *
 * @typedef {{ file: string, node: Uint8Array, differing: number, most: number }} Picture `differing` of 784 bytes are
 *   not the same in the browser, by at most `most`.
 *
 * @param {string} root
 * @returns {Promise<Picture[]>}
 */
export async function pictureFiles(root) {
  const index = /** @type {{ file: string }[]} */ (
    JSON.parse(await readFile(join(root, FOLDER, "index.json"), "utf8"))
  );
  const files = index.map(({ file }) => file);
  const inBrowser = await pixelsInBrowser(root, files);
  const model = await load(join(root, MODEL), { device: "cpu" });
  const pictures = [];
  for (const [i, file] of files.entries()) {
    const node = await model.pixels(join(root, FOLDER, file));
    const gaps = Array.from(node, (byte, at) => Math.abs(byte - /** @type {number} */ (inBrowser[i]?.[at])));
    pictures.push({ file, node, differing: gaps.filter((gap) => gap !== 0).length, most: Math.max(...gaps) });
  }
  await model.dispose();
  return pictures;
}

/**
 * @param {string} root
 * @param {readonly string[]} files
 * @returns {Promise<number[][]>}
 */
async function pixelsInBrowser(root, files) {
  const server = await createServer({
    ...{ root, configFile: false, logLevel: "error", appType: "mpa", optimizeDeps: { noDiscovery: true } },
    resolve: { alias: [{ find: /^@glyphcast\/([^/]+)$/, replacement: `${root}packages/$1/src/index.ts` }] },
    server: {
      host: "127.0.0.1",
      hmr: false,
      headers: { "Cross-Origin-Opener-Policy": "same-origin", "Cross-Origin-Embedder-Policy": "require-corp" },
    },
  });
  await server.listen();
  const executablePath = findChromium();
  const browser = await chromium.launch({ args: chromiumFlags, ...(executablePath && { executablePath }) });
  try {
    const page = await browser.newPage();
    // Any address of the server's will do.
    await page.goto(`${server.resolvedUrls?.local[0]}${FOLDER}/index.json`);
    return await page.evaluate(
      `(async () => {
        const { load } = await import("/packages/runtime-web/src/index.ts");
        const model = await load("/${MODEL}", { device: "wasm" });
        const pixels = [];
        for (const file of ${JSON.stringify(files)})
          pixels.push([...(await model.pixels(await (await fetch("/${FOLDER}/" + file)).blob()))]);
        return pixels;
      })()`,
    );
  } finally {
    await browser.close();
    await server.close();
  }
}
