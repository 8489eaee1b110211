import { type ModelFolder, ModelNotFoundError, messageOf } from "@glyphcast/runtime";

/** The files of a version folder on a web server. */
export function folderAt(url: string | URL, signal: AbortSignal | undefined): ModelFolder {
  const base = absolute(url);
  const open = async (file: string): Promise<Response> => {
    const at = new URL(base);
    at.pathname += `/${file}`;
    const init = signal === undefined ? {} : { signal };
    const response = await fetch(at, init).catch((cause: unknown) => {
      signal?.throwIfAborted();
      throw new ModelNotFoundError(at.href, `the server cannot be reached (${messageOf(cause)})`, REMEDY, { cause });
    });
    if (!response.ok)
      throw new ModelNotFoundError(
        at.href,
        `the server answered ${response.status} ${response.statusText}`.trim(),
        REMEDY,
      );
    return response;
  };
  return {
    where: base.href,
    readText: async (file) => (await open(file)).text(),
    async readBytes(file, total, onProgress) {
      const { body } = await open(file);
      const chunks: Uint8Array<ArrayBuffer>[] = [];
      let loaded = 0;
      onProgress({ file, loaded, total });
      for (const reader = body!.getReader(); ; ) {
        const { done, value } = await reader.read();
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
