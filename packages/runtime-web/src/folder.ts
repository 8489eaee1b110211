import { type ModelFolder, ModelNotFoundError, messageOf } from "@glyphcast/runtime";

/** The files of a version folder on a web server. */
export function folderAt(url: string | URL, signal: AbortSignal | undefined): ModelFolder {
  const base = absolute(url);
  const urlOf = (file: string): URL => {
    const url = new URL(base);
    url.pathname += `/${file}`;
    return url;
  };
  const failed = (url: URL, why: string, cause?: unknown) => {
    signal?.throwIfAborted();
    return new ModelNotFoundError(url.href, why, REMEDY, { cause });
  };
  const open = async (url: URL): Promise<Response> => {
    const response = await fetch(url, { signal: signal ?? null }).catch((cause: unknown) => {
      throw failed(url, `the server cannot be reached (${messageOf(cause)})`, cause);
    });
    if (!response.ok) throw failed(url, `the server answered ${response.status} ${response.statusText}`.trim());
    return response;
  };
  return {
    where: base.href,
    readText: async (file) => (await open(urlOf(file))).text(),
    async readBytes(file, total, onProgress) {
      const url = urlOf(file);
      const reader = (await open(url)).body!.getReader();
      const chunks: Uint8Array<ArrayBuffer>[] = [];
      let loaded = 0;
      onProgress({ file, loaded, total });
      for (;;) {
        const { done, value } = await reader.read().catch((cause: unknown) => {
          throw failed(url, `the download broke off after ${loaded} bytes (${messageOf(cause)})`, cause);
        });
        if (done) return new Uint8Array(await new Blob(chunks).arrayBuffer());
        chunks.push(value);
        loaded += value.length;
        onProgress({ file, loaded, total });
      }
    },
    async sha256(bytes) {
      const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes as Uint8Array<ArrayBuffer>));
      return Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("");
    },
  };
}

const REMEDY = "Give the URL of the folder that holds manifest.json and model.onnx, such as /models/digits/1.";

/** Relative to the page, or to the script in a worker; without the slash at its end. */
function absolute(url: string | URL): URL {
  const base = new URL(url, globalThis.document?.baseURI ?? globalThis.location.href);
  base.pathname = base.pathname.replace(/\/+$/, "");
  return base;
}
