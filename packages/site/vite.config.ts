import { fileURLToPath } from "node:url";
import { defineConfig, type UserConfig } from "vite";

const inRepository = (path: string): string => fileURLToPath(new URL(`../../${path}`, import.meta.url));

/** WASM threads need SharedArrayBuffer, which pages only get when cross-origin isolated. Without, one thread runs. */
const isolation = { "Cross-Origin-Opener-Policy": "same-origin", "Cross-Origin-Embedder-Policy": "require-corp" };

const config: UserConfig = defineConfig({
  root: fileURLToPath(new URL(".", import.meta.url)),
  // The built page can be put into any folder of any site.
  base: "./",
  // A file that is missing is a 404, not this page once more.
  appType: "mpa",
  // Served at the root in development, and copied into the build: digits/1/manifest.json and model.onnx.
  publicDir: inRepository("models"),
  server: { headers: isolation },
  preview: { headers: isolation },
  // For this repository only: the packages' sources instead of what is built of them.
  resolve: { alias: [{ find: /^@glyphcast\/([^/]+)$/, replacement: `${inRepository("packages")}/$1/src/index.ts` }] },
});

export default config;
