import { UnavailableError } from "../errors.ts";
import { type OpenPage, openPage } from "./open-page.ts";
import type { Reply, Request } from "./protocol.ts";
import { makeRunner } from "./runner.ts";
import type { Channel } from "./target.ts";
import { makeWire } from "./wire.ts";

/** A page with onnxruntime-web in a worker. */
export async function startBrowserPage(name: string, provider: string, threads: number): Promise<Channel> {
  const opened = await openPage(name, { "page.html": PAGE, "worker.js": workerCode(provider, threads) });
  const { send, begin } = channelOver(opened);
  const failure = await begin().catch((error: Error) => error.message);
  if (failure === undefined) return { send, end: opened.end };
  await opened.end();
  throw new UnavailableError(name, failure);
}

function channelOver({ page, server, version, gone }: OpenPage) {
  const wire = makeWire();
  const toWorker = (message: string): Promise<string | undefined> =>
    Promise.race([page.evaluate(`toWorker(${JSON.stringify(message)})`) as Promise<string | undefined>, gone]);
  return {
    /** Starts the worker; gives what went wrong. */
    begin: () => toWorker(`begin ${version}`),
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
