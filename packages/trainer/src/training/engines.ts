import type { CreateEngine } from "./engine.ts";

/** What `--engine` knows. */
export type EngineName = "onnxruntime" | "tfjs";

/**
 * Each engine is loaded when it is asked for. `force` lets TF.js train in plain JavaScript.
 *
 * @throws EngineMissingError
 */
export const engines: Readonly<Record<EngineName, (options: { force: boolean }) => Promise<CreateEngine>>> = {
  async onnxruntime() {
    return (await import("./onnxruntime-engine.ts")).createOnnxruntimeEngine;
  },
  async tfjs({ force }) {
    const { openTfjsBackend } = await import("./tfjs-backend.ts");
    const { tfjsEngine } = await import("./tfjs-engine.ts");
    return tfjsEngine(await openTfjsBackend({ force }));
  },
};
