import type { Json } from "./config.ts";
import { FetchError, TfjsError, WeightError } from "./errors.ts";
import { parseModelJson } from "./model-json.ts";
import type { Weights } from "./stored-weight.ts";
import { joined, readWeights } from "./weights.ts";

export interface UrlOptions {
  /** The global one by default; another may add headers. */
  readonly fetch?: typeof globalThis.fetch;
  readonly signal?: AbortSignal;
  /** Sees what arrives, model.json first, then the shards in order. */
  readonly onBytes?: (part: Uint8Array) => void;
}

export interface LoadedModel {
  readonly modelJson: Json;
  readonly weights: Weights;
}

/** A model.json is text; of the published ones the largest has 3 MB. */
const MAX_JSON = 2 ** 28;

/** A server that is silent for so long has forgotten the request. */
const PATIENCE = 60_000;

export const isUrl = (source: string): boolean => /^https?:\/\//i.test(source);

/**
 * Reads a model.json from a server, and the shards that it lists from the folder that it is in. As in TF.js, the query
 * of the model's URL goes for the shards as well.
 * @throws FetchError, NotAModelError, WeightError, WeightPathError
 */
export async function modelFromUrl(url: string, options: UrlOptions = {}): Promise<LoadedModel> {
  const { onBytes = () => {} } = options;
  const bytes = await download(url, MAX_JSON, options);
  onBytes(bytes);
  const modelJson = parseModelJson(bytes, url);
  const weights = await readWeights(modelJson.weightsManifest, async (shard, atMost) => {
    const part = await download(shardUrl(url, shard), atMost, options);
    onBytes(part);
    return part;
  });
  return { modelJson, weights };
}

/** Encoded, `%2e%2e` stays the name that it is and cannot lead out of the folder. */
export function shardUrl(model: string, shard: string): string {
  const { origin, pathname, search } = new URL(model);
  const folder = pathname.slice(0, pathname.lastIndexOf("/") + 1);
  return `${origin}${folder}${shard.split("/").map(encodeURIComponent).join("/")}${search}`;
}

/** @param atMost bytes; a server that sends more is not listened to any longer */
async function download(
  url: string,
  atMost: number,
  { fetch = globalThis.fetch, signal }: UrlOptions,
): Promise<Uint8Array> {
  const silence = new AbortController();
  let timer: ReturnType<typeof setTimeout> | undefined;
  const wait = (): void => {
    clearTimeout(timer);
    timer = setTimeout(() => silence.abort(new Error(`no answer for ${PATIENCE / 1000} s`)), PATIENCE);
  };
  try {
    wait();
    const response = await fetch(url, { signal: signal ? AbortSignal.any([signal, silence.signal]) : silence.signal });
    if (!response.ok) throw new Error(`the server answers ${response.status} ${response.statusText}`.trimEnd());
    const parts: Uint8Array[] = [];
    let size = 0;
    for (const reader = response.body!.getReader(); ; wait()) {
      const { done, value } = await reader.read();
      if (done) return joined(parts);
      parts.push(value);
      size += value.length;
      if (size > atMost) {
        await reader.cancel();
        throw new WeightError(url, `"${url}" sends more than the ${atMost} bytes that the weights need.`);
      }
    }
  } catch (cause) {
    throw cause instanceof TfjsError ? cause : new FetchError(url, cause);
  } finally {
    clearTimeout(timer);
  }
}
