import type { Browser, Page } from "playwright-core";
import { UnavailableError } from "../errors.ts";
import { chromiumFlags, findChromium } from "./chromium.ts";
import { startPageServer } from "./page-server.ts";
import type { Reply, Request } from "./protocol.ts";
import { makeRunner } from "./runner.ts";
import type { Channel } from "./target.ts";
import { makeWire } from "./wire.ts";

/** A page with onnxruntime-web in a worker, in a Chromium of its own: what brings one down leaves the others alone. */
export async function startBrowserPage(name: string, provider: string, threads: number): Promise<Channel> {
  const { chromium } = await import("playwright-core");
  const executablePath = findChromium(() => chromium.executablePath());
  if (executablePath === undefined)
    throw new UnavailableError(name, "no Chromium, Chrome or Edge was found. Install one, or name it in CHROME_PATH.");
  const server = await startPageServer({ "page.html": PAGE, "worker.js": workerCode(provider, threads) });
  let browser: Browser | undefined;
  const end = async (): Promise<void> => {
    await Promise.all([browser?.close().catch(() => {}), server.close()]);
  };
  try {
    browser = await chromium.launch({ executablePath, args: chromiumFlags() });
    const page = await browser.newPage();
    const channel = channelOver(browser, page, server);
    await page.goto(`${server.address}/page.html`);
    const failure = await channel.begin(browser.version());
    if (failure !== undefined) throw new UnavailableError(name, failure);
    return { send: channel.send, end };
  } catch (cause) {
    await end();
    if (cause instanceof UnavailableError) throw cause;
    const [first] = (cause as Error).message.split("\n");
    throw new UnavailableError(name, `${executablePath} does not start: ${first}`, { cause });
  }
}

function channelOver(browser: Browser, page: Page, server: Awaited<ReturnType<typeof startPageServer>>) {
  const wire = makeWire();
  const gone = new Promise<never>((_, reject) => {
    browser.once("disconnected", () => reject(new Error("the browser ended")));
    page.once("crash", () => reject(new Error("the page crashed")));
  });
  gone.catch(() => {});
  const toWorker = (message: string): Promise<string | undefined> =>
    Promise.race([page.evaluate(`toWorker(${JSON.stringify(message)})`) as Promise<string | undefined>, gone]);
  return {
    /** Starts the worker; gives what went wrong. */
    begin: (version: string) => toWorker(`begin ${version}`),
    async send(request: Request): Promise<Reply<Request["kind"]>> {
      const path = server.offer(wire.pack(request));
      const failure = await toWorker(path);
      if (failure !== undefined) throw new Error(failure);
      return wire.unpack(server.take(path)) as Reply<Request["kind"]>;
    },
  };
}

/** A page that only passes messages on: what blocks or spins does so in the worker. */
const PAGE = `<!doctype html>
<title>onnx-parity</title>
<script>
  const worker = new Worker("worker.js", { type: "module" });
  let failed = new Promise((resolve) => {
    worker.onerror = (event) => resolve(event.message ?? "the worker did not start");
  });
  globalThis.toWorker = (message) => {
    const answer = new Promise((resolve) => { worker.onmessage = ({ data }) => resolve(data ?? undefined); });
    worker.postMessage(message);
    return Promise.race([answer, failed]);
  };
</script>
`;

const workerCode = (provider: string, threads: number): string => `
const ready = import("./ort/ort.${provider}.min.mjs");
const wire = (${makeWire})();
const makeRunner = ${makeRunner};
let runner;

async function begin(version) {
  const ort = await ready;
  const base = new URL("./ort/", location.href).href;
  ort.env.wasm.wasmPaths = base;
  ort.env.wasm.numThreads = ${threads};
  const environment = {
    library: "onnxruntime-web " + ort.env.versions.web,
    runtime: "Chromium " + version,
    threads: crossOriginIsolated ? ${threads} : 1,
    provider: "${provider}",
  };
  if ("${provider}" === "webgpu") {
    const adapter = await navigator.gpu?.requestAdapter();
    if (!adapter) return "the browser has no WebGPU adapter.";
    const { vendor, architecture, description } = adapter.info;
    environment.adapter = [vendor, architecture, description].filter(Boolean).join(" ");
  }
  runner = makeRunner(ort, { provider: "${provider}", threads: ${threads}, environment });
}

async function answer(path) {
  const url = new URL("." + path, location.href);
  const request = wire.unpack(new Uint8Array(await (await fetch(url)).arrayBuffer()));
  await fetch(url, { method: "POST", body: wire.pack(await runner.handle(request)) });
}

onmessage = async ({ data }) => {
  try {
    postMessage(await (data.startsWith("begin ") ? begin(data.slice(6)) : answer(data)));
  } catch (error) {
    postMessage(String(error?.message ?? error) || "unknown error");
  }
};
`;
