import { randomUUID } from "node:crypto";
import { readFile } from "node:fs/promises";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { createRequire } from "node:module";
import type { AddressInfo } from "node:net";
import { dirname, join } from "node:path";
import { buffer } from "node:stream/consumers";

/** Serves one page's files to it, and carries messages, which are too large for a debugger's protocol. */
export interface PageServer {
  readonly address: string;
  /** Puts a message where the page fetches it, and returns its path. */
  offer(bytes: Uint8Array): string;
  /** What the page posted to that path. */
  take(path: string): Uint8Array<ArrayBuffer>;
  close(): Promise<void>;
}

/** A folder whose files the page may fetch. */
export interface ServedFolder {
  readonly folder: string;
  /** What a file of it holds, if that is not what is to be sent. */
  readonly read?: (path: string) => Promise<string>;
}

const TYPES: Readonly<Record<string, string>> = {
  html: "text/html",
  js: "text/javascript",
  mjs: "text/javascript",
  // Sources, which whoever serves them has made JavaScript of.
  ts: "text/javascript",
  json: "application/json",
  wasm: "application/wasm",
};

/** files: the text of each file of the page, by name. folders: by theirs; `ort` holds onnxruntime-web's. */
export async function startPageServer(
  files: Readonly<Record<string, string>>,
  folders: Readonly<Record<string, ServedFolder>> = {},
): Promise<PageServer> {
  const ort = { folder: dirname(createRequire(import.meta.url).resolve("onnxruntime-web/wasm")) };
  const served: Readonly<Record<string, ServedFolder>> = { ...folders, ort };
  // Other pages of this machine can reach the port, and cannot guess this.
  const secret = `/${randomUUID()}`;
  const offered = new Map<string, Uint8Array>();
  const posted = new Map<string, Uint8Array<ArrayBuffer>>();

  async function contentOf(path: string): Promise<Uint8Array | string | undefined> {
    const name = path.slice(1);
    if (Object.hasOwn(files, name)) return files[name];
    const [, first = "", ...rest] = path.split("/");
    if (!Object.hasOwn(served, first)) return offered.get(path);
    const { folder, read = readFile } = served[first]!;
    // A URL has no "..", and what is written as %2e stays that here.
    return read(join(folder, ...rest)).catch(() => undefined);
  }

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { pathname } = new URL(request.url ?? "/", "http://page");
    // WebAssembly's threads need shared memory, which only cross-origin isolated pages get.
    response.setHeader("Cross-Origin-Opener-Policy", "same-origin");
    response.setHeader("Cross-Origin-Embedder-Policy", "require-corp");
    const path = pathname.startsWith(secret) ? pathname.slice(secret.length) : undefined;
    if (path !== undefined && request.method === "POST") {
      posted.set(path, new Uint8Array(await buffer(request)));
      response.end();
      return;
    }
    const content = path === undefined ? undefined : await contentOf(path);
    response.statusCode = content === undefined ? 404 : 200;
    response.setHeader("Content-Type", TYPES[/\.(\w+)$/.exec(path ?? "")?.[1] ?? ""] ?? "application/octet-stream");
    response.end(content);
  }

  const server = createServer((request, response) => {
    answer(request, response).catch(() => response.destroy());
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(0, "127.0.0.1", resolve);
  });
  const { port } = server.address() as AddressInfo;
  let count = 0;
  return {
    address: `http://127.0.0.1:${port}${secret}`,
    offer(bytes) {
      const path = `/message/${count++}`;
      offered.set(path, bytes);
      return path;
    },
    take(path) {
      const bytes = posted.get(path);
      offered.delete(path);
      posted.delete(path);
      if (!bytes) throw new Error("bug: the page posted nothing");
      return bytes;
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
