import { existsSync } from "node:fs";
import process from "node:process";

/** Where Chromium, Chrome and Edge are usually installed. */
const USUAL_PLACES = [
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
 * The path of an installed Chromium-family browser, or undefined where there is none.
 * `CHROME_PATH` comes first.
 *
 * @returns {string | undefined}
 */
export const findChromium = () => [process.env.CHROME_PATH, ...USUAL_PLACES].find((path) => path && existsSync(path));

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
