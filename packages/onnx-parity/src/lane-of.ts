import { UsageError } from "./errors.ts";
import { type Answering, Lane, type LaneOptions } from "./lane.ts";
import { type ModelFile, modelFrom } from "./model/model-file.ts";
import type { RuntimeSpec } from "./target/runtimes.ts";
import { TfjsLane } from "./tfjs/tfjs-lane.ts";

/**
 * A model on a runtime. own: what that runtime has instead, which TF.js always does.
 * @throws UsageError when TF.js has no model.json, or has several threads.
 */
export async function laneOf(
  spec: RuntimeSpec,
  model: ModelFile,
  own: Uint8Array | string | undefined,
  options: LaneOptions,
): Promise<Answering> {
  if (spec.runtime !== "tfjs") return new Lane(spec, own === undefined ? model : await modelFrom(own), options);
  if (typeof own !== "string")
    throw new UsageError("tfjs runs the model that the .onnx was converted from: --tfjs model.json names it.");
  return new TfjsLane(spec, model, own, options.seconds);
}
