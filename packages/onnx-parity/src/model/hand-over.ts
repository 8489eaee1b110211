import { resolve } from "node:path";
import type { Request } from "../target/protocol.ts";
import { RUNTIMES, type RuntimeSpec } from "../target/runtimes.ts";
import { type ModelFile, readExternal } from "./model-file.ts";

/**
 * A model as a runtime takes it. One that holds all its data goes as bytes; of others, native runtimes read the files
 * themselves, and WebAssembly is handed what is in them.
 */
export async function handOver(
  model: ModelFile,
  { runtime }: RuntimeSpec,
): Promise<Pick<Request & { kind: "open" }, "model" | "external">> {
  if (model.external.length === 0 || model.path === undefined) return { model: model.bytes };
  const { place, provider } = RUNTIMES[runtime];
  if (place === "node" && provider !== "wasm") return { model: resolve(model.path) };
  const external = [...(await readExternal(model))].map(([path, data]) => ({ path, data }));
  return { model: model.bytes, external };
}
