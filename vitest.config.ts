import { fileURLToPath } from "node:url";
import { playwright } from "@vitest/browser-playwright";
import { defineConfig } from "vitest/config";
import { chromiumFlags, findChromium } from "./scripts/chromium.mjs";
import { nodeAnswers } from "./test/parity/commands.ts";

/** Tests read the sources, so none of them can pass on a stale build. */
const sources = [
  {
    find: /^@glyphcast\/([^/]+)$/,
    replacement: `${fileURLToPath(new URL("./packages", import.meta.url))}/$1/src/index.ts`,
  },
];

const browser = findChromium();

export default defineConfig({
  test: {
    projects: [
      {
        resolve: { alias: sources },
        test: {
          name: "node",
          include: ["packages/*/src/**/*.test.ts", "test/**/*.test.ts"],
          exclude: ["**/*.browser.test.ts"],
          setupFiles: ["test/setup.ts", "test/seed.ts"],
          testTimeout: 60_000,
          hookTimeout: 60_000,
          pool: "forks",
          // Workers and child processes started by what is tested run the sources too.
          execArgv: ["--import", new URL("./test/typescript.mjs", import.meta.url).href],
        },
      },
      {
        resolve: { alias: sources },
        // onnxruntime-web finds its .wasm beside its module, which pre-bundling would move.
        optimizeDeps: { exclude: ["onnxruntime-web"] },
        server: {
          // WASM threads need SharedArrayBuffer, which pages only get when cross-origin isolated.
          headers: { "Cross-Origin-Opener-Policy": "same-origin", "Cross-Origin-Embedder-Policy": "require-corp" },
        },
        test: {
          name: "browser",
          include: ["packages/*/src/**/*.browser.test.ts", "test/**/*.browser.test.ts"],
          setupFiles: ["test/setup.ts"],
          testTimeout: 180_000,
          hookTimeout: 60_000,
          browser: {
            enabled: true,
            headless: true,
            screenshotFailures: false,
            provider: playwright({
              launchOptions: { args: chromiumFlags, ...(browser === undefined ? {} : { executablePath: browser }) },
            }),
            instances: [{ browser: "chromium" }],
            commands: { nodeAnswers },
          },
        },
      },
    ],
  },
});
