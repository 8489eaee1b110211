import { existsSync } from "node:fs";
import { createRequire } from "node:module";

/** Where Chromium, Chrome and Edge are usually installed. */
export const USUAL_PLACES = [
  "/usr/bin/chromium",
  "/usr/bin/chromium-browser",
  "/usr/bin/google-chrome",
  "/usr/bin/google-chrome-stable",
  "/usr/bin/microsoft-edge",
  "/snap/bin/chromium",
  "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
  "/Applications/Chromium.app/Contents/MacOS/Chromium",
  "/Applications/Microsoft Edge.app/Contents/MacOS/Microsoft Edge",
  "C:\\Program Files\\Google\\Chrome\\Application\\chrome.exe",
  "C:\\Program Files (x86)\\Microsoft\\Edge\\Application\\msedge.exe",
];

/**
 * The Chromium-family browsers that are installed, best first: `CHROME_PATH`, the usual places, playwright's download.
 *
 * @returns {Generator<string, undefined>}
 */
export function* installedChromiums() {
  for (const path of [process.env.CHROME_PATH, ...USUAL_PLACES]) {
    if (path && existsSync(path)) yield path;
  }
  // Last and only if needed: loading playwright takes a third of a second.
  const downloaded = createRequire(import.meta.url)("playwright-core").chromium.executablePath();
  if (existsSync(downloaded)) yield downloaded;
}

/**
 * The path of the first of them, or undefined where there is none.
 *
 * @returns {string | undefined}
 */
export const findChromium = () => installedChromiums().next().value;

/**
 * What tests start Chromium with: WebGPU on the CPU through SwiftShader, nothing that reaches the network, and no
 * sandbox where the user is root (Chromium refuses to start otherwise).
 *
 * @type {string[]}
 */
export const chromiumFlags = [
  "--enable-unsafe-webgpu",
  "--use-webgpu-adapter=swiftshader",
  "--enable-features=Vulkan",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
  "--disable-quic",
  "--no-first-run",
  ...(process.getuid?.() === 0 ? ["--no-sandbox"] : []),
];
