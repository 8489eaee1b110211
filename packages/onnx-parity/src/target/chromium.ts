import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import process from "node:process";

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

/** `CHROME_PATH`, which then has to be there, the usual places, or what playwright downloaded. */
export function findChromium(downloaded: () => string, env: NodeJS.ProcessEnv = process.env): string | undefined {
  if (env.CHROME_PATH) return existsSync(env.CHROME_PATH) ? env.CHROME_PATH : undefined;
  return [...USUAL_PLACES, downloaded()].find((path) => existsSync(path));
}

/** WebGPU by SwiftShader, which runs on the CPU and is the same everywhere, and nothing that reaches the network. */
export const chromiumFlags = (): string[] => [
  "--enable-unsafe-webgpu",
  "--use-webgpu-adapter=swiftshader",
  "--enable-features=Vulkan",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
  "--disable-quic",
  "--no-first-run",
  // Chromium does not start as root otherwise.
  ...(process.getuid?.() === 0 ? ["--no-sandbox"] : []),
];

/** SwiftShader's Vulkan driver, which comes with Chromium: beside its binary, or where Linux packages put that. */
export const findSwiftShader = (downloaded: () => string): string | undefined =>
  ["/usr/lib/chromium", "/opt/google/chrome", dirname(downloaded())]
    .map((folder) => join(folder, "libvk_swiftshader.so"))
    .find((path) => existsSync(path));
